/* SPDX-License-Identifier: MIT */
#include <holdfast/report.h>

enum { CRC_OFF = HF_REPORT_BYTES - 4, WORDS = 5 };

static void put_words(uint8_t *bytes, const uint32_t words[WORDS])
{
	for (uint32_t i = 0; i < WORDS; i++)
		hf_put32le(bytes + 4 * i, words[i]);
}

void hf_report_encode(const struct hf_report *report, uint8_t bytes[HF_REPORT_BYTES])
{
	memset(bytes, 0, HF_REPORT_BYTES);
	hf_put32le(bytes, HF_REPORT_MAGIC);
	hf_put16le(bytes + 4, HF_REPORT_BYTES);
	bytes[6] = (uint8_t)report->cause;
	bytes[7] = (uint8_t)((report->on_trial ? 1u : 0u) | (report->resumed ? 2u : 0u));
	hf_put16le(bytes + 8, (uint16_t)report->refusal.reason);
	hf_put16le(bytes + 10, (uint16_t)report->stop_reason);
	const uint32_t words[] = { report->refusal.where_off, report->refusal.expected, report->refusal.found, report->steps_done,
				   report->loader_version };
	const uint32_t layout[] = { report->size_max, report->primary_addr, report->primary_bytes, report->secondary_addr,
				    report->secondary_bytes };
	put_words(bytes + 12, words);
	bytes[32] = report->mcuboot_mode;
	bytes[33] = report->mode_id;
	bytes[34] = report->align;
	put_words(bytes + 36, layout);
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
	report->size_max = hf_get32le(bytes + 36);
	report->primary_addr = hf_get32le(bytes + 40);
	report->primary_bytes = hf_get32le(bytes + 44);
	report->secondary_addr = hf_get32le(bytes + 48);
	report->secondary_bytes = hf_get32le(bytes + 52);
	return HF_OK;
}
