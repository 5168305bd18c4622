/* SPDX-License-Identifier: MIT */
/* serve_ble.h - the demonstration device's Bluetooth: ble/ on an adapter of this machine.
 *
 * Order    serve_ble_open once; serve_ble_boot after each start of the device; serve_ble_work whenever fd is readable and every
 *          SERVE_BLE_TICK_MS. When the device wants a reset and serve_ble_may_reset: serve_ble_quiet, the device's boot, serve_ble_boot.
 * Errors   HF_R_HOST_HCI_*, HF_R_BLE_CONTROLLER, HF_R_BLE_CONTROLLER_SILENT. What peers do wrong never ends it.
 */
#ifndef HOST_SERVE_BLE_H
#define HOST_SERVE_BLE_H

#include <holdfast/ble.h>

#include "report.h"
#include "serve_bonds.h"

#define SERVE_BLE_TICK_MS 500
#define SERVE_BLE_LINKS 4u

struct serve_ble_wishes {
	const char *name; /* NULL: no Bluetooth */
	const char *adapter, *address;
	enum ble_policy policy;
	bool shows_passkey;
	uint16_t mtu;
};

struct serve_ble {
	int fd; /* -1: none */
	struct ble ble;
	struct ble_config config;
	struct ble_board board;
	struct ble_link links[SERVE_BLE_LINKS];
	uint8_t *memory;
	struct serve_bonds bonds;
	const char *adapter;
	char *bonds_path;
	char version[40];
	bool lingers;
	uint32_t lingers_from_ms;
	bool quiet; /* passkeys go to standard error */
};

/* "open", "encrypted", "authenticated". */
enum hf_reason serve_ble_policy(const char *text, enum ble_policy *policy, struct problem *problem) HF_MUST_USE;
/* message_bytes: of the server's longest message; messages of them may wait. flash: the bonds lie beside it, NULL: in memory. */
enum hf_reason serve_ble_open(struct serve_ble *s, const struct serve_ble_wishes *wishes, const char *flash, uint32_t message_bytes,
			      uint32_t messages, struct problem *problem) HF_MUST_USE;
/* Until the controller is ready. runs: else nothing is started, and the adapter is given back. */
enum hf_reason serve_ble_boot(struct serve_ble *s, bool runs, const char *version, struct problem *problem) HF_MUST_USE;
enum hf_reason serve_ble_work(struct serve_ble *s, struct smp_server *server, struct problem *problem) HF_MUST_USE;
/* The reply is out, and the peer had a moment to read it before the connection ends. Ask at each turn while a reset is wanted. */
bool serve_ble_may_reset(struct serve_ble *s);
/* As before a chip's reset: connections are ended, nothing is advertised. */
void serve_ble_quiet(struct serve_ble *s);
/* A signal that ends the program ends the connections first: from now on ask serve_ble_is_stopped. */
void serve_ble_guard_signals(void);
bool serve_ble_is_stopped(void);
void serve_ble_report(const struct serve_ble *s, struct report *report);
void serve_ble_close(struct serve_ble *s);

#endif
