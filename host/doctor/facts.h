/* SPDX-License-Identifier: MIT */
/* facts.h - what inputs say, one type a kind of fact; each knows its input and line. */
#ifndef HOST_DOCTOR_FACTS_H
#define HOST_DOCTOR_FACTS_H

#include "dtsource.h"
#include "imagefile.h"
#include "keyfile.h"
#include "partitions.h"

#define DOCTOR_EVIDENCE_MAX 12
#define DOCTOR_LINE_BYTES 400
#define DOCTOR_NUMBERS_MAX 4

enum severity { SEVERITY_NOTE, SEVERITY_ATTENTION, SEVERITY_FAULT };
enum certainty { CERTAINTY_LIKELY, CERTAINTY_DATA };

/* What an input is, by its content. */
enum doctor_kind {
	KIND_NONE,         /* nothing for the doctor */
	KIND_KCONFIG,      /* fragment: prj.conf, sysbuild.conf, mcuboot.conf, defconfig */
	KIND_CONFIG,       /* final .config */
	KIND_PM,
	KIND_DTS,
	KIND_LOG,          /* any text that may hold messages: boot, build, application, client, listing */
	KIND_TREE,         /* a list of file names */
	KIND_UF2_INFO,
	KIND_IMAGE,        /* begins with MCUboot's magic */
	KIND_PROGRAM,      /* begins with a Cortex-M vector table: not signed */
	KIND_HEX,
	KIND_UF2,
	KIND_ZIP,
	KIND_KEY,
	KIND_DUMP,         /* other binary */
	KIND_ELF,
	KIND_SOURCE,       /* C, CMake */
	KIND_MANIFEST      /* west.yml */
};

/* Whose file it is. */
enum doctor_who { WHO_UNKNOWN, WHO_APP, WHO_MCUBOOT, WHO_SYSBUILD, WHO_OTHER };

struct doctor_input {
	char *path;           /* as it is shown */
	char *file;           /* as it is opened; "-" is standard input */
	enum doctor_kind kind;
	enum doctor_who who;
	bool named;           /* given by the caller himself, not found in a folder */
	bool runs;            /* given as what the device runs now */
	bool says_holdfast;   /* its comments say that Holdfast's bootloader is flashed in place of MCUboot */
	bool aside;           /* of another board, variant or application than the main one: not joined with the rest */
	uint64_t size_bytes;
};

struct setting {
	const struct doctor_input *input;
	unsigned line;
	char name[96];        /* without prefix */
	char value[160];
	enum doctor_who who;
	bool is_final;        /* of a .config */
	bool is_sysbuild;     /* has the prefix SB_CONFIG_ */
	bool is_comment;      /* "# CONFIG_X=y": written but switched off */
	bool is_off;          /* "# CONFIG_X is not set" */
};

struct layout {
	const struct doctor_input *input;
	enum doctor_who who;
	struct partitions partitions;
};

struct devicetree {
	const struct doctor_input *input;
	enum doctor_who who;
	bool is_final;        /* zephyr.dts of a build */
	struct dtsource source;
};

/* A log line that a row of the message table knows. */
struct log_hit {
	const struct doctor_input *input;
	unsigned line;
	unsigned boot;        /* which boot of its input, from 1; 0: before the first */
	uint16_t pattern;
	bool about_mcuboot;   /* a build log: the bootloader's part */
	bool numbers_found[DOCTOR_NUMBERS_MAX];
	uint64_t numbers[DOCTOR_NUMBERS_MAX];
	char text[DOCTOR_LINE_BYTES];
};

/* A warning of Kconfig: what was asked for and what came of it. */
struct complaint {
	const struct doctor_input *input;
	unsigned line;
	char symbol[96], asked[96], got[64];
	char needs[200];      /* the unsatisfied dependencies, as printed */
	bool undefined;
	char text[DOCTOR_LINE_BYTES];
};

/* A function of interest that a C source calls. */
struct source_call {
	const struct doctor_input *input;
	unsigned line;
	const char *name;
	char label[24];       /* of "DT_NODELABEL": the device's */
};

enum trailer_word { WORD_UNKNOWN, WORD_GOOD, WORD_BAD, WORD_UNSET };
struct slot_state {
	unsigned line;        /* 0: not seen */
	enum trailer_word magic;
	uint8_t swap_type, copy_done, image_ok; /* as MCUboot prints them */
};

enum swap_said { SWAP_SAID_NOTHING, SWAP_SAID_NONE, SWAP_SAID_TEST, SWAP_SAID_PERM, SWAP_SAID_REVERT, SWAP_SAID_FAIL, SWAP_SAID_PANIC };

struct boot {
	const struct doctor_input *input;
	unsigned first_line, last_line, swap_line, start_line, jump_line, error_line, recovery_line, app_line;
	struct slot_state primary, secondary, scratch;
	enum swap_said swap;
	bool began;           /* "Starting bootloader" was seen */
	bool swap_began;      /* "Starting swap using .." or "Image .. upgrade secondary slot" */
	bool after_swap;      /* anything of the bootloader after the swap line */
	bool has_chainload;
	uint64_t chainload;
	char text[DOCTOR_LINE_BYTES];      /* of the swap line */
	char primary_text[DOCTOR_LINE_BYTES], secondary_text[DOCTOR_LINE_BYTES];
};

/* One slot of an image list, whatever client printed it. */
struct listed {
	const struct doctor_input *input;
	unsigned line;
	unsigned listing;     /* which list of the input */
	bool has_slot, has_version, has_hash, has_flags;
	unsigned image, slot;
	char version[40];
	char hash[132];
	bool says_bootable, bootable, pending, confirmed, active, permanent;
	bool is_shell;        /* of Zephyr's shell command `mcuboot` */
	struct slot_state state;
};

/* An image, wherever it lay. */
struct found_image {
	const struct doctor_input *input;
	char name[160];
	uint32_t file_off;          /* in the input */
	bool has_addr;
	uint64_t addr;              /* of its first byte, where the input says it (hex, UF2) */
	uint32_t total_bytes;       /* header to the end of the TLVs */
	uint64_t file_bytes;
	uint32_t hdr_bytes, img_bytes, flags, load_addr;
	struct hf_version version;
	uint32_t stack, reset;
	bool has_tlvs, has_hash, has_sig, has_keyhash, has_counter, is_compressed, is_encrypted, has_trailer_magic, trailer_confirmed;
	uint16_t hash_type, sig_type;
	uint8_t hash[64], keyhash[64];
	uint32_t hash_bytes, keyhash_bytes, counter;
	bool has_public_key;        /* in full instead of its hash */
	char said_version[40], said_soc[40]; /* by the manifest of its package */
	struct bytes copy;          /* of the image alone, for the signature's check when all keys are known */
	enum hf_reason hash_reason; /* HF_OK: the digest recomputes */
	enum hf_reason broken;      /* why header or TLVs can't be read */
	uint32_t broken_off;
};

/* What a binary is that holds no image. */
struct found_program {
	const struct doctor_input *input;
	uint64_t addr;
	bool has_addr;
	uint32_t stack, reset;
	/* An ELF's: linked_addr .. linked_addr + size_bytes in the chip's memory; the table may stand behind room for a header. */
	bool is_elf, has_table;
	uint32_t linked_addr, size_bytes, table_addr;
};

struct found_key {
	const struct doctor_input *input;
	uint64_t addr;        /* in a bootloader's binary: of its first byte */
	struct keyfile key;   /* then its DER, kind and bits alone */
};

/* Ranges of a hex or UF2 file. */
struct memory_range {
	const struct doctor_input *input;
	uint64_t addr, size;
};

struct rule;

struct evidence {
	const struct doctor_input *input; /* NULL: text alone */
	unsigned line;
	char text[DOCTOR_LINE_BYTES];
};

struct finding {
	const struct rule *rule;
	enum severity severity;
	enum certainty certainty;
	char *title, *remedy;
	struct evidence evidence[DOCTOR_EVIDENCE_MAX];
	size_t evidence_count;
	bool is_consequence;  /* of another finding: told after it */
};

enum soc { SOC_UNKNOWN, SOC_NRF52840, SOC_NRF52, SOC_NRF5340, SOC_NRF91, SOC_NRF54L15, SOC_NRF54L, SOC_NRF54LM20, SOC_OTHER };
enum boot_mode { MODE_UNKNOWN, MODE_SCRATCH, MODE_MOVE, MODE_OFFSET, MODE_OVERWRITE, MODE_SINGLE, MODE_XIP, MODE_XIP_REVERT, MODE_RAM_LOAD, MODE_LOADER };

/* What the facts say together. */
struct setup {
	enum soc soc;
	const char *soc_why;
	bool soc_varies;           /* files for several chips: each layout is judged by its own */
	char board[96];
	bool is_xiao_ble, is_xiao;
	bool is_ncs, has_sysbuild, has_build;
	int zephyr_version;        /* 303 for 3.3; 0: not known */
	int ncs_version;           /* 207 for 2.7; 0: not known */
	enum boot_mode mode;       /* that the bootloader is built with, or asked for */
	const struct setting *mode_setting;
	bool compressed, external_secondary, single_slot;
};

#endif
