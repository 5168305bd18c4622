/* SPDX-License-Identifier: MIT */
#include "report_config.h"

#include <holdfast/mode.h>
#include <openssl/evp.h>
#include <stdio.h>

const struct policy_name policy_names[] = {
	{ "no-downgrade", HF_POLICY_NO_DOWNGRADE, "an update must not have a lower version" },
	{ "counter", HF_POLICY_COUNTER, "an update must not have a lower security counter" },
	{ "bootstrap", HF_POLICY_BOOTSTRAP, "install a verified image from the update slot if there is none to run" },
	{ "debug-open", HF_POLICY_DEBUG_OPEN, "keep the debug port open (development)" },
	{ "quiet", HF_POLICY_QUIET, "no log on the serial line" },
};
const size_t policy_name_count = HF_ARRAY_COUNT(policy_names);

static void report_area(struct report *report, const char *key, const char *label, uint32_t addr, uint32_t size_bytes)
{
	char text[64];
	(void)snprintf(text, sizeof text, "0x%x to 0x%x (%u KB)", (unsigned)addr, (unsigned)(addr + size_bytes), (unsigned)(size_bytes / 1024));
	report_group(report, key, NULL);
	report_addr(report, "addr", NULL, addr);
	report_number(report, "size_bytes", NULL, size_bytes);
	report_end(report);
	report_row(report, "%-20s %s", label, text);
}

static void report_policy(uint32_t policy, struct report *report)
{
	char text[128] = "none";
	size_t at = 0;
	for (size_t i = 0; i < policy_name_count; i++) {
		if ((policy & policy_names[i].bit) != 0)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at > 0 ? " " : "", policy_names[i].name);
	}
	report_text(report, "policy", "policy", text);
}

static void report_keys(const struct hf_config *config, struct report *report)
{
	static const char *const kinds[] = { [HF_KEY_NONE] = "none", [HF_KEY_P256] = "ecdsa-p256", [HF_KEY_ED25519] = "ed25519",
					     [HF_KEY_RSA] = "rsa", [HF_KEY_P384] = "ecdsa-p384" };
	report_list(report, "keys", NULL);
	for (uint32_t i = 0; i < config->key_count; i++) {
		uint8_t hash[32];
		const struct hf_key *key = &config->keys[i];
		const char *kind = (size_t)key->kind < HF_ARRAY_COUNT(kinds) ? kinds[key->kind] : "unknown";
		int done = EVP_Digest(key->der, key->size_bytes, hash, NULL, EVP_sha256(), NULL);
		hf_assert(done == 1);
		report_item(report, NULL);
		report_text(report, "type", NULL, kind);
		report_bytes(report, "hash_sha256", NULL, hash, sizeof hash);
		report_end(report);
		report->depth--;
		report_row(report, "%-20s %s, hash %02x%02x%02x%02x%02x%02x%02x%02x..", "key", kind, hash[0], hash[1], hash[2], hash[3],
			   hash[4], hash[5], hash[6], hash[7]);
		report->depth++;
	}
	report_end(report);
}

void report_config(const struct hf_config *config, struct report *report)
{
	report_text(report, "board", "board", config->board);
	report_text(report, "layout", "layout", config->layout);
	report_area(report, "loader", "bootloader", config->loader_addr, config->loader_bytes);
	report_area(report, "primary", "primary slot", config->primary_addr, config->primary_bytes);
	report_area(report, "secondary", "secondary slot", config->secondary_addr, config->secondary_bytes);
	report_size(report, "size_max", "largest image",
		    hf_mode_swap.size_max(config->primary_bytes, config->secondary_bytes, config->sector_bytes, config->align));
	report_addr(report, "header_bytes", "header size", config->header_bytes);
	report_number(report, "align", "alignment", config->align);
	report_number(report, "baud", "baud", config->baud);
	report_policy(config->policy, report);
	report_keys(config, report);
}
