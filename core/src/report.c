/* SPDX-License-Identifier: MIT */
#include <holdfast/report.h>

enum { CRC_OFF = HF_REPORT_BYTES - 4 };

/* A cause that changes or confirms what runs begins a new count. */
uint8_t hf_report_resets(const uint8_t previous[HF_REPORT_BYTES], enum hf_boot_cause cause)
{
	if ((cause != HF_CAUSE_NORMAL && cause != HF_CAUSE_REFUSED) || hf_get32le(previous) != HF_REPORT_MAGIC ||
	    hf_get32le(previous + CRC_OFF) != hf_crc32(0, previous, CRC_OFF))
		return 0;
	return previous[35] == UINT8_MAX ? UINT8_MAX : (uint8_t)(previous[35] + 1u);
}

void hf_report_encode(const struct hf_report *r, uint8_t bytes[HF_REPORT_BYTES])
{
	const uint32_t flags = (r->on_trial ? 1u : 0u) | (r->resumed ? 2u : 0u);
	const uint32_t words[] = {
		HF_REPORT_MAGIC,
		HF_REPORT_BYTES | (uint32_t)r->cause << 16 | flags << 24,
		(uint32_t)r->refusal.reason | (uint32_t)r->stop_reason << 16,
		r->refusal.where_off, r->refusal.expected, r->refusal.found, r->steps_done, r->loader_version,
		r->mcuboot_mode | (uint32_t)r->mode_id << 8 | (uint32_t)r->align << 16 | (uint32_t)r->resets << 24,
		r->size_max, r->primary_addr, r->primary_bytes, r->secondary_addr, r->secondary_bytes, r->other_version,
	};
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(words); i++)
		hf_put32le(bytes + 4 * i, words[i]);
	hf_put32le(bytes + CRC_OFF, hf_crc32(0, bytes, CRC_OFF));
}

enum hf_reason hf_report_decode(const uint8_t bytes[HF_REPORT_BYTES], struct hf_report *report)
{
	if (hf_get32le(bytes) != HF_REPORT_MAGIC || hf_get16le(bytes + 4) != HF_REPORT_BYTES ||
	    hf_get32le(bytes + CRC_OFF) != hf_crc32(0, bytes, CRC_OFF))
		return HF_R_REPORT_ABSENT;
	report->cause = (enum hf_boot_cause)bytes[6];
	report->on_trial = (bytes[7] & 1u) != 0;
	report->resumed = (bytes[7] & 2u) != 0;
	report->refusal.reason = (enum hf_reason)hf_get16le(bytes + 8);
	report->stop_reason = (enum hf_reason)hf_get16le(bytes + 10);
	report->refusal.where_off = hf_get32le(bytes + 12);
	report->refusal.expected = hf_get32le(bytes + 16);
	report->refusal.found = hf_get32le(bytes + 20);
	report->steps_done = hf_get32le(bytes + 24);
	report->loader_version = hf_get32le(bytes + 28);
	report->mcuboot_mode = bytes[32];
	report->mode_id = bytes[33];
	report->align = bytes[34];
	report->resets = bytes[35];
	report->other_version = hf_get32le(bytes + 56);
	report->size_max = hf_get32le(bytes + 36);
	report->primary_addr = hf_get32le(bytes + 40);
	report->primary_bytes = hf_get32le(bytes + 44);
	report->secondary_addr = hf_get32le(bytes + 48);
	report->secondary_bytes = hf_get32le(bytes + 52);
	return HF_OK;
}
