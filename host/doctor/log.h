/* SPDX-License-Identifier: MIT */
/* log.h - between the parts that read logs: the stream of lines, Kconfig's paragraphs, the course of each boot. */
#ifndef HOST_DOCTOR_LOG_H
#define HOST_DOCTOR_LOG_H

#include "doctor.h"
#include "matcher.h"

#define LOG_LINE_MAX 4096
#define LOG_BOOTS_MAX 64     /* the last ones of an input are kept */

extern const struct matcher_row log_rows[];
extern const size_t log_row_count;

struct log_reader {
	struct doctor *doctor;
	const struct doctor_input *input;
	unsigned line;                        /* number of the line in hand */
	char held[LOG_LINE_MAX];              /* a line that is not complete yet */
	size_t held_bytes;
	char tail[160];                       /* end of the line before, to join what a terminal broke */
	size_t tail_bytes;
	unsigned boots;                       /* seen in this input */
	struct boot *boot;                    /* the current one; NULL before the first */
	bool after_jump, in_mcuboot;
	char paragraph[1600];                 /* a warning of Kconfig that runs over lines */
	size_t paragraph_bytes;
	unsigned paragraph_line, paragraph_lines;
};

/* A match of the current line goes into the course of the boot. */
void log_boot_match(struct log_reader *reader, const struct match *match, const char *line, size_t length);
/* The line, whether it matched or not. */
void log_boot_line(struct log_reader *reader, const char *line, size_t length);
void log_kconfig_line(struct log_reader *reader, const char *line, size_t length);
void log_kconfig_end(struct log_reader *reader);

#endif
