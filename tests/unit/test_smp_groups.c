/* SPDX-License-Identifier: MIT */
/* Every command of every group, client to server and back in memory, in both versions. */
#include "smp_hex.h"

#include "smp_app_rig.h"

static struct rig rig;
static struct app_rig app;
static uint8_t request[512];
static struct smp_client client;
static uint8_t reply_bytes[512];
static const struct smp_ask ask = { .now_ms = 1000, .timeout_ms = 200, .tries = 1 };

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 16, false);
	app_rig_start(&app, &rig);
	smp_client_start(&client, request, sizeof request, SMP_V2, 250);
	return 0;
}

static struct smp_reply exchange(enum hf_reason asked)
{
	struct smp_reply reply;
	enum hf_reason result = HF_R_ASSERT;
	uint32_t off = 0, size;

	assert_int_equal(asked, HF_OK);
	size = smp_server_answer(&rig.server, client.request, client.request_bytes, &off, reply_bytes, sizeof reply_bytes);
	assert_true(size != 0);
	assert_true(smp_client_take(&client, reply_bytes, size, &reply, &result));
	assert_int_equal(result, HF_OK);
	return reply;
}

static void expect_code(const struct smp_reply *reply, uint16_t group, uint16_t rc, uint16_t v1_rc)
{
	assert_true(reply->refused);
	assert_int_equal(reply->code.of_group, client.version == SMP_V2);
	assert_int_equal(reply->code.rc, client.version == SMP_V2 ? rc : v1_rc);
	if (client.version == SMP_V2)
		assert_int_equal(reply->code.group, group);
}

/* What a walk saw, as text. */
struct seen {
	char text[512];
	uint32_t stop_after, count;
};

static bool see(struct seen *seen, const char *name, unsigned long long a, unsigned long long b)
{
	size_t used = strlen(seen->text);

	(void)snprintf(seen->text + used, sizeof seen->text - used, "%s:%llu:%llu ", name, a, b);
	seen->count++;
	return seen->stop_after == 0 || seen->count < seen->stop_after;
}

static bool see_task(void *ctx, const struct smp_task *task)
{
	assert_true(task->has_prio && task->stack_words.known && task->runtime.value == 1ull << 40 && !task->switches.known);
	return see(ctx, task->name, (unsigned)(task->prio + 100), task->stack_words.value);
}

static bool see_pool(void *ctx, const struct smp_pool *pool)
{
	assert_true(pool->block_bytes.value == 64 && pool->blocks.value == 10);
	return see(ctx, pool->name, pool->blocks_free.value, pool->blocks_free_min.value);
}

static bool see_stat(void *ctx, const char *name, uint64_t value)
{
	return see(ctx, name, value, 0);
}

static bool see_name(void *ctx, const char *name)
{
	return see(ctx, name, 0, 0);
}

static bool see_type(void *ctx, const struct smp_hash_type *type)
{
	return see(ctx, type->name, type->is_number, type->size_bytes);
}

static bool see_group(void *ctx, uint16_t group)
{
	return see(ctx, "g", group, 0);
}

static bool see_detail(void *ctx, const struct smp_group_detail *detail)
{
	return see(ctx, detail->name, detail->group, detail->handlers.value);
}

static void os_once(void)
{
	struct smp_reply reply = exchange(smp_ask_tasks(&client, &ask));
	struct seen seen = { "", 0, 0 }, first = { "", 1, 0 }, pools = { "", 0, 0 };
	char text[64];

	assert_int_equal(smp_read_tasks(&reply, see_task, &seen), HF_OK);
	assert_string_equal(seen.text, "idle:115:80 main:99:80 ");
	assert_int_equal(smp_read_tasks(&reply, see_task, &first), HF_OK);
	assert_string_equal(first.text, "idle:115:80 ");
	reply = exchange(smp_ask_pools(&client, &ask));
	assert_int_equal(smp_read_pools(&reply, see_pool, &pools), HF_OK);
	assert_string_equal(pools.text, "heap:4:2 ");
	reply = exchange(smp_ask_datetime(&client, &ask));
	assert_int_equal(smp_read_text(&reply, "datetime", text, sizeof text), HF_OK);
	assert_string_equal(text, "2026-05-17T12:34:56");
	reply = exchange(smp_ask_datetime_set(&client, &ask, "2026-05-17T12:34:56.123"));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	assert_int_equal(smp_ask_datetime_set(&client, &ask, "tomorrow"), HF_R_SMP_DATETIME);
	reply = exchange(smp_ask_reset_mode(&client, &ask, true, 1));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	assert_true(rig.os.reset_wanted && rig.os.boot_mode == 1);
	for (uint32_t i = 0; smp_info_letter(i) != NULL; i++) {
		reply = exchange(smp_ask_info(&client, &ask, smp_info_letter(i)->letter));
		assert_int_equal(smp_read_text(&reply, "output", text, sizeof text), i == 4 ? HF_R_SMP_REFUSED : HF_OK); /* no date */
	}
	reply = exchange(smp_ask_bootloader(&client, &ask, "active_b0_slot"));
	expect_code(&reply, SMP_GROUP_OS, 3, SMP_RC_NO_ENTRY);
}

static void stat_once(void)
{
	struct smp_reply reply = exchange(smp_ask_stat_list(&client, &ask));
	struct seen list = { "", 0, 0 }, fields = { "", 0, 0 };

	assert_int_equal(smp_read_stat_list(&reply, see_name, &list), HF_OK);
	assert_string_equal(list.text, "main:0:0 ");
	reply = exchange(smp_ask_stat(&client, &ask, "main"));
	assert_int_equal(smp_read_stat(&reply, see_stat, &fields), HF_OK);
	assert_string_equal(fields.text, "ticks:7:0 errors:4294967295:0 ");
	reply = exchange(smp_ask_stat(&client, &ask, "other"));
	expect_code(&reply, SMP_GROUP_STAT, 2, SMP_RC_NO_ENTRY);
}

static void settings_once(void)
{
	struct smp_reply reply = exchange(smp_ask_setting_write(&client, &ask, "a/b", "\x01\x02\x03\x04", 4));
	struct smp_span value;
	uint32_t limit = 9;
	char long_key[APP_NAME_BYTES + 2];

	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	reply = exchange(smp_ask_setting(&client, &ask, "a/b", 0));
	assert_int_equal(smp_read_setting(&reply, &value, &limit), HF_OK);
	assert_true(value.size_bytes == 4 && memcmp(value.data, "\x01\x02\x03\x04", 4) == 0 && limit == 0);
	reply = exchange(smp_ask_setting(&client, &ask, "a/b", 2));
	assert_int_equal(smp_read_setting(&reply, &value, &limit), HF_OK);
	assert_int_equal(value.size_bytes, 2);
	reply = exchange(smp_ask_setting(&client, &ask, "a/b", 1000));
	assert_int_equal(smp_read_setting(&reply, &value, &limit), HF_OK);
	assert_int_equal(limit, APP_VALUE_BYTES);
	reply = exchange(smp_ask_settings_commit(&client, &ask));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	reply = exchange(smp_ask_settings_load(&client, &ask));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	reply = exchange(smp_ask_settings_save(&client, &ask, NULL));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	reply = exchange(smp_ask_settings_save(&client, &ask, "a"));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	assert_true(app.commits == 1 && app.loads == 1 && app.saves == 11);
	app.commits = app.loads = app.saves = 0;
	reply = exchange(smp_ask_setting_delete(&client, &ask, "a/b"));
	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	reply = exchange(smp_ask_setting(&client, &ask, "a/b", 0));
	expect_code(&reply, SMP_GROUP_SETTINGS, 3, SMP_RC_NO_ENTRY);
	memset(long_key, 'k', sizeof long_key - 1);
	long_key[sizeof long_key - 1] = '\0';
	reply = exchange(smp_ask_setting(&client, &ask, long_key, 0));
	expect_code(&reply, SMP_GROUP_SETTINGS, 2, SMP_RC_INVALID);
}

/* A board that leaves call-backs out says so. */
static void settings_missing(void)
{
	struct smp_settings whole = app.settings_group;
	struct smp_reply reply;

	app.settings_group = (struct smp_settings){ .ctx = &app, .value_max_bytes = 8 };
	reply = exchange(smp_ask_setting(&client, &ask, "a", 0));
	expect_code(&reply, SMP_GROUP_SETTINGS, 4, SMP_RC_NO_ENTRY);
	reply = exchange(smp_ask_setting_write(&client, &ask, "a", "1", 1));
	expect_code(&reply, SMP_GROUP_SETTINGS, 6, SMP_RC_NOT_SUPPORTED);
	reply = exchange(smp_ask_setting_delete(&client, &ask, "a"));
	expect_code(&reply, SMP_GROUP_SETTINGS, 7, SMP_RC_NOT_SUPPORTED);
	reply = exchange(smp_ask_settings_save(&client, &ask, NULL));
	expect_code(&reply, SMP_GROUP_SETTINGS, 8, SMP_RC_NOT_SUPPORTED);
	reply = exchange(smp_ask_settings_commit(&client, &ask));
	assert_true(reply.refused && !reply.code.of_group && reply.code.rc == SMP_RC_NOT_SUPPORTED);
	app.settings_group = whole;
}

static void shell_once(void)
{
	static const char *const argv[] = { "kernel", "version" };
	struct smp_shell_reply shell;
	struct smp_reply reply = exchange(smp_ask_shell(&client, &ask, argv, 2));
	char text[64];

	assert_int_equal(smp_read_shell(&reply, &shell), HF_OK);
	assert_int_equal(shell.code, -2);
	smp_text_clean_lines(&shell.output, text, sizeof text);
	assert_string_equal(text, "one\ntwo\t?[31m");
	app.legacy_shell = true;
	reply = exchange(smp_ask_shell(&client, &ask, argv, 1));
	assert_true(reply.refused);
	assert_int_equal(smp_read_shell(&reply, &shell), HF_OK);
	assert_int_equal(shell.code, -1);
	app.legacy_shell = false;
	reply = exchange(smp_ask_shell(&client, &ask, argv, 0));
	expect_code(&reply, SMP_GROUP_SHELL, 3, SMP_RC_INVALID);
	assert_int_equal(smp_read_shell(&reply, &shell), HF_R_SMP_REFUSED);
}

static void enum_once(void)
{
	static const uint16_t wanted[] = { SMP_GROUP_FS, SMP_GROUP_OS, 77 };
	struct smp_reply reply = exchange(smp_ask_group_count(&client, &ask));
	struct seen list = { "", 0, 0 }, details = { "", 0, 0 }, all = { "", 0, 0 };
	uint32_t count = 0;
	uint16_t group = 0;
	bool is_last = true;

	assert_int_equal(smp_read_group_count(&reply, &count), HF_OK);
	assert_int_equal(count, 9);
	reply = exchange(smp_ask_groups(&client, &ask));
	assert_int_equal(smp_read_groups(&reply, see_group, &list), HF_OK);
	assert_string_equal(list.text, "g:0:0 g:1:0 g:18502:0 g:10:0 g:3:0 g:8:0 g:2:0 g:9:0 g:63:0 ");
	for (uint32_t i = 0; i < count; i++) {
		reply = exchange(smp_ask_group(&client, &ask, i));
		assert_int_equal(smp_read_group(&reply, &group, &is_last), HF_OK);
		assert_int_equal(is_last, i == count - 1);
	}
	assert_int_equal(group, SMP_GROUP_BASIC);
	reply = exchange(smp_ask_group(&client, &ask, count));
	expect_code(&reply, SMP_GROUP_ENUM, 4, SMP_RC_INVALID);
	reply = exchange(smp_ask_group_details(&client, &ask, wanted, 3));
	assert_int_equal(smp_read_group_details(&reply, see_detail, &details), HF_OK);
	assert_string_equal(details.text, "os mgmt:0:9 :8:5 ");
	reply = exchange(smp_ask_group_details(&client, &ask, NULL, 0));
	assert_int_equal(smp_read_group_details(&reply, see_detail, &all), HF_OK);
	assert_int_equal(all.count, count);
}

static void rest_once(void)
{
	static uint8_t file[4096];
	uint32_t file_bytes = rig_image(file, sizeof file, 1000, (struct hf_version){ 3, 2, 1, 0 }, 5);
	struct smp_base_reply base;
	struct smp_reply reply = exchange(smp_ask_storage_erase(&client, &ask));

	assert_int_equal(smp_read_nothing(&reply), HF_OK);
	assert_int_equal(app.erases, 1);
	app.erases = 0;
	rig_put(&rig, HF_SLOT_PRIMARY, file, file_bytes);
	reply = exchange(smp_ask_base(&client, &ask));
	assert_int_equal(smp_read_base(&reply, &base), HF_OK);
	assert_int_equal(base.hash_bytes, 32);
	assert_memory_equal(base.hash, rig_image_hash(file, file_bytes), 32);
	assert_true(base.size_max == rig.app.size_max && base.primary_bytes == 16 * 4096 && base.secondary_bytes == 16 * 4096);
	assert_true(base.sector_bytes == 4096 && base.align == 8);
	rig_start(&rig, 16, false);
	app_rig_start(&app, &rig);
	reply = exchange(smp_ask_base(&client, &ask));
	assert_int_equal(smp_read_base(&reply, &base), HF_OK);
	assert_int_equal(base.hash_bytes, 0);
}

static void test_both_versions(void **state)
{
	(void)state;
	for (uint8_t version = SMP_V1; version <= SMP_V2; version++) {
		client.version = version;
		os_once();
		stat_once();
		settings_once();
		settings_missing();
		shell_once();
		enum_once();
		rest_once();
	}
}

/* --- files ---- */

static uint8_t content[6000];

static void content_make(void)
{
	uint32_t random = 5;

	for (uint32_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)rig_random(&random);
}

/* Puts content of this size; returns the requests it took. */
static uint32_t put_file(const char *name, uint32_t size_bytes, uint32_t message_max, uint32_t from_off)
{
	struct smp_file_put put;
	uint32_t requests = 0;

	assert_int_equal(smp_file_put_start(&put, &client, name, content, size_bytes, message_max, from_off), HF_OK);
	while (!put.done) {
		uint32_t off = put.off;
		struct smp_reply reply = exchange(smp_file_put_ask(&put, &ask));

		assert_true(client.request_bytes <= message_max);
		/* Full, but for a length whose head would be a byte longer. */
		assert_true(put.end == size_bytes || client.request_bytes + 2 >= message_max);
		assert_int_equal(smp_file_put_take(&put, &reply), HF_OK);
		assert_true(put.off > off || size_bytes == 0);
		requests++;
	}
	return requests;
}

static void get_file(const char *name, uint32_t size_bytes, uint32_t from_off)
{
	struct smp_file_get get;
	struct smp_span data;

	assert_int_equal(smp_file_get_start(&get, &client, name, from_off, from_off != 0 ? size_bytes : 0), HF_OK);
	while (!get.done) {
		uint32_t off = get.off;
		struct smp_reply reply = exchange(smp_file_get_ask(&get, &ask));

		assert_int_equal(smp_file_get_take(&get, &reply, &data), HF_OK);
		assert_memory_equal(data.data, content + off, data.size_bytes);
	}
	assert_int_equal(get.off, size_bytes);
}

static void test_files(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 23, 24, 255, 256, 400, 512, 3000, sizeof content };
	static const uint32_t messages[] = { 60, 89, 256, 300, 380, 512 };
	uint32_t size = 0;
	struct smp_reply reply;

	(void)state;
	content_make();
	for (uint8_t version = SMP_V1; version <= SMP_V2; version++) {
		client.version = version;
		for (size_t i = 0; i < HF_ARRAY_COUNT(sizes) * HF_ARRAY_COUNT(messages); i++) {
			uint32_t bytes = sizes[i % HF_ARRAY_COUNT(sizes)];

			(void)put_file("/lfs/a", bytes, messages[i / HF_ARRAY_COUNT(sizes)], 0);
			assert_int_equal(app_rig_file(&app, "/lfs/a")->size_bytes, bytes);
			assert_memory_equal(app_rig_file(&app, "/lfs/a")->bytes, content, bytes);
			get_file("/lfs/a", bytes, 0);
			reply = exchange(smp_ask_file_status(&client, &ask, "/lfs/a"));
			assert_int_equal(smp_read_file_status(&reply, &size), HF_OK);
			assert_int_equal(size, bytes);
		}
		get_file("/lfs/a", sizeof content, 1234);
		reply = exchange(smp_ask_file_close(&client, &ask));
		assert_int_equal(smp_read_nothing(&reply), HF_OK);
	}
	assert_int_equal(app.closes, 2);
}

static void test_file_hashes(void **state)
{
	struct smp_file_hash hash;
	struct seen types = { "", 0, 0 };
	struct smp_reply reply;
	uint8_t digest[32];

	(void)state;
	content_make();
	(void)put_file("/lfs/a", 3000, 512, 0);
	reply = exchange(smp_ask_file_hash_types(&client, &ask));
	assert_int_equal(smp_read_file_hash_types(&reply, see_type, &types), HF_OK);
	assert_string_equal(types.text, "crc32:1:4 sha256:0:32 ");
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", NULL, 0, 0));
	assert_int_equal(smp_read_file_hash(&reply, &hash), HF_OK);
	assert_true(hash.is_number && hash.number == hf_crc32(0, content, 3000) && hash.size_bytes == 3000 && hash.off == 0);
	assert_string_equal(hash.type, "crc32");
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", "sha256", 100, 1000));
	assert_int_equal(smp_read_file_hash(&reply, &hash), HF_OK);
	rig_sha256(content + 100, 1000, digest);
	assert_true(!hash.is_number && hash.byte_count == 32 && hash.off == 100 && hash.size_bytes == 1000);
	assert_memory_equal(hash.bytes, digest, 32);
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", "md5", 0, 0));
	expect_code(&reply, SMP_GROUP_FS, 13, SMP_RC_INVALID);
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", NULL, 3000, 0));
	expect_code(&reply, SMP_GROUP_FS, 12, SMP_RC_INVALID);
	(void)put_file("/lfs/a", 0, 512, 0);
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", NULL, 0, 0));
	expect_code(&reply, SMP_GROUP_FS, 16, SMP_RC_UNKNOWN);
	app.files_group.crypto = NULL;
	reply = exchange(smp_ask_file_hash(&client, &ask, "/lfs/a", "sha256", 0, 0));
	expect_code(&reply, SMP_GROUP_FS, 13, SMP_RC_INVALID);
}

/* Lost replies, a device that has less or more than was thought, a client that comes back. */
static void test_file_resume(void **state)
{
	struct smp_file_put put;
	struct smp_reply reply;
	uint32_t requests;

	(void)state;
	content_make();
	for (uint8_t version = SMP_V1; version <= SMP_V2; version++) {
		client.version = version;
		requests = put_file("/lfs/a", 3000, 512, 0);
		/* the reply to the second request is lost: asked again, the device refuses with its length, and on it goes */
		assert_int_equal(smp_file_put_start(&put, &client, "/lfs/b", content, 3000, 512, 0), HF_OK);
		for (uint32_t i = 0; !put.done; i++) {
			assert_true(i < requests + 2);
			reply = exchange(smp_file_put_ask(&put, &ask));
			if (i == 1)
				reply = exchange(smp_file_put_ask(&put, &ask));
			assert_int_equal(smp_file_put_take(&put, &reply), HF_OK);
			assert_int_equal(put.trouble_count, i == 1 ? 1 : 0);
		}
		assert_memory_equal(app_rig_file(&app, "/lfs/b")->bytes, content, 3000);
		/* half of it is there */
		app_rig_file(&app, "/lfs/b")->size_bytes = 1500;
		memset(app_rig_file(&app, "/lfs/b")->bytes + 1500, 0, 1500);
		assert_true(put_file("/lfs/b", 3000, 512, 1500) < requests);
		assert_int_equal(app_rig_file(&app, "/lfs/b")->size_bytes, 3000);
		assert_memory_equal(app_rig_file(&app, "/lfs/b")->bytes, content, 3000);
		/* and a longer file than ours: from the beginning */
		(void)put_file("/lfs/b", 2000, 512, 0);
		app_rig_file(&app, "/lfs/b")->size_bytes = 2500;
		assert_int_equal(smp_file_put_start(&put, &client, "/lfs/b", content, 2000, 512, 1000), HF_OK);
		while (!put.done) {
			reply = exchange(smp_file_put_ask(&put, &ask));
			assert_int_equal(smp_file_put_take(&put, &reply), HF_OK);
		}
		assert_int_equal(app_rig_file(&app, "/lfs/b")->size_bytes, 2000);
	}
}

static void test_file_refusals(void **state)
{
	static const struct {
		const char *name;
		uint16_t rc;
	} reads[] = { { "", 2 }, { "/lfs/../key", 2 }, { "..", 2 }, { "/lfs/..", 2 }, { "/lfs/123456789012345678901234567890", 2 },
		      { "/lfs", 4 }, { "/lfs/none", 3 }, { "/lfs/..a/b..", 3 } };
	struct smp_file_put put;
	struct smp_file_get get;
	struct smp_reply reply;
	enum hf_reason reason = HF_OK;
	struct smp_span data;

	(void)state;
	content_make();
	for (size_t i = 0; i < HF_ARRAY_COUNT(reads); i++) {
		reply = exchange(smp_ask_file_status(&client, &ask, reads[i].name));
		expect_code(&reply, SMP_GROUP_FS, reads[i].rc, 0);
	}
	assert_int_equal(smp_file_put_start(&put, &client, "/sd/a", content, 10, 512, 0), HF_OK);
	reply = exchange(smp_file_put_ask(&put, &ask));
	expect_code(&reply, SMP_GROUP_FS, 14, 0);
	assert_int_equal(smp_file_put_take(&put, &reply), HF_R_SMP_REFUSED);
	app.fail_writes = 1;
	assert_int_equal(smp_file_put_start(&put, &client, "/lfs/a", content, 10, 512, 0), HF_OK);
	reply = exchange(smp_file_put_ask(&put, &ask));
	assert_int_equal(smp_file_put_take(&put, &reply), HF_R_SMP_REFUSED);
	assert_int_equal(reply.code.rc, 10);
	/* someone empties the file again and again */
	assert_int_equal(smp_file_put_start(&put, &client, "/lfs/a", content, 5000, 100, 0), HF_OK);
	for (uint32_t i = 0; reason == HF_OK; i++) {
		assert_true(i < 40);
		reply = exchange(smp_file_put_ask(&put, &ask));
		reason = smp_file_put_take(&put, &reply);
		app_rig_file(&app, "/lfs/a")->size_bytes = 1;
	}
	assert_int_equal(reason, HF_R_SMP_FILE_STUCK);
	/* a file that shrinks while it is read */
	(void)put_file("/lfs/a", 3000, 512, 0);
	assert_int_equal(smp_file_get_start(&get, &client, "/lfs/a", 0, 0), HF_OK);
	reply = exchange(smp_file_get_ask(&get, &ask));
	assert_int_equal(smp_file_get_take(&get, &reply, &data), HF_OK);
	app_rig_file(&app, "/lfs/a")->size_bytes = get.off;
	reply = exchange(smp_file_get_ask(&get, &ask));
	assert_int_equal(smp_file_get_take(&get, &reply, &data), HF_R_SMP_FILE_STUCK);
	assert_int_equal(smp_file_put_start(&put, &client, "/lfs/a", content, 10, 30, 0), HF_R_SMP_MESSAGE_TOO_SMALL);
	assert_int_equal(smp_file_put_start(&put, &client, "/lfs/a", content, 10, 512, 11), HF_R_SMP_FILE_OFF);
	assert_int_equal(smp_file_get_start(&get, &client, "/lfs/a", 11, 10), HF_R_SMP_FILE_OFF);
	app.files_group.write = NULL;
	assert_int_equal(smp_file_put_start(&put, &client, "/lfs/a", content, 10, 512, 0), HF_OK);
	reply = exchange(smp_file_put_ask(&put, &ask));
	expect_code(&reply, SMP_GROUP_FS, 15, 0);
}

static void test_datetimes(void **state)
{
	static const struct {
		const char *text;
		enum hf_reason reason;
	} rows[] = { { "2026-05-17T12:34:56", HF_OK },          { "2026-05-17T12:34:56.789", HF_OK },
		     { "2026-05-17T12:34:56+02:00", HF_OK },    { "1900-01-01T00:00:00", HF_OK },
		     { "2026-05-17T12:34:5", HF_R_SMP_DATETIME }, { "2026-05-17T12:34:56.7890123", HF_R_SMP_DATETIME },
		     { "2026-13-17T12:34:56", HF_R_SMP_DATETIME }, { "2026-00-17T12:34:56", HF_R_SMP_DATETIME },
		     { "2026-05-32T12:34:56", HF_R_SMP_DATETIME }, { "2026-05-17T24:34:56", HF_R_SMP_DATETIME },
		     { "2026-05-17T12:60:56", HF_R_SMP_DATETIME }, { "2026-05-17T12:34:60", HF_R_SMP_DATETIME },
		     { "1899-05-17T12:34:56", HF_R_SMP_DATETIME }, { "2026x05-17T12:34:56", HF_R_SMP_DATETIME },
		     { "2o26-05-17T12:34:56", HF_R_SMP_DATETIME }, { "", HF_R_SMP_DATETIME } };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++)
		assert_int_equal(smp_datetime_check(rows[i].text), rows[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_both_versions, start), cmocka_unit_test_setup(test_files, start),
		cmocka_unit_test_setup(test_file_hashes, start),   cmocka_unit_test_setup(test_file_resume, start),
		cmocka_unit_test_setup(test_file_refusals, start), cmocka_unit_test(test_datetimes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
