/* SPDX-License-Identifier: MIT */
/* known.h - what is the same for all of a program's areas, boots and images, asked through functions.
 *
 * Why      A loader has one kind of flash, one crypto library, mostly one mode. The functions that say so are chosen when linking: the
 *          program's own, which return constants (firmware/), or core's known.c, which returns what was given. Link-time optimisation then
 *          leaves out of a loader what its chip, key or mode can't need, a sixth of its code, and no line of core differs between
 *          the chip and the explorer. Nowhere does #if.
 * Rule     What is returned is equal to what was given: the program sees to that where it fills in the structs.
 */
#ifndef HOLDFAST_KNOWN_H
#define HOLDFAST_KNOWN_H

struct hf_flash;
struct hf_mode;
struct hf_rules;
struct hf_boot_config;

/* Everything but ctx and size_bytes is right for this area. */
const struct hf_flash *hf_known(const struct hf_flash *flash);
const struct hf_mode *hf_known_mode(const struct hf_mode *mode);
/* crypto, allow_unsigned, full_key, refused_forms and feed are right for these rules. */
const struct hf_rules *hf_known_rules(const struct hf_rules *rules);
/* feed, installed and trace.event are right for this boot. */
const struct hf_boot_config *hf_known_boot(const struct hf_boot_config *config);

#endif
