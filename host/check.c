/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "textparse.h"

#define WORK_BYTES 65536u

enum hf_reason check_image(const struct imagefile *file, const struct boardopt *board, const struct keyfile *keys, uint32_t key_count,
			   struct hf_verdict *verdict, struct problem *problem)
{
	struct hf_key list[CHECK_KEYS_MAX];
	struct hf_rules rules = { .crypto = &hf_crypto_openssl, .keys = list, .key_count = key_count, .allow_unsigned = key_count == 0 };
	hf_assert(key_count <= CHECK_KEYS_MAX);
	for (uint32_t i = 0; i < key_count; i++)
		list[i] = keyfile_key(&keys[i]);
	boardopt_rules(board, &rules);
	uint32_t *work = host_alloc(WORK_BYTES);
	memset(verdict, 0, sizeof *verdict);
	enum hf_reason reason = hf_verdict_of(&file->place, &rules, work, WORK_BYTES, verdict);
	free(work);
	if (reason != HF_OK)
		return problem_set(problem, reason, file->path, "%s", "");
	if (verdict->token == HF_ACCEPTED)
		return HF_OK;
	(void)problem_finding(problem, file->path, &verdict->finding);
	const char *name = verdict->tlv_type != 0 ? tlv_name(verdict->tlv_type) : NULL;
	if (name != NULL)
		(void)snprintf(problem->detail, sizeof problem->detail, "TLV %s", name);
	else if (verdict->tlv_type != 0)
		(void)snprintf(problem->detail, sizeof problem->detail, "TLV 0x%04x", verdict->tlv_type);
	return verdict->finding.reason;
}
