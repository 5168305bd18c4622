/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* mkdtemp, setenv */
#include "cuts_rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACT_INSTRUCTIONS_MAX 1500000000u /* an upload of 200 KB in recovery waits for the line through 0.9 thousand million of them */

static const char *const versions[RIG_IMAGES] = { "1.0.0", "1.1.0" };

/* ---- files, by the host tool */

static bool shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool shell(const char *format, ...)
{
	char command[2048];
	va_list list;
	va_start(list, format);
	const int length = vsnprintf(command, sizeof command, format, list);
	va_end(list);
	return length > 0 && (size_t)length < sizeof command && system(command) == 0;
}

bool rig_read(const struct rig *rig, const char *name, struct rig_file *into)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", rig->folder, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return false;
	const long size = ftell(file);
	rewind(file);
	free(into->bytes);
	into->size_bytes = size > 0 ? (uint32_t)size : 0;
	into->bytes = calloc(1, into->size_bytes + 1u);
	const bool is_read = into->bytes != NULL && fread(into->bytes, 1, into->size_bytes, file) == into->size_bytes;
	(void)fclose(file);
	return is_read;
}

/* Noise that repeats: what follows the code is not looked at by it. */
static bool filler_append(const struct rig *rig, uint32_t image_index, uint32_t filler_bytes)
{
	char path[128];
	uint32_t x = 0x9e3779b9u + image_index;
	(void)snprintf(path, sizeof path, "%s/payload.bin", rig->folder);
	FILE *file = fopen(path, "ab");
	if (file == NULL)
		return false;
	for (uint32_t i = 0; i < filler_bytes; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		(void)fputc((int)(x >> 24), file);
	}
	return fclose(file) == 0;
}

/* One demo serves all layouts with the same primary address (firmware/CMakeLists.txt). */
static const char *demo_layout(const struct rig *rig)
{
	const struct board_layout *layout = rig->board->layouts;
	while (layout->primary_addr != rig->layout->primary_addr)
		layout++;
	return layout->name;
}

bool rig_sign(struct rig *rig, uint32_t image_index, uint32_t filler_bytes, const char *options, const char *name)
{
	const char *cli = getenv("HOLDFAST_CLI"), *firmware = getenv("HOLDFAST_LOADER_DIR"), *source = getenv("HOLDFAST_SOURCE_DIR");
	return shell("cp '%s/demo-%s-%s-%s.bin' %s/payload.bin", firmware, rig->board->name, demo_layout(rig), versions[image_index],
		     rig->folder) &&
	       filler_append(rig, image_index, filler_bytes) &&
	       shell("'%s' sign %s/payload.bin %s/%s -v %s --pad-header %s -k '%s/tests/vectors/keys/%s.pem' >%s/log 2>&1", cli, rig->folder,
		     rig->folder, name, versions[image_index], options, source, rig->key_kind, rig->folder);
}

/* What signing adds is known when it was done once. */
static bool image_make(struct rig *rig, uint32_t image_index, uint32_t image_bytes)
{
	struct rig_file *image = &rig->image[image_index];
	char options[96];
	(void)snprintf(options, sizeof options, "--board %s --layout %s%s", rig->board->name, rig->layout->name,
		       image_bytes != 0 ? " --pad-sig" : "");
	if (!rig_sign(rig, image_index, 0, options, "image.bin") || !rig_read(rig, "image.bin", image))
		return false;
	if (image_bytes == 0)
		return true;
	return image->size_bytes <= image_bytes &&
	       rig_sign(rig, image_index, image_bytes - image->size_bytes, options, "image.bin") && rig_read(rig, "image.bin", image) &&
	       image->size_bytes == image_bytes;
}

static bool files_make(struct rig *rig, uint32_t image_bytes)
{
	const char *cli = getenv("HOLDFAST_CLI"), *source = getenv("HOLDFAST_SOURCE_DIR");
	(void)snprintf(rig->folder, sizeof rig->folder, "/tmp/holdfast-cuts-XXXXXX");
	if (cli == NULL || getenv("HOLDFAST_LOADER_DIR") == NULL || source == NULL || mkdtemp(rig->folder) == NULL) {
		printf("HOLDFAST_CLI, HOLDFAST_LOADER_DIR and HOLDFAST_SOURCE_DIR must be set (ctest sets them)\n");
		rig->folder[0] = 0;
		return false;
	}
	(void)setenv("XDG_DATA_HOME", rig->folder, 1);
	bool ok = shell("'%s' bootloader --board %s --layout %s -k '%s/tests/vectors/keys/%s.pem' -o %s/loader.bin >%s/log 2>&1", cli, rig->board->name,
			rig->layout->name, source, rig->key_kind, rig->folder, rig->folder) &&
		  rig_read(rig, "loader.bin", &rig->loader);
	for (uint32_t i = 0; i < RIG_IMAGES; i++)
		ok = ok && image_make(rig, i, image_bytes);
	if (!ok)
		(void)shell("cat %s/log", rig->folder);
	return ok;
}

/* ---- what the board says */

static void host_bad(struct rig_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void host_bad(struct rig_host *host, const char *format, ...)
{
	va_list list;
	if (host->is_bad)
		return;
	va_start(list, format);
	(void)vsnprintf(host->why, sizeof host->why, format, list);
	va_end(list);
	host->is_bad = true;
}

static void take_line(struct rig *rig, const char *line)
{
	static const char banner[] = "Holdfast demo ", boot[] = "Boot: ";
	struct rig_host *host = &rig->host;
	if (rig->talks)
		printf("    %s\n", line);
	if (strncmp(line, "HF-1009", 7) == 0) /* the loader stops and tries again later: there must be no such thing */
		host_bad(host, "the loader stopped: %s", line);
	if (strncmp(line, banner, sizeof banner - 1) == 0) {
		host->runs_index = -1;
		for (int32_t i = 0; i < RIG_IMAGES; i++) {
			if (strncmp(line + sizeof banner - 1, versions[i], strlen(versions[i])) == 0)
				host->runs_index = i;
		}
	}
	if (strncmp(line, boot, sizeof boot - 1) == 0) {
		host->on_trial = strstr(line, "not confirmed yet") != NULL;
		host->is_done = host->is_done || host->act == RIG_BOOT;
		if (strstr(line, "no report") != NULL)
			host_bad(host, "the application found no report of the loader");
		if (host->act != RIG_BOOT)
			host_bad(host, "the application was started again in the middle of a dialogue");
	}
}

static void take_text(struct rig *rig, const uint8_t *text, uint32_t count)
{
	struct rig_host *host = &rig->host;
	for (uint32_t i = 0; i < count; i++) {
		if (host->log_bytes + 1u < sizeof host->log)
			host->log[host->log_bytes++] = (char)text[i];
		if (text[i] == '\r')
			continue;
		if (text[i] != '\n') {
			if (host->line_bytes + 1u < sizeof host->line)
				host->line[host->line_bytes++] = (char)text[i];
			continue;
		}
		host->line[host->line_bytes] = 0;
		host->line_bytes = 0;
		take_line(rig, host->line);
	}
}

/* ---- requests */

static uint32_t now_ms(const struct rig *rig)
{
	return (uint32_t)(vb_counters(rig->vb)->now_ns / 1000000u);
}

static void send(struct rig *rig, const uint8_t *message, uint32_t message_bytes)
{
	struct smp_tx tx;
	uint8_t line[SMP_LINE_BYTES];
	smp_tx_start(&tx, message, message_bytes);
	for (uint32_t size = smp_tx_line(&tx, line); size != 0; size = smp_tx_line(&tx, line)) {
		if (vb_feed(rig->vb, line, size) != size)
			host_bad(&rig->host, "the receive line is full");
	}
}

static void ask(struct rig *rig, enum hf_reason reason)
{
	if (reason != HF_OK)
		host_bad(&rig->host, "request not made: HF-%04u", (unsigned)reason);
	else
		send(rig, rig->host.client.request, rig->host.client.request_bytes);
}

static struct smp_ask ask_once(const struct rig *rig)
{
	return (struct smp_ask){ .now_ms = now_ms(rig), .timeout_ms = 60000, .tries = 1 };
}

static void ask_state(struct rig *rig, const struct smp_reply *reply)
{
	struct smp_image_list list;
	const struct smp_ask once = ask_once(rig);
	rig->host.phase = 1;
	if (smp_read_image_list(reply, &list) != HF_OK) {
		host_bad(&rig->host, "no image list");
		return;
	}
	for (uint32_t i = 0; i < list.count; i++) {
		const struct smp_image_entry *entry = &list.entries[i];
		if (entry->slot == 1) {
			ask(rig, smp_ask_image_state(&rig->host.client, &once, entry->hash, entry->hash_bytes, false));
			return;
		}
	}
	host_bad(&rig->host, "no image in slot 1");
}

static void take_reply(struct rig *rig, uint8_t *message, uint32_t message_bytes)
{
	struct rig_host *host = &rig->host;
	struct smp_reply reply;
	enum hf_reason reason;
	if (!smp_client_take(&host->client, message, message_bytes, &reply, &reason))
		return;
	if (reason != HF_OK || reply.refused)
		host_bad(host, "the application refused: group %u rc %u reason HF-%04u", (unsigned)reply.code.group, (unsigned)reply.code.rc,
			 (unsigned)reply.reason);
	else if (host->act == RIG_WHY && smp_read_why(&reply, &host->why_reply) != HF_OK)
		host_bad(host, "the answer to why makes no sense");
	else if (host->act == RIG_REQUEST && host->phase == 0)
		ask_state(rig, &reply);
	else
		host->is_done = true;
}

static void take(void *ctx, const uint8_t *bytes, uint32_t count)
{
	struct rig *rig = ctx;
	struct rig_host *host = &rig->host;
	for (uint32_t off = 0; off < count;) {
		struct smp_rx_event event;
		off += smp_rx_feed(&host->rx, bytes + off, count - off, &event);
		if (event.kind == SMP_RX_TEXT)
			take_text(rig, event.text, event.size_bytes);
		else if (event.kind == SMP_RX_DROPPED)
			host_bad(host, "a reply was damaged: HF-%04u", (unsigned)event.reason);
		else if (event.kind == SMP_RX_MESSAGE && host->act == RIG_UPLOAD)
			(void)smp_upload_take(&host->upload, event.message, event.size_bytes, now_ms(rig));
		else if (event.kind == SMP_RX_MESSAGE)
			take_reply(rig, event.message, event.size_bytes);
	}
}

static void upload_go_on(struct rig *rig)
{
	struct rig_host *host = &rig->host;
	uint8_t message[RIG_PACKET_BYTES];
	uint32_t message_bytes, wait_ms;
	switch (smp_upload_next(&host->upload, now_ms(rig), message, &message_bytes, &wait_ms)) {
	case SMP_UPLOAD_TODO_SEND:
		send(rig, message, message_bytes);
		break;
	case SMP_UPLOAD_TODO_WAIT:
		break;
	case SMP_UPLOAD_TODO_DONE:
		host->is_done = true;
		break;
	case SMP_UPLOAD_TODO_FAILED:
		host_bad(host, "the upload failed: HF-%04u, device HF-%04u", (unsigned)host->upload.reason, (unsigned)host->upload.device_reason);
		break;
	}
}

/* ---- acts */

static void upload_begin(struct rig *rig)
{
	struct rig_host *host = &rig->host;
	const struct rig_file *file = &rig->image[host->image_index];
	struct smp_upload_plan plan = smp_upload_plan_of(file->bytes, file->size_bytes, NULL);
	plan.message_max = RIG_PACKET_BYTES - SMP_PACKET_EXTRA_BYTES;
	plan.window_max = 1;
	const enum hf_reason reason = smp_upload_start(&host->upload, &plan, &host->client);
	if (reason != HF_OK)
		host_bad(host, "the upload was not begun: HF-%04u", (unsigned)reason);
}

void rig_begin(struct rig *rig, enum rig_act act)
{
	struct rig_host *host = &rig->host;
	const uint8_t sequence = (uint8_t)(host->client.sequence + 1u);
	host->act = act;
	host->phase = 0;
	host->is_done = host->is_bad = false;
	host->line_bytes = host->log_bytes = 0;
	host->begun_instructions = vb_counters(rig->vb)->instructions;
	smp_rx_start(&host->rx, host->packet, sizeof host->packet);
	smp_client_start(&host->client, host->request, sizeof host->request, SMP_V2, sequence);
	const struct smp_ask once = ask_once(rig);
	switch (act) {
	case RIG_BOOT:
		host->runs_index = -1;
		if (vb_is_on(rig->vb))
			vb_pin_reset(rig->vb);
		else
			vb_power_on(rig->vb);
		break;
	case RIG_UPLOAD:
		upload_begin(rig);
		break;
	case RIG_REQUEST:
		ask(rig, smp_ask_image_list(&host->client, &once));
		break;
	case RIG_CONFIRM:
		host->phase = 1;
		ask(rig, smp_ask_image_state(&host->client, &once, NULL, 0, true));
		break;
	case RIG_WHY:
		ask(rig, smp_ask_why(&host->client, &once));
		break;
	}
}

static void finding_tell(struct rig *rig)
{
	char text[400];
	const struct vb_finding *finding = vb_last_finding(rig->vb);
	if (finding == NULL)
		return;
	vb_finding_text(rig->vb, finding, text, sizeof text);
	host_bad(&rig->host, "%s", text);
}

static enum rig_result result_of(const struct rig *rig)
{
	return rig->host.is_bad ? RIG_BAD : rig->host.is_done ? RIG_DONE : RIG_GOING;
}

enum rig_result rig_step(struct rig *rig, uint64_t instructions_max)
{
	struct rig_host *host = &rig->host;
	if (host->act == RIG_UPLOAD)
		upload_go_on(rig);
	if (result_of(rig) != RIG_GOING)
		return result_of(rig);
	const enum vb_stop stop = vb_run(rig->vb, instructions_max);
	if (stop == VB_STOP_CUT)
		return RIG_CUT;
	if (stop == VB_STOP_FINDING)
		finding_tell(rig);
	else if (stop != VB_STOP_TEXT && stop != VB_STOP_INSTRUCTIONS)
		host_bad(host, "the board stopped: %s", vb_stop_name(stop));
	if (vb_counters(rig->vb)->instructions - host->begun_instructions > ACT_INSTRUCTIONS_MAX)
		host_bad(host, "no end after %u instructions", ACT_INSTRUCTIONS_MAX);
	return result_of(rig);
}

enum rig_result rig_run(struct rig *rig)
{
	enum rig_result result;
	do {
		result = rig_step(rig, 5000000);
	} while (result == RIG_GOING);
	return result;
}

void rig_power_cycle(struct rig *rig)
{
	vb_power_off(rig->vb);
}

/* ---- the board */

static bool board_of(struct rig *rig, const char *name)
{
	char board[64];
	const char *slash = strchr(name, '/');
	(void)snprintf(board, sizeof board, "%.*s", (int)(slash != NULL ? (size_t)(slash - name) : strlen(name)), name);
	rig->board = board_find(board);
	if (rig->board != NULL)
		rig->layout = slash == NULL ? &rig->board->layouts[0] : board_layout_find(rig->board, slash + 1);
	return rig->layout != NULL;
}

bool rig_open(struct rig *rig, const char *board, const char *key_kind, uint32_t image_bytes)
{
	struct vb_options options = { .strict = true, .uart_instance = -1, .ram_fill = 0xa5 };
	memset(rig, 0, sizeof *rig);
	(void)snprintf(rig->name, sizeof rig->name, "%s", board);
	if (!board_of(rig, board))
		return false;
	options.boot_addr = rig->layout->loader_addr; /* what is before it is not emulated */
	rig->key_kind = key_kind;
	if (!files_make(rig, image_bytes) || vb_create(&rig->vb, rig->board, &options) != HF_OK)
		return false;
	vb_host_set(rig->vb, &(struct vb_host){ .ctx = rig, .tx = take });
	vb_stay_off(rig->vb, true);
	vb_until(rig->vb, "\n");
	return vb_load_bytes(rig->vb, rig->layout->loader_addr, rig->loader.bytes, rig->loader.size_bytes) == HF_OK &&
	       vb_load_bytes(rig->vb, rig->layout->primary_addr, rig->image[0].bytes, rig->image[0].size_bytes) == HF_OK;
}

void rig_close(struct rig *rig)
{
	if (rig->folder[0] != 0)
		(void)shell("rm -rf %s", rig->folder);
	vb_destroy(rig->vb);
	free(rig->loader.bytes);
	for (uint32_t i = 0; i < RIG_IMAGES; i++)
		free(rig->image[i].bytes);
}

/* Checks of the image included, whatever the key. */
enum { WAKE_INSTRUCTIONS = 30000000, INTO_WINDOW_INSTRUCTIONS = 3000 };

/* The loader hears from its first line on; what an application would have to hear is lost, but its banner is not. */
void rig_wake(struct rig *rig)
{
	if (!vb_is_on(rig->vb))
		vb_power_on(rig->vb);
	rig->host.runs_index = -1;
	vb_until(rig->vb, "HF-1001");
	(void)vb_run(rig->vb, WAKE_INSTRUCTIONS);
	vb_until(rig->vb, "\n");
	rig_begin(rig, RIG_WHY);
	if (rig_run(rig) != RIG_DONE && rig->host.runs_index >= 0)
		rig->host.why_reply.stop = HF_OK;
}

bool rig_first_reset(struct rig *rig)
{
	vb_until(rig->vb, "HF-1001");
	vb_pin_reset(rig->vb);
	if (vb_run(rig->vb, WAKE_INSTRUCTIONS) != VB_STOP_TEXT)
		return false;
	vb_until(rig->vb, NULL);
	(void)vb_run(rig->vb, INTO_WINDOW_INSTRUCTIONS);
	vb_until(rig->vb, "\n");
	return true;
}

bool rig_into_recovery(struct rig *rig)
{
	if (!rig_first_reset(rig))
		return false;
	vb_pin_reset(rig->vb);
	rig_wake(rig);
	return rig->host.is_done && rig->host.why_reply.stop == HF_R_RECOVERY_DOUBLE_RESET;
}

bool rig_primary_is(struct rig *rig, uint32_t image_index)
{
	const struct rig_file *image = &rig->image[image_index];
	return memcmp(vb_flash(rig->vb) + rig->layout->primary_addr, image->bytes, image->size_bytes) == 0 &&
	       !vb_is_damaged(rig->vb, rig->layout->primary_addr, image->size_bytes);
}

uint32_t rig_writes_max(const struct rig *rig)
{
	const uint32_t old_sectors = rig_sectors(rig, 0), new_sectors = rig_sectors(rig, 1);
	const uint32_t sectors = old_sectors > new_sectors ? old_sectors : new_sectors;
	return rig_keeps_old(rig) ? 2 * sectors + 8 : sectors + 6;
}

uint8_t *rig_cell(struct rig *rig, uint32_t addr)
{
	return addr >= BOARD_EXTERNAL_ADDR ? vb_external(rig->vb) + (addr - BOARD_EXTERNAL_ADDR) : vb_flash(rig->vb) + addr;
}

void rig_cell_changed(struct rig *rig, uint32_t addr, uint32_t size_bytes)
{
	if (addr >= BOARD_EXTERNAL_ADDR)
		vb_external_changed(rig->vb, addr - BOARD_EXTERNAL_ADDR, size_bytes);
	else
		vb_flash_changed(rig->vb, addr, size_bytes);
}

double rig_sector_writes(const struct rig *rig, const struct vb_counters *since)
{
	const struct vb_counters *n = vb_counters(rig->vb);
	const double lines = (double)(n->lines - since->lines);
	const double pages = (double)(n->erases - since->erases) + (double)(n->sectors - since->sectors) +
			     lines * rig->board->write_unit_bytes / rig->board->sector_bytes;
	return pages * rig->board->sector_bytes / rig_sector_bytes(rig);
}

bool rig_place(struct rig *rig, uint32_t image_index, uint32_t base_off)
{
	const struct rig_file *image = &rig->image[image_index];
	const enum hf_reason reason = vb_load_bytes(rig->vb, rig->layout->secondary_addr + base_off, image->bytes, image->size_bytes);
	return reason == HF_OK;
}

uint32_t rig_sector_bytes(const struct rig *rig)
{
	return board_sector_bytes(rig->board, rig->layout);
}

uint32_t rig_sectors(const struct rig *rig, uint32_t image_index)
{
	return (rig->image[image_index].size_bytes + rig_sector_bytes(rig) - 1u) / rig_sector_bytes(rig);
}

/* ---- moments */

struct rig_moment {
	struct vb_snapshot *snapshot;
	struct rig_host host;
};

struct rig_moment *rig_keep(struct rig *rig)
{
	struct rig_moment *moment = calloc(1, sizeof *moment);
	if (moment == NULL)
		abort();
	moment->snapshot = vb_snapshot_take(rig->vb);
	if (moment->snapshot == NULL)
		abort();
	moment->host = rig->host;
	return moment;
}

void rig_back(struct rig *rig, const struct rig_moment *moment)
{
	vb_snapshot_restore(rig->vb, moment->snapshot);
	rig->host = moment->host;
}

void rig_moment_free(struct rig_moment *moment)
{
	vb_snapshot_free(moment->snapshot);
	free(moment);
}
