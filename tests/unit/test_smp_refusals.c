/* SPDX-License-Identifier: MIT */
/* Refusals by name that other tests see only as the code that goes over the wire. */
#include "smp_hex.h"

#include <holdfast/report.h>

#include "smp_app_rig.h"

static struct rig rig;
static struct app_rig app;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 16, false);
	app_rig_start(&app, &rig);
	return 0;
}

static void refuses(enum hf_reason reason, uint8_t version, uint8_t op, uint16_t group, uint8_t id, const char *body_hex)
{
	struct hex body = hex_of(body_hex);
	uint8_t reply_bytes[600];
	uint32_t size = rig_ask(&rig, version, op, group, id, body.bytes, body.size_bytes, reply_bytes, sizeof reply_bytes);
	struct smp_reply reply;

	assert_int_equal(smp_reply_read(reply_bytes, size, &reply), HF_OK);
	assert_true(reply.refused);
	assert_int_equal(rig.server.last_refusal, reason);
	if (!reply.code.of_group)
		assert_int_equal(reply.reason, reason);
}

static enum hf_reason deny(void *ctx, bool force, uint32_t boot_mode)
{
	(void)ctx;
	(void)force;
	(void)boot_mode;
	return HF_R_SMP_DENIED;
}

static void test_refusals(void **state)
{
	(void)state;
	refuses(HF_R_SMP_TOO_NEW, 2, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_PARAMS, "a0");
	refuses(HF_R_SMP_TOO_NEW, 3, SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE, "a0");
	refuses(HF_R_SMP_OS_QUERY, SMP_V1, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_BOOTLOADER, "a1 657175657279 6178"); /* {"query": "x"} */
	refuses(HF_R_SMP_ENUM_INDEX, SMP_V1, SMP_OP_READ, SMP_GROUP_ENUM, SMP_ENUM_SINGLE, "a1 65696e646578 1863"); /* {"index": 99} */
	refuses(HF_R_SMP_APPLICATION, SMP_V1, SMP_OP_WRITE, SMP_GROUP_SHELL, SMP_SHELL_EXEC, "a1 6461726776 80");
	rig.os.reset_ask = deny;
	refuses(HF_R_SMP_DENIED, SMP_V2, SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_RESET, "a0");
	assert_false(rig.os.reset_wanted);
}

static void test_reply_that_does_not_fit(void **state)
{
	uint8_t reply_bytes[SMP_REPLY_MIN_BYTES];
	const uint8_t body[] = { 0xa0 };
	struct smp_reply reply;
	uint32_t size = rig_ask(&rig, SMP_V2, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_TASKS, body, sizeof body, reply_bytes, sizeof reply_bytes);

	(void)state;
	assert_int_equal(smp_reply_read(reply_bytes, size, &reply), HF_OK);
	assert_int_equal(reply.reason, HF_R_SMP_REPLY_TOO_LARGE);
	assert_int_equal(reply.code.rc, SMP_RC_TOO_LARGE);
}

static void test_below_the_server(void **state)
{
	struct hf_upload upload = { .open = false };
	uint8_t bytes[HF_REPORT_BYTES] = { 0 };
	struct hf_report report = { .steps_done = 7 };

	(void)state;
	assert_int_equal(hf_upload_write(&upload, bytes, 4), HF_R_SLOT_NO_UPLOAD);
	assert_int_equal(hf_report_decode(bytes, &report), HF_R_REPORT_ABSENT);
	assert_int_equal(report.steps_done, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup(test_refusals, start), cmocka_unit_test_setup(test_reply_that_does_not_fit, start),
					    cmocka_unit_test(test_below_the_server) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
