/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_groups.h>

enum hf_reason smp_os_echo(void *ctx, struct smp_call *call)
{
	struct smp_field field = { .key = "d", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);

	(void)ctx;
	if (reason != HF_OK)
		return reason;
	smp_put_text(call->reply, "r");
	smp_put_text_n(call->reply, field.found ? field.is.span.data : (const uint8_t *)"", field.found ? field.is.span.size_bytes : 0u);
	return HF_OK;
}

/* Old clients switch the console's echo off before they begin; there is no echo here, so there is nothing to switch. */
enum hf_reason smp_os_console_echo(void *ctx, struct smp_call *call)
{
	(void)ctx;
	(void)call;
	return HF_OK;
}

enum hf_reason smp_os_reset(void *ctx, struct smp_call *call)
{
	struct smp_os *os = ctx;
	struct smp_field fields[] = { { .key = "force", .type = SMP_TYPE_ANY }, { .key = "boot_mode", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_map_read(&call->body, fields, HF_ARRAY_COUNT(fields));
	uint32_t boot_mode;
	bool force = false;

	if (reason != HF_OK)
		return reason;
	if (fields[0].found) {
		/* The documents say number, Zephyr reads a bool: true and 1 both mean force. */
		struct smp_item item;

		reason = smp_item_next(&fields[0].is.inner, &item);
		if (reason != HF_OK)
			return reason;
		force = (item.kind == SMP_KIND_BOOL || item.kind == SMP_KIND_UINT) && item.value != 0u;
	}
	boot_mode = fields[1].found ? fields[1].is.u32 : 0u;
	if (os->reset_ask != NULL) {
		reason = os->reset_ask(os->reset_ctx, force, boot_mode);
		if (reason != HF_OK)
			return reason;
	}
	os->boot_mode = boot_mode;
	os->reset_wanted = true;
	return HF_OK;
}

enum hf_reason smp_os_params(void *ctx, struct smp_call *call)
{
	const struct smp_os *os = ctx;

	smp_put_key_uint(call->reply, "buf_size", os->buf_size);
	smp_put_key_uint(call->reply, "buf_count", os->buf_count);
	return HF_OK;
}

#define INFO_LETTERS "snrvbmpio"
#define INFO_COUNT 9u

static const char *info_text(const struct smp_os_info *info, uint32_t index)
{
	const char *const texts[INFO_COUNT] = { info->kernel, info->node, info->release, info->version, info->built, info->machine,
						info->processor, info->hardware, info->system };

	return texts[index];
}

/* Bit i: letter i is wanted. */
static enum hf_reason info_wanted(const struct smp_os_info *info, const struct smp_span *format, uint32_t *wanted_out)
{
	uint32_t wanted = 0;

	for (uint32_t i = 0; i < format->size_bytes; i++) {
		uint32_t index = 0;

		if (format->data[i] == 'a') {
			for (uint32_t k = 0; k < INFO_COUNT; k++)
				wanted |= info_text(info, k) != NULL ? 1u << k : 0u;
			continue;
		}
		while (index < INFO_COUNT && (uint8_t)INFO_LETTERS[index] != format->data[i])
			index++;
		if (index == INFO_COUNT || info_text(info, index) == NULL)
			return HF_R_SMP_OS_FORMAT;
		wanted |= 1u << index;
	}
	*wanted_out = wanted;
	return HF_OK;
}

static void put_info(struct smp_writer *writer, const struct smp_os_info *info, uint32_t wanted)
{
	uint32_t total = 0, count = 0;

	for (uint32_t i = 0; i < INFO_COUNT; i++) {
		if ((wanted >> i & 1u) == 0u)
			continue;
		total += (uint32_t)strlen(info_text(info, i));
		count++;
	}
	smp_put_text_begin(writer, total + (count != 0u ? count - 1u : 0u));
	for (uint32_t i = 0; i < INFO_COUNT; i++) {
		if ((wanted >> i & 1u) == 0u)
			continue;
		smp_put_piece(writer, info_text(info, i), (uint32_t)strlen(info_text(info, i)));
		count--;
		if (count != 0u)
			smp_put_piece(writer, " ", 1);
	}
}

enum hf_reason smp_os_info(void *ctx, struct smp_call *call)
{
	const struct smp_os *os = ctx;
	struct smp_field field = { .key = "format", .type = SMP_TYPE_TEXT };
	struct smp_span format = { .data = (const uint8_t *)"s", .size_bytes = 1 };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	uint32_t wanted = 0;

	if (reason != HF_OK)
		return reason;
	if (field.found && field.is.span.size_bytes != 0u)
		format = field.is.span;
	reason = info_wanted(&os->info, &format, &wanted);
	if (reason != HF_OK)
		return reason;
	smp_put_text(call->reply, "output");
	put_info(call->reply, &os->info, wanted);
	return HF_OK;
}

enum hf_reason smp_os_bootloader(void *ctx, struct smp_call *call)
{
	const struct smp_os *os = ctx;
	struct smp_field field = { .key = "query", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);

	if (reason != HF_OK)
		return reason;
	if (!field.found) {
		smp_put_key_text(call->reply, "bootloader", os->bootloader);
		return HF_OK;
	}
	if (!smp_span_is(&field.is.span, "mode"))
		return HF_R_SMP_OS_QUERY;
	smp_put_key_int(call->reply, "mode", os->bootloader_mode);
	if (os->no_downgrade)
		smp_put_key_bool(call->reply, "no-downgrade", true);
	return HF_OK;
}
