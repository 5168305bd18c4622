/* SPDX-License-Identifier: MIT */
/* demo_device.h - a device without a board: the SMP server of the library on a flash in memory or a file, and the bootloader's own
 * decision at each reset.
 *
 * Why      `holdfast serve`, and the tests of this tool and of other people's clients: they meet the code that boards run.
 * Shapes   Flash: primary slot, then update slot, in one block; a file of that size is the flash itself (mapped), so that it
 *          outlives the program, and a killed program is a power cut.
 * Order    demo_device_start, demo_device_add_app, demo_device_put_app if it is to start with one, demo_device_boot; then demo_device_answer for each
 *          message; when os.reset_wanted is set: send the reply, demo_device_boot.
 * Errors   HF_R_HOST_FILE_*.
 * Limits   One update mode (swap), NOR flash without its times.
 */
#ifndef HOST_DEMO_DEVICE_H
#define HOST_DEMO_DEVICE_H

#include <holdfast/app.h>
#include <holdfast/boot.h>
#include <holdfast/report.h>
#include <holdfast/smp_groups.h>
#include <holdfast/smp_memory.h>

#include "demo_app.h"
#include "problem.h"

#define DEMO_SECTOR_BYTES 4096u
#define DEMO_PACKET_BYTES 2048u
#define DEMO_BUFFERS 4u
#define DEMO_ROWS_MAX 40u
#define DEMO_REMEMBERED 16u       /* requests that, come twice, are carried out once */
#define DEMO_REMEMBERED_MS 30000u

struct demo_device {
	uint8_t *memory;
	uint32_t slot_bytes;
	struct hf_flash slots[2];
	struct hf_app_config app;
	struct hf_report report;
	const struct hf_key *keys;
	uint32_t key_count;
	struct smp_os os;
	struct smp_image image;
	struct smp_why why;
	struct smp_server server;
	struct smp_row rows[DEMO_ROWS_MAX];
	struct smp_memory done; /* latest_only: the caller's to set before each message; resets leave it, as RAM may be left */
	struct smp_memory_entry remembered[DEMO_REMEMBERED];
	uint8_t replies[DEMO_REMEMBERED * DEMO_PACKET_BYTES];
	struct demo_app app_rows;
	bool has_app_rows;
	bool is_running;      /* the bootloader found something to start */
	uint32_t boot_count;
};

/* flash_path NULL: memory. keys stay the caller's. *is_blank: there is nothing in the primary slot. */
enum hf_reason demo_device_start(struct demo_device *device, const char *flash_path, uint32_t slot_bytes, const struct hf_key *keys,
				 uint32_t key_count, bool *is_blank, struct problem *problem) HF_MUST_USE;
void demo_device_stop(struct demo_device *device);
/* The example application's groups (demo_app.h); files in a folder, or in memory if it is NULL. */
enum hf_reason demo_device_add_app(struct demo_device *device, const char *folder, struct problem *problem) HF_MUST_USE;
/* As a programmer writes it: image into the primary slot. */
enum hf_reason demo_device_put_app(struct demo_device *device, const char *name, const uint8_t *image, size_t size_bytes,
				   struct problem *problem) HF_MUST_USE;
/* A reset, as often as the bootloader wants one. */
void demo_device_boot(struct demo_device *device);
/* As smp_server_answer; nothing is said while nothing runs. */
uint32_t demo_device_answer(struct demo_device *device, uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t *reply,
			    uint32_t reply_cap_bytes);

#endif
