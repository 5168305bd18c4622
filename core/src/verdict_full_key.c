/* SPDX-License-Identifier: MIT */
/* verdict_full_key.c - keys named in full. A loader whose keys are inside does not link this file. */
#include "judge.h"

enum hf_reason hf_full_key(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	if (tlv->size_bytes > judge->work_bytes) {
		return HF_OK;
	}
	judge->current_key = HF_NO_KEY;
	const enum hf_reason reason = hf_judge_read(judge, tlv->data_off, judge->work, tlv->size_bytes);
	if (reason != HF_OK) {
		return reason;
	}
	for (uint32_t i = 0; i < judge->rules->key_count; i++) {
		const struct hf_key *key = &judge->rules->keys[i];
		if (key->size_bytes == tlv->size_bytes && memcmp(key->der, judge->work, key->size_bytes) == 0) {
			hf_judge_key_found(judge, i, HF_HASH_NONE);
			return HF_OK;
		}
	}
	return HF_OK;
}
