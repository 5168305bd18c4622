/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_app.h>

static enum hf_reason answer(struct smp_call *call, enum smp_settings_code code)
{
	uint8_t v1_rc = SMP_RC_UNKNOWN;

	switch (code) {
	case SMP_SETTINGS_OK:
		return HF_OK;
	case SMP_SETTINGS_KEY_TOO_LONG:
		v1_rc = SMP_RC_INVALID;
		break;
	case SMP_SETTINGS_KEY_NOT_FOUND:
	case SMP_SETTINGS_NO_READ:
	case SMP_SETTINGS_ROOT_NOT_FOUND:
		v1_rc = SMP_RC_NO_ENTRY;
		break;
	case SMP_SETTINGS_NO_WRITE:
	case SMP_SETTINGS_NO_DELETE:
	case SMP_SETTINGS_NO_SAVE:
		v1_rc = SMP_RC_NOT_SUPPORTED;
		break;
	case SMP_SETTINGS_UNKNOWN:
		break;
	}
	return smp_call_refuse(call, SMP_GROUP_SETTINGS, (uint16_t)code, v1_rc);
}

/* fields[0] is the name, which must be there. */
static enum hf_reason named_read(const struct smp_settings *settings, struct smp_call *call, struct smp_field *fields, uint32_t count)
{
	enum hf_reason reason = smp_map_read(&call->body, fields, count);

	if (reason != HF_OK)
		return reason;
	if (!fields[0].found || fields[0].is.span.size_bytes == 0u)
		return answer(call, SMP_SETTINGS_KEY_NOT_FOUND);
	if (settings->key_max_bytes != 0u && fields[0].is.span.size_bytes > settings->key_max_bytes)
		return answer(call, SMP_SETTINGS_KEY_TOO_LONG);
	return HF_OK;
}

enum hf_reason smp_settings_get(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;
	struct smp_field fields[] = { { .key = "name", .type = SMP_TYPE_TEXT }, { .key = "max_size", .type = SMP_TYPE_U32 } };
	struct smp_span value = { .data = NULL, .size_bytes = 0 };
	enum hf_reason reason = named_read(settings, call, fields, HF_ARRAY_COUNT(fields));
	uint32_t wanted, limit = settings->value_max_bytes;

	if (reason == HF_OK)
		reason = answer(call, settings->get == NULL ? SMP_SETTINGS_NO_READ : settings->get(settings->ctx, &fields[0].is.span, &value));
	if (reason != HF_OK)
		return reason;
	wanted = fields[1].found && fields[1].is.u32 < limit ? fields[1].is.u32 : limit;
	smp_put_key_bytes(call->reply, "val", value.data, value.size_bytes < wanted ? value.size_bytes : wanted);
	if (fields[1].found && fields[1].is.u32 > limit)
		smp_put_key_uint(call->reply, "max_size", limit);
	return HF_OK;
}

enum hf_reason smp_settings_set(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;
	struct smp_field fields[] = { { .key = "name", .type = SMP_TYPE_TEXT }, { .key = "val", .type = SMP_TYPE_BYTES } };
	enum hf_reason reason = named_read(settings, call, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	if (!fields[1].found || fields[1].is.span.size_bytes > settings->value_max_bytes)
		return HF_R_SMP_CBOR_TYPE;
	return answer(call, settings->set == NULL ? SMP_SETTINGS_NO_WRITE : settings->set(settings->ctx, &fields[0].is.span, &fields[1].is.span));
}

enum hf_reason smp_settings_remove(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;
	struct smp_field field = { .key = "name", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = named_read(settings, call, &field, 1);

	if (reason != HF_OK)
		return reason;
	return answer(call, settings->remove == NULL ? SMP_SETTINGS_NO_DELETE : settings->remove(settings->ctx, &field.is.span));
}

enum hf_reason smp_settings_commit(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;

	return settings->commit == NULL ? HF_R_SMP_NOT_SUPPORTED : answer(call, settings->commit(settings->ctx));
}

enum hf_reason smp_settings_load(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;

	return settings->load == NULL ? HF_R_SMP_NOT_SUPPORTED : answer(call, settings->load(settings->ctx));
}

enum hf_reason smp_settings_save(void *ctx, struct smp_call *call)
{
	const struct smp_settings *settings = ctx;
	struct smp_field field = { .key = "name", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	struct smp_span subtree = { .data = NULL, .size_bytes = 0 };

	if (reason != HF_OK)
		return reason;
	if (field.found)
		subtree = field.is.span;
	return answer(call, settings->save == NULL ? SMP_SETTINGS_NO_SAVE : settings->save(settings->ctx, &subtree));
}
