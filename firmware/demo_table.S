/* SPDX-License-Identifier: MIT */
/* What makes the demo's versions differ in content and size: DEMO_WORDS words of a linear congruential sequence that starts with
 * the version. It lies in front of the code, so that the code moves, too. Constants: Numerical Recipes, 2nd ed., 7.1. */
	.section .demo_table, "a", %progbits
	.global demo_table
	.global demo_table_end
	.balign 4
demo_table:
	.set word, DEMO_SEED
	.rept DEMO_WORDS
	.set word, (word * 1664525 + 1013904223) & 0xffffffff
	.word word
	.endr
demo_table_end:
