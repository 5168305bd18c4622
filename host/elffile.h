/* SPDX-License-Identifier: MIT */
/* elffile.h - where the loadable segments of an ELF lie in a chip's memory.
 *
 * Why      The planner needs a program's size, the doctor the address that it is linked for and its vector table.
 * Shapes   32-bit, little-endian; addresses are those of storage (p_paddr), not of run time. Sections and symbols are not looked at.
 * Errors   false: no such file, or no segment below limit; *where_off: the field that says so. Every offset is checked before use.
 * Source   System V ABI, chapter 4 (ELF header, program header).
 */
#ifndef HOST_ELFFILE_H
#define HOST_ELFFILE_H

#include "bytes.h"

struct elf_span {
	uint32_t addr, size_bytes; /* from the first to the last byte; there may be gaps */
};

/* Of all segments with content that begin below limit; one that crosses it is an error. */
bool elffile_span(const struct bytes *file, uint32_t limit, struct elf_span *span, uint32_t *where_off);
/* The size bytes stored for addr, of a file that elffile_span took; false: no segment holds them all. */
bool elffile_bytes(const struct bytes *file, uint32_t addr, uint8_t *into, uint32_t size_bytes);

#endif
