/* SPDX-License-Identifier: MIT */
/* Every parser of the doctor: the input is classified by its content and read by the reader of that kind, then the rules run over what it
 * found. The first byte chooses a name, so that parsers which depend on one are reached. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <doctor/doctor.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "boot.log", "pm_static.yml", "app.overlay", "prj.conf", "build/zephyr/.config", "m.hex", "z.uf2", "d.bin", "k.pem",
		"tree.txt", "main.c", "west.yml", "sysbuild/mcuboot.conf", "list.txt", "build/mcuboot/zephyr/zephyr.bin" };
	if (size < 2 || size > 65536)
		return 0;
	struct bytes text = { 0 };
	bytes_add(&text, data + 1, size - 1);
	static struct matcher *matcher; /* always the same, and slow to make */
	struct doctor doctor = { .matcher = matcher };
	doctor_take_text(&doctor, names[data[0] % (sizeof names / sizeof names[0])], &text);
	doctor_conclude(&doctor);
	for (size_t i = 0; i < doctor.findings.count; i++) {
		if (doctor.findings.at[i]->evidence_count == 0)
			abort(); /* a finding without evidence is a guess */
	}
	matcher = doctor.matcher;
	doctor.matcher = NULL;
	doctor_free(&doctor);
	bytes_free(&text);
	return 0;
}
