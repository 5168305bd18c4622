/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* getrandom */
#include "serve_ble.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bytes.h"
#include "device.h"
#include "hci_user.h"

enum { PACKETS_AT_ONCE = 64, LEAVE_MS = 2000, LINGER_MS = 250 /* as Zephyr's MCUMGR_GRP_OS_RESET_MS */ };
static const char *const policies[] = { [BLE_OPEN] = "open", [BLE_ENCRYPTED] = "encrypted", [BLE_AUTHENTICATED] = "authenticated" };

enum hf_reason serve_ble_policy(const char *text, enum ble_policy *policy, struct problem *problem)
{
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(policies); i++) {
		if (strcmp(text, policies[i]) == 0) {
			*policy = (enum ble_policy)i;
			return HF_OK;
		}
	}
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--policy", "open, encrypted or authenticated, not '%s'", text);
}

/* --- what a board gives -------------------------------------------------------------------------------------------------- */

static void board_random(void *ctx, uint8_t *bytes, uint32_t size_bytes)
{
	ssize_t got = getrandom(bytes, size_bytes, 0); /* at most 256 bytes come at once, and no call asks for more */

	(void)ctx;
	hf_assert(got == (ssize_t)size_bytes);
}

static void board_passkey(void *ctx, uint32_t passkey)
{
	FILE *to = ((struct serve_ble *)ctx)->quiet ? stderr : stdout;

	if (passkey != BLE_PASSKEY_NONE)
		(void)fprintf(to, "passkey %06u: type it on the other side\n", (unsigned)passkey);
	(void)fflush(to);
}

static bool board_bond_get(void *ctx, uint32_t index, struct ble_bond *bond)
{
	return serve_bonds_get(&((struct serve_ble *)ctx)->bonds, index, bond);
}

/* The bond holds until the program ends, even if the disk is full. */
static void board_bond_put(void *ctx, const struct ble_bond *bond)
{
	struct problem problem;
	enum hf_reason reason = serve_bonds_put(&((struct serve_ble *)ctx)->bonds, bond, &problem);

	if (reason != HF_OK) {
		char *line = problem_line(&problem);

		(void)fprintf(stderr, "%s\n", line);
		free(line);
	}
}

/* --- packets ------------------------------------------------------------------------------------------------------------- */

static enum hf_reason send_all(struct serve_ble *s, struct problem *problem)
{
	uint8_t packet[HCI_PACKET_BYTES];
	enum hf_reason reason = HF_OK;

	for (uint32_t size = 1; size != 0 && reason == HF_OK;) {
		size = ble_next(&s->ble, packet, sizeof packet, device_now_ms());
		if (size != 0)
			reason = hci_user_write(s->fd, packet, size, problem);
	}
	return reason;
}

static enum hf_reason failed(const struct serve_ble *s, struct problem *problem)
{
	return s->ble.state == BLE_STATE_FAILED ? problem_set(problem, s->ble.reason, s->adapter, "%s", "") : HF_OK;
}

/* The problem of a socket gets the adapter's name. */
static enum hf_reason named(const struct serve_ble *s, enum hf_reason reason, struct problem *problem)
{
	if (reason != HF_OK && problem->subject[0] == '\0')
		(void)snprintf(problem->subject, sizeof problem->subject, "%s", s->adapter);
	return reason;
}

/* server NULL: requests wait. */
static enum hf_reason work(struct serve_ble *s, struct smp_server *server, struct problem *problem)
{
	uint8_t packet[HCI_PACKET_BYTES];
	enum hf_reason reason = send_all(s, problem);

	for (uint32_t i = 0; i < PACKETS_AT_ONCE && reason == HF_OK; i++) {
		uint32_t size = 0;

		reason = hci_user_read(s->fd, packet, &size, problem);
		if (reason == HF_OK && size == 0)
			break;
		if (reason == HF_OK)
			(void)ble_packet(&s->ble, packet, size, device_now_ms());
		while (reason == HF_OK && server != NULL && ble_smp_serve(&s->ble, server, device_now_ms()))
			reason = send_all(s, problem);
		if (reason == HF_OK)
			reason = send_all(s, problem);
	}
	while (reason == HF_OK && server != NULL && ble_smp_serve(&s->ble, server, device_now_ms()))
		reason = send_all(s, problem);
	return reason == HF_OK ? failed(s, problem) : reason;
}

enum hf_reason serve_ble_work(struct serve_ble *s, struct smp_server *server, struct problem *problem)
{
	return named(s, work(s, server, problem), problem);
}

bool serve_ble_may_reset(struct serve_ble *s)
{
	if (!ble_is_idle(&s->ble))
		return false;
	if (!s->lingers)
		s->lingers_from_ms = device_now_ms();
	s->lingers = true;
	return device_now_ms() - s->lingers_from_ms >= LINGER_MS;
}

void serve_ble_quiet(struct serve_ble *s)
{
	static const uint8_t reset[] = { 0x01, 0x03, 0x0c, 0x00 }; /* HCI Reset, Vol 4 Part E 7.3.2 */
	struct problem problem;
	uint32_t from_ms = device_now_ms();
	enum hf_reason reason = HF_OK;

	s->lingers = false;
	ble_leave(&s->ble);
	while (reason == HF_OK && !ble_is_alone(&s->ble) && device_now_ms() - from_ms < LEAVE_MS) {
		struct pollfd wait = { .fd = s->fd, .events = POLLIN };

		reason = work(s, NULL, &problem);
		if (reason == HF_OK && !ble_is_alone(&s->ble))
			(void)poll(&wait, 1, LEAVE_MS / 10);
	}
	if (reason == HF_OK)
		reason = hci_user_write(s->fd, reset, sizeof reset, &problem);
	(void)reason; /* an adapter that is lost is seen at the boot */
}

/* The handler's own; all else is done in the loop. */
static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

void serve_ble_guard_signals(void)
{
	const struct sigaction action = { .sa_handler = stop };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < HF_ARRAY_COUNT(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

bool serve_ble_is_stopped(void)
{
	return stopped != 0;
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static enum hf_reason address_read(const char *text, struct ble_address *address, struct problem *problem)
{
	unsigned b[6];
	char more;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[5], &b[4], &b[3], &b[2], &b[1], &b[0], &more) != 6 || (b[5] & 0xc0u) != 0xc0u)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--address", "a static random address, like C0:00:00:00:00:01 (C0 to FF at the front)");
	for (uint32_t i = 0; i < 6; i++)
		address->bytes[i] = (uint8_t)b[i];
	address->type = 1;
	return HF_OK;
}

enum hf_reason serve_ble_open(struct serve_ble *s, const struct serve_ble_wishes *wishes, const char *flash, uint32_t message_bytes,
			      uint32_t messages, struct problem *problem)
{
	size_t name_bytes = strlen(wishes->name);
	enum hf_reason reason = HF_OK;

	if (name_bytes < 1 || name_bytes > 29)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--ble", "a name of 1 to 29 bytes");
	s->adapter = wishes->adapter;
	s->board = (struct ble_board){ .ctx = s, .random = board_random, .bond_get = board_bond_get, .bond_put = board_bond_put };
	if (wishes->shows_passkey || wishes->policy == BLE_AUTHENTICATED)
		s->board.passkey_show = board_passkey;
	s->config = (struct ble_config){
		.name = wishes->name, .manufacturer = "Holdfast", .model = "demonstration device", .firmware = s->version, .policy = wishes->policy,
		.mtu = wishes->mtu, .interval_min = 12, .interval_max = 12, .timeout = 400, .crypto = &ble_crypto_openssl, .board = &s->board,
		.links = s->links, .link_count = SERVE_BLE_LINKS, .inbox_bytes = message_bytes * messages, .outbox_bytes = message_bytes,
		.memory_bytes = SERVE_BLE_LINKS * BLE_LINK_BYTES(wishes->mtu, message_bytes * messages, message_bytes),
	};
	s->memory = host_alloc(s->config.memory_bytes);
	s->config.memory = s->memory;
	s->config.has_address = wishes->address != NULL;
	if (wishes->address != NULL)
		reason = address_read(wishes->address, &s->config.address, problem);
	if (flash != NULL)
		s->bonds_path = host_printf("%s.bonds", flash);
	if (reason == HF_OK)
		reason = serve_bonds_read(&s->bonds, s->bonds_path, problem);
	return reason == HF_OK ? hci_user_open(wishes->adapter, &s->fd, problem) : reason;
}

enum hf_reason serve_ble_boot(struct serve_ble *s, bool runs, const char *version, struct problem *problem)
{
	uint8_t lost[HCI_PACKET_BYTES];
	uint32_t size = 1;
	enum hf_reason reason = HF_OK;

	if (!runs) {
		(void)close(s->fd);
		s->fd = -1;
		return HF_OK;
	}
	(void)snprintf(s->version, sizeof s->version, "%s", version);
	while (reason == HF_OK && size != 0)
		reason = hci_user_read(s->fd, lost, &size, problem);
	if (reason == HF_OK) {
		reason = ble_start(&s->ble, &s->config, device_now_ms());
		if (reason != HF_OK)
			return problem_set(problem, reason, s->adapter, "%s", "");
	}
	/* The library gives up on a silent controller by itself. */
	while (reason == HF_OK && !(s->ble.state == BLE_STATE_RUNS && (s->ble.advertises || s->ble.advertise_blocked))) {
		struct pollfd wait = { .fd = s->fd, .events = POLLIN };

		(void)poll(&wait, 1, SERVE_BLE_TICK_MS);
		reason = work(s, NULL, problem);
	}
	return named(s, reason, problem);
}

void serve_ble_report(const struct serve_ble *s, struct report *report)
{
	char address[18];

	serve_address_print(&s->ble.address, address);
	report_row(report, "listening            ble:%s, %s on %s, policy %s", s->config.name, address, s->adapter, policies[s->config.policy]);
	report_group(report, "ble", NULL);
	report_text(report, "name", NULL, s->config.name);
	report_text(report, "address", NULL, address);
	report_text(report, "adapter", NULL, s->adapter);
	report_text(report, "policy", NULL, policies[s->config.policy]);
	report_end(report);
}

void serve_ble_close(struct serve_ble *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->memory);
	free(s->bonds_path);
}
