/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_codes.h>

enum { FIRST_USER_CODE = 256 };

/* Codes 0 and 1 mean the same in every group and stand once, under the protocol. */
static const struct smp_code_text codes[] = {
	{ SMP_CODE_PROTOCOL, 0, "EOK", "Done.",
	  "" },
	{ SMP_CODE_PROTOCOL, 1, "EUNKNOWN", "The device failed without saying why.",
	  "Repeat; look at the device's own log." },
	{ SMP_CODE_PROTOCOL, 2, "ENOMEM", "The device has no free buffer.",
	  "Wait and repeat, with fewer requests at a time." },
	{ SMP_CODE_PROTOCOL, 3, "EINVAL", "The device does not accept a value of the request.",
	  "Check the arguments; an old server also says this for a wrong image." },
	{ SMP_CODE_PROTOCOL, 4, "ETIMEOUT", "Something inside the device timed out.",
	  "Repeat." },
	{ SMP_CODE_PROTOCOL, 5, "ENOENT", "There is no such entry.",
	  "List what there is; for images: upload first." },
	{ SMP_CODE_PROTOCOL, 6, "EBADSTATE", "The device's state forbids the command.",
	  "List the images: confirm or revert an open trial, or erase a pending image, then repeat." },
	{ SMP_CODE_PROTOCOL, 7, "EMSGSIZE", "The reply does not fit into the device's buffer.",
	  "Ask for less at a time." },
	{ SMP_CODE_PROTOCOL, 8, "ENOTSUP", "The device does not have this command.",
	  "Its server was built without it." },
	{ SMP_CODE_PROTOCOL, 9, "ECORRUPT", "The device received a damaged or cut message.",
	  "Send smaller messages; check the line." },
	{ SMP_CODE_PROTOCOL, 10, "EBUSY", "Another command is under way in the device.",
	  "Wait and repeat; a reset can be forced." },
	{ SMP_CODE_PROTOCOL, 11, "EACCESSDENIED", "The device's policy forbids the command.",
	  "Unlock the device in the way its maker foresees." },
	{ SMP_CODE_PROTOCOL, 12, "UNSUPPORTED_TOO_OLD", "The device does not speak SMP version 1 any more.",
	  "Use version 2." },
	{ SMP_CODE_PROTOCOL, 13, "UNSUPPORTED_TOO_NEW", "The device does not know this SMP version.",
	  "Use version 1." },
	{ SMP_CODE_PROTOCOL, 256, "EPERUSER", "The application refused with a code of its own.",
	  "See the application's documents." },
	{ SMP_GROUP_OS, 2, "INVALID_FORMAT", "The format string has a letter the device does not know.",
	  "Use letters of s n r v b m p i o a." },
	{ SMP_GROUP_OS, 3, "QUERY_YIELDS_NO_ANSWER", "The bootloader does not know this query.",
	  "Ask for \"mode\", or for nothing." },
	{ SMP_GROUP_OS, 4, "RTC_NOT_SET", "The clock has not been set.",
	  "Set the date and time first." },
	{ SMP_GROUP_OS, 5, "RTC_COMMAND_FAILED", "The clock did not obey.",
	  "Repeat; check the clock's supply." },
	{ SMP_GROUP_OS, 6, "QUERY_RESPONSE_VALUE_NOT_VALID", "The bootloader's answer makes no sense to the device.",
	  "Loader and application may be of different ages." },
	{ SMP_GROUP_IMAGE, 2, "FLASH_CONFIG_QUERY_FAIL", "The device cannot find out the shape of its flash.",
	  "Its partitions and its build do not fit." },
	{ SMP_GROUP_IMAGE, 3, "NO_IMAGE", "There is no image in the slot.",
	  "Upload one." },
	{ SMP_GROUP_IMAGE, 4, "NO_TLVS", "The image ends without its TLVs: hash and signature are missing.",
	  "Upload the signed file." },
	{ SMP_GROUP_IMAGE, 5, "INVALID_TLV", "The TLVs behind the image are damaged.",
	  "Sign and upload again." },
	{ SMP_GROUP_IMAGE, 6, "TLV_MULTIPLE_HASHES_FOUND", "The image has more than one hash.",
	  "Sign it again, once." },
	{ SMP_GROUP_IMAGE, 7, "TLV_INVALID_SIZE", "A TLV of the image has a wrong size.",
	  "Sign and upload again." },
	{ SMP_GROUP_IMAGE, 8, "HASH_NOT_FOUND", "No slot holds an image with this hash.",
	  "List the images; the upload may be missing or incomplete." },
	{ SMP_GROUP_IMAGE, 9, "NO_FREE_SLOT", "The update slot is in use: by an open trial, or by an image that waits for the next boot.",
	  "Confirm the running image or reset to go back; erase or reset for a waiting one; then repeat." },
	{ SMP_GROUP_IMAGE, 10, "FLASH_OPEN_FAILED", "The device cannot open its flash.",
	  "Power it off and on." },
	{ SMP_GROUP_IMAGE, 11, "FLASH_READ_FAILED", "The device cannot read its flash.",
	  "Power it off and on; if it stays, the page is worn." },
	{ SMP_GROUP_IMAGE, 12, "FLASH_WRITE_FAILED", "The device cannot write its flash.",
	  "Check the supply; if it stays, the page is worn." },
	{ SMP_GROUP_IMAGE, 13, "FLASH_ERASE_FAILED", "The device cannot erase its flash.",
	  "Check the supply; if it stays, the page is worn." },
	{ SMP_GROUP_IMAGE, 14, "INVALID_SLOT", "The device has no such slot.",
	  "Use slot 1, or see the slot list." },
	{ SMP_GROUP_IMAGE, 15, "NO_FREE_MEMORY", "The device has no memory left for the upload.",
	  "Give its heap more, or send smaller messages." },
	{ SMP_GROUP_IMAGE, 16, "FLASH_CONTEXT_ALREADY_SET", "The device's upload is out of order.",
	  "Reset the device and upload again." },
	{ SMP_GROUP_IMAGE, 17, "FLASH_CONTEXT_NOT_SET", "The device has no upload open.",
	  "Upload from the beginning." },
	{ SMP_GROUP_IMAGE, 18, "FLASH_AREA_DEVICE_NULL", "The device's flash driver is missing.",
	  "Its partitions and its build do not fit." },
	{ SMP_GROUP_IMAGE, 19, "INVALID_PAGE_OFFSET", "The device computed a wrong flash page.",
	  "Its partitions and its build do not fit." },
	{ SMP_GROUP_IMAGE, 20, "INVALID_OFFSET", "The upload request has no offset.",
	  "The client is at fault." },
	{ SMP_GROUP_IMAGE, 21, "INVALID_LENGTH", "The upload request has no length.",
	  "The client is at fault." },
	{ SMP_GROUP_IMAGE, 22, "INVALID_IMAGE_HEADER", "The first part of the file is too short for an image header.",
	  "Use larger messages; check the file." },
	{ SMP_GROUP_IMAGE, 23, "INVALID_IMAGE_HEADER_MAGIC", "The file is not an MCUboot image.",
	  "Upload the signed .bin, not an ELF, hex or unsigned file." },
	{ SMP_GROUP_IMAGE, 24, "INVALID_HASH", "The hash is missing or has a wrong length.",
	  "Give the hash that the image list shows." },
	{ SMP_GROUP_IMAGE, 25, "INVALID_FLASH_ADDRESS", "The image was linked for another address.",
	  "Build it for this slot." },
	{ SMP_GROUP_IMAGE, 26, "VERSION_GET_FAILED", "The device cannot read the running image's version.",
	  "The running image has a damaged header." },
	{ SMP_GROUP_IMAGE, 27, "CURRENT_VERSION_IS_NEWER", "The running image is not older than this one.",
	  "Raise the version, or upload without the upgrade-only option." },
	{ SMP_GROUP_IMAGE, 28, "IMAGE_ALREADY_PENDING", "An image is waiting to be installed already.",
	  "Reset to install it, or erase it." },
	{ SMP_GROUP_IMAGE, 29, "INVALID_IMAGE_VECTOR_TABLE", "The image's start vector does not point into the slot.",
	  "Build it for this board and slot." },
	{ SMP_GROUP_IMAGE, 30, "INVALID_IMAGE_TOO_LARGE", "The image is larger than this layout can take.",
	  "Make it smaller; the slot list shows the limit." },
	{ SMP_GROUP_IMAGE, 31, "INVALID_IMAGE_DATA_OVERRUN", "More bytes came than were announced.",
	  "Upload again." },
	{ SMP_GROUP_IMAGE, 32, "IMAGE_CONFIRMATION_DENIED", "The application refused to let the image be confirmed.",
	  "See the application's documents." },
	{ SMP_GROUP_IMAGE, 33, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED", "The running image cannot be marked for test.",
	  "Confirm it, or upload another one." },
	{ SMP_GROUP_IMAGE, 34, "ACTIVE_SLOT_NOT_KNOWN", "The device does not know which slot it runs from.",
	  "Loader and application may not fit each other." },
	{ SMP_GROUP_STAT, 2, "INVALID_GROUP", "There is no such statistics group.",
	  "List the groups." },
	{ SMP_GROUP_STAT, 3, "INVALID_STAT_NAME", "There is no such statistics name.",
	  "List the groups." },
	{ SMP_GROUP_STAT, 4, "INVALID_STAT_SIZE", "A counter has a size the device cannot send.",
	  "The application is at fault." },
	{ SMP_GROUP_STAT, 5, "WALK_ABORTED", "The walk over the counters was stopped.",
	  "Repeat." },
	{ SMP_GROUP_SETTINGS, 2, "KEY_TOO_LONG", "The key is too long.",
	  "Use a shorter key." },
	{ SMP_GROUP_SETTINGS, 3, "KEY_NOT_FOUND", "There is no such key.",
	  "Check its spelling." },
	{ SMP_GROUP_SETTINGS, 4, "READ_NOT_SUPPORTED", "This key cannot be read.",
	  "Its handler only writes." },
	{ SMP_GROUP_SETTINGS, 5, "ROOT_KEY_NOT_FOUND", "Nothing handles keys of this name.",
	  "Check the part before the first slash." },
	{ SMP_GROUP_SETTINGS, 6, "WRITE_NOT_SUPPORTED", "This key cannot be written.",
	  "Its handler only reads." },
	{ SMP_GROUP_SETTINGS, 7, "DELETE_NOT_SUPPORTED", "This key cannot be deleted.",
	  "Write its default value." },
	{ SMP_GROUP_SETTINGS, 8, "SAVE_NOT_SUPPORTED", "Settings cannot be saved one subtree at a time here.",
	  "Save all." },
	{ SMP_GROUP_FS, 2, "FILE_INVALID_NAME", "The file name is not valid.",
	  "Use the full path with its mount point." },
	{ SMP_GROUP_FS, 3, "FILE_NOT_FOUND", "There is no such file.",
	  "Check the path." },
	{ SMP_GROUP_FS, 4, "FILE_IS_DIRECTORY", "That is a directory.",
	  "Name a file." },
	{ SMP_GROUP_FS, 5, "FILE_OPEN_FAILED", "The file cannot be opened.",
	  "Check path and file system." },
	{ SMP_GROUP_FS, 6, "FILE_SEEK_FAILED", "The device cannot go to this place in the file.",
	  "Repeat from the beginning." },
	{ SMP_GROUP_FS, 7, "FILE_READ_FAILED", "The file cannot be read.",
	  "Check the file system." },
	{ SMP_GROUP_FS, 8, "FILE_TRUNCATE_FAILED", "The file cannot be shortened.",
	  "Delete it first." },
	{ SMP_GROUP_FS, 9, "FILE_DELETE_FAILED", "The file cannot be deleted.",
	  "It may be open." },
	{ SMP_GROUP_FS, 10, "FILE_WRITE_FAILED", "The file cannot be written.",
	  "The file system may be full." },
	{ SMP_GROUP_FS, 11, "FILE_OFFSET_NOT_VALID", "The device wanted another offset.",
	  "Go on at the length it reports." },
	{ SMP_GROUP_FS, 12, "FILE_OFFSET_LARGER_THAN_FILE", "The offset is beyond the end of the file.",
	  "Ask for its length first." },
	{ SMP_GROUP_FS, 13, "CHECKSUM_HASH_NOT_FOUND", "The device does not have this hash.",
	  "List the hashes it has." },
	{ SMP_GROUP_FS, 14, "MOUNT_POINT_NOT_FOUND", "There is no file system at this path.",
	  "Check the mount point." },
	{ SMP_GROUP_FS, 15, "READ_ONLY_FILESYSTEM", "The file system is read-only.",
	  "Use another one." },
	{ SMP_GROUP_FS, 16, "FILE_EMPTY", "The file is empty.",
	  "There is nothing to hash; upload it again if it should hold something." },
	{ SMP_GROUP_SHELL, 2, "COMMAND_TOO_LONG", "The command line is too long.",
	  "Shorten it." },
	{ SMP_GROUP_SHELL, 3, "EMPTY_COMMAND", "There is no command.",
	  "Give one." },
	{ SMP_GROUP_ENUM, 2, "TOO_MANY_GROUP_ENTRIES", "More groups than fit into a reply.",
	  "Ask one by one." },
	{ SMP_GROUP_ENUM, 3, "INSUFFICIENT_HEAP_FOR_ENTRIES", "The device has no memory for the list.",
	  "Ask one by one." },
	{ SMP_GROUP_ENUM, 4, "INDEX_TOO_LARGE", "There are fewer groups than that.",
	  "Ask for the count first." },
	{ SMP_GROUP_BASIC, 2, "FLASH_OPEN_FAILED", "The storage partition cannot be opened.",
	  "Its partitions and its build do not fit." },
	{ SMP_GROUP_BASIC, 3, "FLASH_CONFIG_QUERY_FAIL", "The shape of the storage partition is not known.",
	  "Its partitions and its build do not fit." },
	{ SMP_GROUP_BASIC, 4, "FLASH_ERASE_FAILED", "The storage partition cannot be erased.",
	  "Check the supply; if it stays, the page is worn." },
};

static const struct smp_code_text unknown = { SMP_CODE_PROTOCOL, 0xffff, "unknown", "The device gave a code that this version does not know.",
					      "See the documents of the device's application." };

const struct smp_code_text *smp_code_list(size_t *count)
{
	*count = HF_ARRAY_COUNT(codes);
	return codes;
}

const struct smp_code_text *smp_code_text(const struct smp_code *code)
{
	uint32_t group = !code->of_group || code->rc <= 1u ? SMP_CODE_PROTOCOL : code->group;
	uint16_t rc = !code->of_group && code->rc > FIRST_USER_CODE ? (uint16_t)FIRST_USER_CODE : code->rc;

	for (size_t i = 0; i < HF_ARRAY_COUNT(codes); i++) {
		if (codes[i].group == group && codes[i].rc == rc)
			return &codes[i];
	}
	return &unknown;
}

const char *smp_group_name(uint16_t group)
{
	static const struct {
		uint16_t group;
		const char *name;
	} names[] = { { SMP_GROUP_OS, "os" }, { SMP_GROUP_IMAGE, "image" }, { SMP_GROUP_STAT, "statistics" },
		      { SMP_GROUP_SETTINGS, "settings" }, { SMP_GROUP_FS, "file system" }, { SMP_GROUP_SHELL, "shell" },
		      { SMP_GROUP_ENUM, "enumeration" }, { SMP_GROUP_BASIC, "basic" }, { SMP_GROUP_HOLDFAST, "holdfast" } };

	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		if (names[i].group == group)
			return names[i].name;
	}
	return group >= 64u ? "application" : "unknown";
}

const char *smp_mode_name(int32_t mode)
{
	static const char *const names[] = { "single application", "swap with scratch", "overwrite only", "swap using move", "direct-XIP",
					     "direct-XIP with revert", "RAM load", "firmware loader", "single-slot RAM load", "swap using offset" };

	return mode >= 0 && (size_t)mode < HF_ARRAY_COUNT(names) ? names[mode] : "unknown";
}
