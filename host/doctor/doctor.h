/* SPDX-License-Identifier: MIT */
/* doctor.h - from whatever there is to findings: inputs -> facts -> rules -> findings, ranked.
 *
 * Why      A failure is explained by joining what several files say. So each input is first read into typed facts, each with its file
 *          and line; rules look at facts only and never at files; a rule is a row of rules.def (code, severity, title, remedy, source,
 *          detector) and there is one row for each failure.
 * Shapes   Codes are those of docs/doctor.md: a letter for the field, two digits. D codes are the doctor's own (a file it can't read,
 *          Kconfig's general complaints).
 * Order    doctor_take.. for each thing, doctor_conclude once, then the findings are ranked and stay until doctor_free.
 * Errors   HF_R_HOST_DOCTOR_*: only for what the caller named himself. What lies in a folder and can't be read is a finding or ignored.
 * Limits   Text files: 8 MiB but logs, which are read as a stream of any length; 512 settings files; 2000 facts of a kind.
 */
#ifndef HOST_DOCTOR_H
#define HOST_DOCTOR_H

#include "facts.h"
#include "report.h"

/* Growing lists: pointer, count, capacity. */
#define DOCTOR_LIST(type) struct { type *at; size_t count, capacity; }

struct doctor {
	DOCTOR_LIST(struct doctor_input *) inputs;
	DOCTOR_LIST(char *) tree;                    /* every file name seen, relative */
	DOCTOR_LIST(struct setting) settings;
	DOCTOR_LIST(struct layout *) layouts;
	DOCTOR_LIST(struct devicetree *) trees;
	DOCTOR_LIST(struct log_hit) hits;
	DOCTOR_LIST(struct complaint) complaints;
	DOCTOR_LIST(struct source_call) calls;
	DOCTOR_LIST(struct boot) boots;
	DOCTOR_LIST(struct listed) listed;
	DOCTOR_LIST(struct found_image) images;
	DOCTOR_LIST(struct found_program) programs;
	DOCTOR_LIST(struct found_key *) keys;
	DOCTOR_LIST(struct found_key *) compiled;    /* that a bootloader holds */
	DOCTOR_LIST(struct memory_range) ranges;
	DOCTOR_LIST(struct finding *) findings;
	const struct setting **by_name;              /* settings in the order of their names, made by doctor_set_up */
	struct matcher *matcher;                     /* over messages.def, made with the first log */
	size_t *pattern_counts;                      /* hits of each row of the message table, also those not kept */
	struct setup setup;
	struct passphrase passphrase;                /* for encrypted keys */
	bool may_ask;                                /* for the passphrase of a key that was named */
	size_t files_seen, files_read, folder_elfs;
	uint64_t log_lines;
	bool tree_is_listed;                         /* a folder or a list of names was given */
};

/* Internal flash of every chip that is known here ends below; what an ELF stores elsewhere (RAM, UICR) is not looked at. */
#define DOCTOR_FLASH_END 0x02000000u

/* Appends a zeroed element and gives its address. */
#define DOCTOR_ADD(list) ((list).at = host_grown((list).at, (list).count, &(list).capacity, sizeof *(list).at), &(list).at[(list).count++])

/* --- intake ------------------------------------------------------------------------------------------------------------------ */
enum hf_reason doctor_take(struct doctor *doctor, const char *path, struct problem *problem) HF_MUST_USE;
/* text: all of what a stream gave; name is shown. */
void doctor_take_text(struct doctor *doctor, const char *name, const struct bytes *text);
enum doctor_kind doctor_kind_of(const char *path, const uint8_t *head, size_t size_bytes);
enum doctor_who doctor_who_of(const char *path);
void doctor_free(struct doctor *doctor);

/* Readers, one a kind; they add facts and, where the input itself is broken, findings. */
void doctor_read_kconfig(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
void doctor_read_layout(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
void doctor_read_dts(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
void doctor_read_log(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
enum hf_reason doctor_read_log_file(struct doctor *doctor, struct doctor_input *input, struct problem *problem) HF_MUST_USE;
void doctor_read_listing(struct doctor *doctor, struct doctor_input *input, const char *text, size_t size_bytes);
void doctor_read_binary(struct doctor *doctor, struct doctor_input *input, const struct bytes *bytes);
void doctor_read_key(struct doctor *doctor, struct doctor_input *input, const struct bytes *pem);
/* The keys in a bootloader's code; data is at addr. */
void doctor_take_compiled_keys(struct doctor *doctor, struct doctor_input *input, const uint8_t *data, size_t size_bytes, uint64_t addr);
void doctor_read_source(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
void doctor_read_manifest(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);
void doctor_read_names(struct doctor *doctor, struct doctor_input *input, const struct bytes *text);

/* --- conclusions ------------------------------------------------------------------------------------------------------------- */
void doctor_set_up(struct doctor *doctor);
/* Sets inputs aside that don't belong to the main build. */
void doctor_scope(struct doctor *doctor);
void doctor_conclude(struct doctor *doctor);
enum severity doctor_verdict(const struct doctor *doctor);
void doctor_report(const struct doctor *doctor, struct report *report);

/* --- for rules --------------------------------------------------------------------------------------------------------------- */
struct rule {
	const char *code;
	enum severity severity;
	enum certainty certainty;
	const char *title, *remedy, *source;
	void (*detect)(struct doctor *doctor);
};
extern const struct rule doctor_rules[];
extern const size_t doctor_rule_count;

/* The finding of that code, made if it is new. */
struct finding *doctor_find(struct doctor *doctor, const char *code);
const struct finding *doctor_found(const struct doctor *doctor, const char *code);
void doctor_say(struct finding *finding, const struct doctor_input *input, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void doctor_title(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_remedy(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_grade(struct finding *finding, enum severity severity, enum certainty certainty);

/* Makes the index that the look-ups below need. */
void doctor_index(struct doctor *doctor);
/* The value that counts: the final .config's, else the last fragment's. NULL: nobody says. */
const struct setting *doctor_setting(const struct doctor *doctor, enum doctor_who who, const char *name);
bool doctor_is(const struct doctor *doctor, enum doctor_who who, const char *name, const char *value);
/* A number, or fallback. */
uint64_t doctor_setting_number(const struct doctor *doctor, enum doctor_who who, const char *name, uint64_t fallback);
void doctor_say_setting(struct finding *finding, const struct setting *setting);

/* Hits of all rows with this name (see messages.def). */
const struct log_hit *doctor_hit(const struct doctor *doctor, const char *name);
size_t doctor_hit_count(const struct doctor *doctor, const char *name);
void doctor_say_hits(struct doctor *doctor, struct finding *finding, const char *name, size_t most);

const struct source_call *doctor_call(const struct doctor *doctor, const char *name);
/* A name in the folder that ends so ("sysbuild/mcuboot/prj.conf"); NULL: none. */
const char *doctor_name_ending(const struct doctor *doctor, const char *ending);
bool doctor_mode_swaps(enum boot_mode mode);
const char *doctor_mode_name(enum boot_mode mode);
uint32_t doctor_pad_bytes(enum soc soc);
bool doctor_soc_is_54l(enum soc soc);
/* By a name of a chip or board in it. */
enum soc doctor_soc_of_words(const char *text);
/* The chip that this layout is for: by its file's name, by its addresses, else the setup's. */
enum soc doctor_layout_soc(const struct doctor *doctor, const struct layout *layout, const char **why);
/* The layout that the bootloader lives by: the one of a build if there is one. NULL: none with both or one slot. */
const struct layout *doctor_main_layout(const struct doctor *doctor);

#endif
