/* SPDX-License-Identifier: MIT */
/* smp_groups.h - the handlers that come with the library: OS, image, enumeration, and Holdfast's own.
 *
 * Why      Each handler is a function that a row names, so what a table leaves out is not linked.
 * Shapes   static struct smp_os os; static struct smp_image image;
 *          static const struct smp_row rows[] = { SMP_OS_ROWS(&os), SMP_IMAGE_ROWS(&image), ... };
 * Cut      Flash is written by core only (app.h); see there.
 * Source   zephyrproject-rtos/zephyr: doc/services/device_mgmt/smp_groups/smp_group_{0,1}.rst, subsys/mgmt/mcumgr/grp/.
 */
#ifndef HOLDFAST_SMP_GROUPS_H
#define HOLDFAST_SMP_GROUPS_H

#include <holdfast/app.h>
#include <holdfast/report.h>
#include <holdfast/smp_server.h>

/* --- OS ------------------------------------------------------------------------------------------------------------------ */

/* Answers of "info" by letter, in the order of the reply; NULL: the letter is not known here. */
struct smp_os_info {
	const char *kernel;     /* s */
	const char *node;       /* n */
	const char *release;    /* r */
	const char *version;    /* v */
	const char *built;      /* b */
	const char *machine;    /* m */
	const char *processor;  /* p */
	const char *hardware;   /* i */
	const char *system;     /* o */
};

struct smp_os {
	uint32_t buf_size;          /* largest message plus 4, when framed: the packet buffer */
	uint32_t buf_count;         /* smp_buf_count_of(): clients keep buf_count - 1 requests in flight */
	struct smp_os_info info;
	const char *bootloader;     /* "MCUboot": clients look for that word before they trust "mode" */
	int32_t bootloader_mode;    /* mcuboot_mode of the boot report; -1 unknown */
	bool no_downgrade;
	/* May refuse (HF_R_SMP_BUSY, HF_R_SMP_DENIED); NULL: always granted. Must not reset: the reply has not been sent. */
	enum hf_reason (*reset_ask)(void *ctx, bool force, uint32_t boot_mode);
	void *reset_ctx;
	/* Set by a granted reset: the caller sends the reply, waits about 250 ms, resets. */
	bool reset_wanted;
	uint32_t boot_mode;
};

enum hf_reason smp_os_echo(void *os, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_os_console_echo(void *os, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_os_reset(void *os, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_os_params(void *os, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_os_info(void *os, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_os_bootloader(void *os, struct smp_call *call) HF_MUST_USE;

#define SMP_OS_ROWS(os) \
	{ SMP_GROUP_OS, SMP_OS_ECHO, smp_os_echo, smp_os_echo, (os) }, \
	{ SMP_GROUP_OS, SMP_OS_CONSOLE_ECHO, NULL, smp_os_console_echo, (os) }, \
	{ SMP_GROUP_OS, SMP_OS_RESET, NULL, smp_os_reset, (os) }, \
	{ SMP_GROUP_OS, SMP_OS_PARAMS, smp_os_params, NULL, (os) }, \
	{ SMP_GROUP_OS, SMP_OS_INFO, smp_os_info, NULL, (os) }, \
	{ SMP_GROUP_OS, SMP_OS_BOOTLOADER, smp_os_bootloader, NULL, (os) }

/* --- image --------------------------------------------------------------------------------------------------------------- */

enum smp_session { SMP_SESSION_NONE = 0, SMP_SESSION_OPEN = 1, SMP_SESSION_DONE = 2 };

/* One upload at a time, in RAM: after a reset the client begins at 0 (a cut upload must be written anew: torn flash may read
 * right today and wrong tomorrow). A finished session stays known, so that a lost last reply does not cost a second upload. */
struct smp_image {
	const struct hf_app_config *app;
	const struct hf_crypto *crypto; /* SHA-256: the stored bytes are read back and compared with `sha`. NULL: no "match" */
	void (*feed)(void *ctx);        /* watchdog, during that read-back; may be NULL */
	void *feed_ctx;
	struct hf_upload upload;
	enum smp_session session;
	/* With more than one client (smp_server.peer): an open upload is its owner's until it has been silent for this long; till then
	 * another client's upload or erase is refused as busy. 0: until reset. */
	uint32_t lease_ms;
	uint32_t owner, heard_ms;       /* of the open upload */
	bool matched;                   /* DONE: the read-back had the hash of `sha` */
	bool match_known;
};

enum hf_reason smp_image_state_read(void *image, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_image_state_write(void *image, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_image_upload(void *image, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_image_erase(void *image, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_image_slots(void *image, struct smp_call *call) HF_MUST_USE;

#define SMP_IMAGE_ROWS(image) \
	{ SMP_GROUP_IMAGE, SMP_IMAGE_STATE, smp_image_state_read, smp_image_state_write, (image) }, \
	{ SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD, NULL, smp_image_upload, (image) }, \
	{ SMP_GROUP_IMAGE, SMP_IMAGE_ERASE, NULL, smp_image_erase, (image) }, \
	{ SMP_GROUP_IMAGE, SMP_IMAGE_SLOTS, smp_image_slots, NULL, (image) }

/* --- enumeration --------------------------------------------------------------------------------------------------------- */

/* What the server's own table holds, groups in the order in which they first appear. */
struct smp_enum {
	const struct smp_server *server;
	const char *(*name)(uint16_t group); /* for "details"; NULL, or NULL returned: no name is sent */
};

enum hf_reason smp_enum_count(void *groups, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_enum_list(void *groups, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_enum_single(void *groups, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_enum_details(void *groups, struct smp_call *call) HF_MUST_USE;

#define SMP_ENUM_ROWS(groups) \
	{ SMP_GROUP_ENUM, SMP_ENUM_COUNT, smp_enum_count, NULL, (groups) }, \
	{ SMP_GROUP_ENUM, SMP_ENUM_LIST, smp_enum_list, NULL, (groups) }, \
	{ SMP_GROUP_ENUM, SMP_ENUM_SINGLE, smp_enum_single, NULL, (groups) }
#define SMP_ENUM_DETAILS_ROWS(groups) { SMP_GROUP_ENUM, SMP_ENUM_DETAILS, smp_enum_details, NULL, (groups) }

/* --- why: the boot report and the latest refusal ------------------------------------------------------------------------- */

/* Reply: cause, trial, resumed, refusal, where, expected, found, stop, steps, loader, size_max (only if there is a report);
 * last: number of the latest refusal of this server. */
struct smp_why {
	const struct hf_report *report;   /* NULL: the loader left none */
	const struct smp_server *server;
};

/* The keys of the reply; report: NULL if there is none. */
void smp_put_why(struct smp_writer *writer, const struct hf_report *report, enum hf_reason last_refusal);
enum hf_reason smp_holdfast_why(void *why, struct smp_call *call) HF_MUST_USE;

#define SMP_HOLDFAST_ROWS(why) { SMP_GROUP_HOLDFAST, SMP_HOLDFAST_WHY, smp_holdfast_why, NULL, (why) }

/* What a delta is made for, and what fits. Reply: size_max, primary, secondary, sector, align; hash of the running image, if it has
 * one. app: struct hf_app_config. */
enum hf_reason smp_holdfast_base(void *app, struct smp_call *call) HF_MUST_USE;

#define SMP_HOLDFAST_BASE_ROWS(app) { SMP_GROUP_HOLDFAST, SMP_HOLDFAST_BASE, smp_holdfast_base, NULL, (app) }

#endif
