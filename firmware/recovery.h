/* SPDX-License-Identifier: MIT */
/* recovery.h - the ways into recovery, and recovery itself: SMP on the loader's serial line until something can be started.
 *
 * Why      A board without an application, or with one that hangs, must be reachable without a programmer.
 * Shapes   recovery.c, or recovery_none.c in loaders without it, chosen when linking (CMakeLists.txt).
 * Order    fw_recovery_asked before hf_boot_run, as a second reset may come while the first one's loader is at work; fw_recovery_run after it,
 *          so that an interrupted update is finished and an unconfirmed trial taken back before anything is uploaded.
 * Limits   Ends by a reset: asked for over SMP, or after a time without messages where waiting longer helps nobody.
 */
#ifndef FIRMWARE_RECOVERY_H
#define FIRMWARE_RECOVERY_H

#include <holdfast/config.h>
#include <holdfast/report.h>

/* For hf_boot_config.installed; always HF_OK in loaders that don't write into the primary. */
enum hf_reason fw_recovery_installed(struct hf_journal *journal) HF_MUST_USE;

/* HF_OK: nobody asked. HF_R_RECOVERY_PIN, _DOUBLE_RESET, _BOOT_MODE, _WINDOW. block: for hf_config_decode_recovery. Takes half a
 * second after a reset by the pin if the layout has double resets, and the layout's window. */
enum hf_reason fw_recovery_asked(const struct hf_config *config, const uint8_t *block) HF_MUST_USE;
void fw_recovery_run(const struct hf_config *config, const struct hf_boot_config *boot, const struct hf_boot_result *result,
		  const struct hf_report *report) __attribute__((noreturn));

#endif
