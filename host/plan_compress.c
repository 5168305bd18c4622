/* SPDX-License-Identifier: MIT */
/* How far an image compresses as Nordic's MCUboot takes it: LZMA2 behind the Arm Thumb filter, imgtool's settings (dictionary 128 KB,
 * pb 2, lp 1, lc 3). Source: mcu-tools/mcuboot scripts/imgtool/main.py. */
#include <lzma.h>
#include <stdlib.h>

#include "plan_input.h"

uint32_t plan_compressed_percent(const uint8_t *data, size_t size_bytes)
{
	lzma_options_lzma options;
	if (size_bytes == 0 || lzma_lzma_preset(&options, 9))
		return 0;
	options.dict_size = 131072;
	options.lc = 3;
	options.lp = 1;
	options.pb = 2;
	const lzma_filter filters[] = { { .id = LZMA_FILTER_ARMTHUMB, .options = NULL }, { .id = LZMA_FILTER_LZMA2, .options = &options },
					{ .id = LZMA_VLI_UNKNOWN, .options = NULL } };
	size_t room = size_bytes + size_bytes / 8 + 4096, used = 0;
	uint8_t *out = host_alloc(room);
	lzma_ret result = lzma_raw_buffer_encode(filters, NULL, data, size_bytes, out, &used, room);
	free(out);
	return result == LZMA_OK ? (uint32_t)((used * 100 + size_bytes - 1) / size_bytes) : 0;
}
