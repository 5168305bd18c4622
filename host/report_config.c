/* SPDX-License-Identifier: MIT */
#include "report_config.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "boardopt.h"

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

static void report_external(const struct hf_external *x, struct report *report)
{
	char text[96];
	if (x->kind == HF_EXTERNAL_NONE)
		return;
	(void)snprintf(text, sizeof text, "%s, %u KB, id %06x", x->kind == HF_EXTERNAL_QSPI ? "QSPI" : "SPI",
		       (unsigned)(x->size_bytes / 1024), (unsigned)x->jedec_id);
	report_group(report, "external_flash", NULL);
	report_text(report, "kind", NULL, x->kind == HF_EXTERNAL_QSPI ? "qspi" : "spi");
	report_number(report, "size_bytes", NULL, x->size_bytes);
	report_addr(report, "jedec_id", NULL, x->jedec_id);
	report_number(report, "sck_hz", NULL, x->sck_hz);
	report_end(report);
	report_row(report, "%-20s %s", "external flash", text);
}

static void report_recovery(const struct hf_recovery *r, struct report *report)
{
	char text[96] = "";
	size_t at = 0;
	if (r->pin != 0xff)
		at += (size_t)snprintf(text, sizeof text, "pin P%u.%02u held %s", r->pin / 32u, r->pin % 32u,
				       r->pin_active_level != 0 ? "high" : "low");
	if ((r->flags & HF_RECOVERY_DOUBLE_RESET) != 0)
		at += (size_t)snprintf(text + at, sizeof text - at, "%stwo resets", at > 0 ? ", " : "");
	if (r->window_ms != 0)
		(void)snprintf(text + at, sizeof text - at, "%s%u ms after each reset", at > 0 ? ", " : "", (unsigned)r->window_ms);
	report_text(report, "recovery", "recovery entered by", text[0] != '\0' ? text : "nothing");
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
	const struct hf_mode *mode = boardopt_mode(config->mode_id);
	report_text(report, "board", "board", config->board);
	report_text(report, "layout", "layout", config->layout);
	report_area(report, "loader", "bootloader", config->loader_addr, config->loader_bytes);
	report_area(report, "primary", "primary slot", config->primary_addr, config->primary_bytes);
	if (config->secondary_bytes != 0)
		report_area(report, "secondary", "secondary slot", config->secondary_addr, config->secondary_bytes);
	report_external(&config->external, report);
	if (mode != NULL) {
		report_text(report, "mode", "mode", mode->name);
		report_size(report, "size_max", "largest image",
			    mode->size_max(config->primary_bytes, config->secondary_bytes, config->sector_bytes, config->align));
	}
	report_addr(report, "header_bytes", "header size", config->header_bytes);
	report_number(report, "align", "alignment", config->align);
	report_number(report, "baud", "baud", config->baud);
	report_policy(config->policy, report);
	report_recovery(&config->recovery, report);
	report_keys(config, report);
}
