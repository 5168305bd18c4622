/* SPDX-License-Identifier: MIT */
#include "device_codes.h"

#include <stdio.h>

static const char *const protocol_words[] = {
	"done", "unknown", "out of memory", "invalid value", "timed out", "no such entry", "the device's state forbids it",
	"the reply is too large", "not supported", "damaged packet", "busy with another command", "denied by the device's policy",
	"this protocol version is too old", "this protocol version is too new",
};

static const char *const os_words[] = {
	"done", "unknown", "invalid format", "no answer to that query", "the clock is not set", "clock command failed", "value not valid",
};

static const char *const image_words[] = {
	"done", "unknown", "flash configuration can't be read", "there is no image", "the image has no TLVs", "invalid TLV",
	"several hashes in the image", "invalid TLV size", "the image has no hash", "no free slot (an image is pending or on trial)",
	"flash can't be opened", "flash can't be read", "flash can't be written", "flash can't be erased", "no such slot",
	"out of memory", "flash context set already", "flash context not set", "no flash device", "invalid page offset",
	"the offset is missing", "the length is missing", "the first bytes are no image header", "the header's magic is wrong",
	"wrong hash", "the image is for another address", "the running version can't be read", "the running version is newer",
	"an image is pending already", "the vector table is invalid", "the image is too large", "more data than announced",
	"confirming was denied", "the running image can't be put on test", "the running slot is not known",
};

static const char *words_of(const char *const *list, size_t count, uint16_t rc)
{
	return rc < count ? list[rc] : "a code that this version does not know";
}

void device_code_words(const struct smp_code *code, char *into, size_t size)
{
	if (!code->of_group)
		(void)snprintf(into, size, "error %u: %s", code->rc, words_of(protocol_words, HF_ARRAY_COUNT(protocol_words), code->rc));
	else if (code->group == SMP_GROUP_IMAGE)
		(void)snprintf(into, size, "image error %u: %s", code->rc, words_of(image_words, HF_ARRAY_COUNT(image_words), code->rc));
	else if (code->group == SMP_GROUP_OS)
		(void)snprintf(into, size, "OS error %u: %s", code->rc, words_of(os_words, HF_ARRAY_COUNT(os_words), code->rc));
	else
		(void)snprintf(into, size, "error %u of group %u", code->rc, code->group);
}
