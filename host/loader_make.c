/* SPDX-License-Identifier: MIT */
#include "loader_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaders.h"

/* A loader holds code for one type of key. */
static enum hf_reason check_keys(const struct loader_wish *wish, struct problem *problem)
{
	const struct keyfile *keys = wish->keys;
	for (uint32_t i = 0; i < wish->key_count; i++) {
		if (keys[i].kind != HF_KEY_P256 && keys[i].kind != HF_KEY_ED25519)
			return problem_differs(problem, HF_R_HOST_KEY_TYPE, keys[i].path, "ecdsa-p256 or ed25519", keyfile_type_name(&keys[i]));
		if (keys[i].kind != keys[0].kind)
			return problem_differs(problem, HF_R_HOST_KEYS_MIXED, keys[i].path, keyfile_type_name(&keys[0]),
					       keyfile_type_name(&keys[i]));
	}
	return HF_OK;
}

static const char *variant_of(const struct board_layout *layout, bool wants_recovery)
{
	if (layout->secondary_bytes != 0 && hf_config_is_external(layout->secondary_addr))
		return "-ext";
	if (layout->mode_id == HF_MODE_ID_SINGLE)
		return "-single";
	if (layout->mode_id == HF_MODE_ID_OVERWRITE)
		return "-overwrite";
	return wants_recovery ? "-recovery" : "";
}

static enum hf_reason find_loader(const struct loader_wish *wish, const struct loader **loader, struct problem *problem)
{
	const struct boardopt *b = &wish->board;
	const bool wants_recovery = wish->recovery != NULL || b->layout->recovery != 0;
	const char *variant = variant_of(b->layout, wants_recovery);
	if (wants_recovery && wish->keys[0].kind == HF_KEY_ED25519 && strcmp(variant, "-ext") == 0)
		return problem_set(problem, HF_R_HOST_LOADER_NO_RECOVERY, wish->keys[0].path, "%s %s, ed25519", b->board->name, b->layout->name);
	char *name = host_printf("loader-%s-0x%x-%s%s.bin", b->board->chip, (unsigned)b->layout->loader_addr,
				 wish->keys[0].kind == HF_KEY_ED25519 ? "ed25519" : "p256", variant);
	enum hf_reason reason = problem_set(problem, HF_R_HOST_LOADER_MISSING, name, "%zu others are carried", loader_count);
	for (size_t i = 0; i < loader_count; i++) {
		if (strcmp(loaders[i].name, name) == 0) {
			*loader = &loaders[i];
			reason = HF_OK;
		}
	}
	free(name);
	return reason;
}

static struct hf_external external_of(const struct board *board, const struct board_layout *layout)
{
	const struct board_external *b = &board->external;
	return (struct hf_external){
		.kind = b->kind, .instance = b->instance, .sck_pin = b->sck_pin, .cs_pin = b->cs_pin,
		.io_pins = { b->io_pins[0], b->io_pins[1], b->io_pins[2], b->io_pins[3] },
		.quad_enable = b->quad_enable, .wake_us = b->wake_us, .size_bytes = b->size_bytes,
		.erase_bytes = layout->sector_bytes != 0 ? layout->sector_bytes : b->erase_bytes,
		.jedec_id = b->jedec_id, .sck_hz = b->sck_hz,
	};
}

struct hf_recovery loader_recovery_of(const struct board *board)
{
	const struct board_recover *r = &board->recover;
	return (struct hf_recovery){ r->pin, r->pin_active_level, r->window_ms, r->double_reset != 0 ? HF_RECOVERY_DOUBLE_RESET : 0 };
}

static void config_make(const struct loader_wish *wish, struct hf_config *config)
{
	const struct board *board = wish->board.board;
	const struct board_layout *layout = wish->board.layout;
	*config = (struct hf_config){
		.mode_id = layout->mode_id, .align = (uint8_t)board->align, .header_bytes = (uint16_t)board->header_bytes,
		.policy = wish->policy,
		.loader_addr = layout->loader_addr, .loader_bytes = layout->loader_bytes,
		.primary_addr = layout->primary_addr, .primary_bytes = layout->primary_bytes,
		.secondary_addr = layout->secondary_addr, .secondary_bytes = layout->secondary_bytes,
		.sector_bytes = board_sector_bytes(board, layout),
		.uart_tx_pin = board->uart_tx_pin, .uart_rx_pin = board->uart_rx_pin, .uart_instance = board->uart_instance,
		.led_pin = board->led_pin, .led_active_level = board->led_active_level, .baud = board->baud,
		.key_count = wish->key_count, .external = external_of(board, layout),
		.recovery = { .pin = 0xff },
	};
	if (wish->recovery != NULL)
		config->recovery = *wish->recovery;
	else if (layout->recovery != 0)
		config->recovery = loader_recovery_of(board);
	(void)snprintf(config->board, sizeof config->board, "%s", board->name);
	(void)snprintf(config->layout, sizeof config->layout, "%s", layout->name);
	for (uint32_t i = 0; i < wish->key_count; i++)
		config->keys[i] = keyfile_key(&wish->keys[i]);
}

/* The place of the block must be blank, or the binary is not what it seems. */
static enum hf_reason fill_in(const struct loader *loader, const struct hf_config *config, struct bytes *out, struct problem *problem)
{
	uint8_t block[HF_CONFIG_BYTES];
	size_t have = loader->size_bytes > HF_CONFIG_OFF ? loader->size_bytes - HF_CONFIG_OFF : 0;
	if (loader->size_bytes == 0 || have > HF_CONFIG_BYTES || (have > 0 && !hf_is_filled(loader->data + HF_CONFIG_OFF, have, 0xff)))
		return problem_set(problem, HF_R_HOST_LOADER_BROKEN, loader->name, "%zu bytes; its configuration block is not blank",
				   loader->size_bytes);
	enum hf_reason reason = hf_config_encode(config, block);
	if (reason != HF_OK)
		return problem_set(problem, reason, config->layout, "%s", "");
	bytes_add(out, loader->data, loader->size_bytes - have);
	bytes_fill(out, 0xff, HF_CONFIG_OFF - out->size);
	bytes_add(out, block, sizeof block);
	return HF_OK;
}

enum hf_reason loader_make(const struct loader_wish *wish, struct hf_config *config, struct bytes *binary, const char **made_from,
			   struct problem *problem)
{
	const struct loader *loader = NULL;
	hf_assert(wish->key_count >= 1 && wish->key_count <= HF_CONFIG_KEYS_MAX && wish->board.board != NULL);
	enum hf_reason reason = check_keys(wish, problem);
	if (reason == HF_OK)
		reason = find_loader(wish, &loader, problem);
	if (reason != HF_OK)
		return reason;
	config_make(wish, config);
	*made_from = loader->name;
	return fill_in(loader, config, binary, problem);
}
