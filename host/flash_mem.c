/* SPDX-License-Identifier: MIT */
#include "flash_mem.h"

/* The context is the memory itself; hf_flash_read has checked the span. It is only read, but the core's context is not const. */
static enum hf_reason mem_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	memcpy(into, (const uint8_t *)ctx + off, size_bytes);
	return HF_OK;
}

static enum hf_reason mem_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	(void)ctx;
	(void)off;
	(void)from;
	(void)size_bytes;
	return HF_R_FLASH_WRITE;
}

static enum hf_reason mem_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	(void)ctx;
	(void)off;
	(void)size_bytes;
	return HF_R_FLASH_ERASE;
}

static enum hf_reason mem_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

struct hf_flash flash_mem_over(const uint8_t *data, uint32_t size_bytes, uint8_t erased_byte)
{
	union {
		const void *in;
		void *out;
	} context = { .in = data };
	return (struct hf_flash){ .ctx = context.out, .size_bytes = size_bytes, .sector_bytes = 1, .write_unit_bytes = 1,
				  .erased_byte = erased_byte, .needs_erase = true, .read = mem_read, .write = mem_write,
				  .erase = mem_erase, .sync = mem_sync };
}
