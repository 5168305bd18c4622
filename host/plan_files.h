/* SPDX-License-Identifier: MIT */
/* plan_files.h - the files of a chosen option, as text.
 *
 * Why      Each setting belongs in one file and is silently ignored in every other (docs/plan.md); each line says why it is there.
 * Shapes   Names are relative to the project folder. Settings are rows of plan_lines.c; what each needs is a row of plan_symbols.c,
 *          checked against the SDKs' public Kconfig files.
 * Order    plan_files_make, then plan_write (plan_write.h) or look at them; plan_files_free.
 */
#ifndef HOST_PLAN_FILES_H
#define HOST_PLAN_FILES_H

#include "bytes.h"
#include "plan.h"

enum plan_file { PLAN_FILE_SYSBUILD, PLAN_FILE_MCUBOOT, PLAN_FILE_APP, PLAN_FILE_CONFS };

/* What a line asks for; all bits of a row must hold. */
enum plan_when {
	PLAN_IF_NCS = 0x1, PLAN_IF_PM = 0x2, PLAN_IF_NO_PM = 0x4, PLAN_IF_NRF54L = 0x8, PLAN_IF_NRF54L15 = 0x10, PLAN_IF_EXTERNAL = 0x20,
	PLAN_IF_QSPI = 0x40, PLAN_IF_SPI = 0x80, PLAN_IF_RECOVERY = 0x100, PLAN_IF_USB = 0x200, PLAN_IF_UART = 0x400, PLAN_IF_NO_BUTTON = 0x800,
	PLAN_IF_COMPRESSED = 0x1000, PLAN_IF_BLE = 0x2000, PLAN_IF_WIRE = 0x4000, PLAN_IF_UPLOADS = 0x8000, PLAN_IF_TWO_SLOTS = 0x10000,
	PLAN_IF_HOLDFAST = 0x20000, PLAN_IF_MCUBOOT = 0x40000, PLAN_IF_SECTORS_AUTO = 0x80000, PLAN_IF_XIP = 0x100000,
	PLAN_IF_COMBINED = 0x200000
};

struct plan_line {
	enum plan_file file;
	uint32_t when;
	const char *symbol;  /* with its prefix; "%s" is the mode's or the signature's word */
	const char *value;   /* "%u": the number of sectors or the pad */
	const char *why;
};
extern const struct plan_line plan_lines[];
extern const size_t plan_line_count;

/* Facts of a symbol: which file reads it, from which version on, what must be set with it (words: A B !C, all must hold). */
struct plan_symbol {
	const char *name;
	enum plan_file file;
	uint16_t since_ncs, since_zephyr, until_zephyr; /* 0: never; until 0: still there */
	const char *needs;
	const char *source;
};
extern const struct plan_symbol plan_symbols[];
extern const size_t plan_symbol_count;
const struct plan_symbol *plan_symbol_find(const char *name, enum plan_file file);

struct plan_text {
	char *name;          /* "sysbuild/mcuboot.conf" */
	struct bytes text;
	bool is_conf;        /* lines of it may be merged into a file that is there */
};

#define PLAN_FILES_MAX 8
struct plan_files {
	struct plan_text list[PLAN_FILES_MAX];
	size_t count;
	uint32_t when;       /* the conditions that hold */
};

enum plan_form { PLAN_FORM_AUTO, PLAN_FORM_DEVICETREE, PLAN_FORM_PM };

/* sdk must be set. form: which of the two the SDK is told to use; both may be written. */
void plan_files_make(const struct plan_choice *choice, const struct plan_option *option, enum plan_form form, struct plan_files *files);
void plan_files_free(struct plan_files *files);

#endif
