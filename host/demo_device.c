/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* MAP_ANONYMOUS, getrandom */
#include "demo_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

enum { ALIGN = 8, ERASED = 0xff };

static enum hf_reason flash_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	memcpy(into, (uint8_t *)ctx + off, size_bytes);
	return HF_OK;
}

/* As NOR flash: a write can only clear bits. */
static enum hf_reason flash_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const uint8_t *bytes = from;
	for (uint32_t i = 0; i < size_bytes; i++)
		((uint8_t *)ctx)[off + i] &= bytes[i];
	return HF_OK;
}

static enum hf_reason flash_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	memset((uint8_t *)ctx + off, ERASED, size_bytes);
	return HF_OK;
}

static enum hf_reason flash_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

static enum hf_reason failed(const char *path, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_FILE_WRITE, path, "%s", strerror(errno));
}

/* A file that is shorter is filled up with erased flash; one that is longer is something else. */
static enum hf_reason map_file(const char *path, size_t size, uint8_t **memory, struct problem *problem)
{
	struct stat now;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, &now) != 0) {
		enum hf_reason reason = failed(path, problem);
		if (fd >= 0)
			(void)close(fd);
		return reason;
	}
	size_t was = (size_t)now.st_size;
	enum hf_reason reason = HF_OK;
	void *at = MAP_FAILED;
	if (was > size)
		reason = problem_set(problem, HF_R_HOST_FILE_TOO_LARGE, path, "%zu bytes; two slots are %zu", was, size);
	else if (ftruncate(fd, (off_t)size) != 0 || (at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		reason = failed(path, problem);
	(void)close(fd);
	if (reason != HF_OK)
		return reason;
	*memory = at;
	memset(*memory + was, ERASED, size - was);
	return HF_OK;
}

static enum hf_reason map_memory(size_t size, uint8_t **memory, struct problem *problem)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return failed("memory", problem);
	*memory = at;
	memset(*memory, ERASED, size);
	return HF_OK;
}

static void rows_make(struct demo_device *d)
{
	d->os = (struct smp_os){ .buf_size = DEMO_PACKET_BYTES, .buf_count = DEMO_BUFFERS, .bootloader = "MCUboot",
				 .bootloader_mode = hf_mode_swap.mcuboot_mode,
				 .info = { .kernel = "holdfast", .node = "demo", .version = "1", .hardware = "none", .processor = "host", .system = "none" } };
	d->image = (struct smp_image){ .app = &d->app, .crypto = &hf_crypto_openssl };
	d->why = (struct smp_why){ .report = &d->report, .server = &d->server };
	const struct smp_row rows[] = { SMP_OS_ROWS(&d->os), SMP_IMAGE_ROWS(&d->image), SMP_HOLDFAST_ROWS(&d->why),
					SMP_HOLDFAST_BASE_ROWS(&d->app) };
	_Static_assert(HF_ARRAY_COUNT(rows) <= DEMO_ROWS_MAX, "the table has room for them");
	memcpy(d->rows, rows, sizeof rows);
	smp_server_start(&d->server, d->rows, HF_ARRAY_COUNT(rows));
	smp_memory_start(&d->done, d->remembered, DEMO_REMEMBERED, d->replies, DEMO_PACKET_BYTES, DEMO_REMEMBERED_MS);
}

enum hf_reason demo_device_start(struct demo_device *d, const char *flash_path, uint32_t slot_bytes, const struct hf_key *keys,
				 uint32_t key_count, bool *is_blank, struct problem *problem)
{
	uint8_t *memory = NULL;
	size_t size = (size_t)slot_bytes * 2;
	enum hf_reason reason = flash_path != NULL ? map_file(flash_path, size, &memory, problem) : map_memory(size, &memory, problem);
	if (reason != HF_OK)
		return reason;
	*d = (struct demo_device){ .memory = memory, .slot_bytes = slot_bytes, .keys = keys, .key_count = key_count };
	for (uint32_t i = 0; i < 2; i++)
		d->slots[i] = (struct hf_flash){ .ctx = memory + (size_t)i * slot_bytes, .size_bytes = slot_bytes,
						 .sector_bytes = DEMO_SECTOR_BYTES, .write_unit_bytes = 4, .erased_byte = ERASED,
						 .needs_erase = true, .read = flash_read, .write = flash_write, .erase = flash_erase,
						 .sync = flash_sync };
	d->app = (struct hf_app_config){ .primary = &d->slots[0], .secondary = &d->slots[1], .align = ALIGN };
	d->app.size_max = hf_mode_swap.size_max(slot_bytes, slot_bytes, DEMO_SECTOR_BYTES, ALIGN);
	rows_make(d);
	*is_blank = true;
	for (uint32_t i = 0; i < HF_IMAGE_HEADER_BYTES; i++)
		*is_blank = *is_blank && memory[i] == ERASED;
	return HF_OK;
}

enum hf_reason demo_device_add_app(struct demo_device *d, const char *folder, struct problem *problem)
{
	enum hf_reason reason = demo_app_start(&d->app_rows, &d->server, folder, problem);
	if (reason != HF_OK)
		return reason;
	d->has_app_rows = true;
	hf_assert(d->server.row_count + DEMO_APP_ROWS_MAX <= DEMO_ROWS_MAX);
	d->server.row_count += demo_app_rows(&d->app_rows, d->rows + d->server.row_count);
	return HF_OK;
}

void demo_device_stop(struct demo_device *d)
{
	if (d->has_app_rows)
		demo_app_stop(&d->app_rows);
	if (d->memory != NULL)
		(void)munmap(d->memory, (size_t)d->slot_bytes * 2);
	d->memory = NULL;
}

enum hf_reason demo_device_put_app(struct demo_device *d, const char *name, const uint8_t *image, size_t size_bytes, struct problem *problem)
{
	if (size_bytes > d->slot_bytes)
		return problem_set(problem, HF_R_HOST_FILE_TOO_LARGE, name, "%zu bytes; the slot has %u", size_bytes, (unsigned)d->slot_bytes);
	memset(d->memory, ERASED, d->slot_bytes);
	memcpy(d->memory, image, size_bytes);
	return HF_OK;
}

void demo_device_boot(struct demo_device *d)
{
	enum { TURNS_MAX = 8 };
	static uint32_t work[(DEMO_SECTOR_BYTES + 256) / 4];
	struct hf_boot_result result;
	uint32_t seed = 7;
	ssize_t got = getrandom(&seed, sizeof seed, 0);
	(void)got; /* a flash of a demonstration may do with the usual one */
	const struct hf_boot_config config = { .primary = &d->slots[0], .secondary = &d->slots[1], .mode = &hf_mode_swap,
					       .crypto = &hf_crypto_openssl, .keys = d->keys, .key_count = d->key_count, .align = ALIGN,
					       .generation_seed = seed, .work = work, .work_bytes = sizeof work };
	for (int turn = 0; turn < TURNS_MAX; turn++) {
		hf_boot_run(&config, &result);
		if (result.action != HF_BOOT_RESET)
			break;
	}
	d->is_running = result.action == HF_BOOT_START;
	d->boot_count++;
	d->report = (struct hf_report){ .cause = result.cause, .on_trial = result.on_trial, .refusal = result.refusal,
					.steps_done = result.steps_done, .mcuboot_mode = hf_mode_swap.mcuboot_mode, .mode_id = hf_mode_swap.id,
					.align = ALIGN, .size_max = d->app.size_max };
	d->image.upload = (struct hf_upload){ .open = false };
	d->image.session = SMP_SESSION_NONE;
	d->os.reset_wanted = false;
	if (d->has_app_rows)
		demo_app_boot(&d->app_rows, device_now_ms());
}

uint32_t demo_device_answer(struct demo_device *d, uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t *reply,
			    uint32_t reply_cap_bytes)
{
	return d->is_running ? smp_memory_answer(&d->done, &d->server, message, message_bytes, off, reply, reply_cap_bytes) : 0;
}
