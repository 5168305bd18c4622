/* SPDX-License-Identifier: MIT */
#include "hci_user.h"

enum hf_reason hci_user_open(const char *adapter, int *fd, struct problem *problem)
{
	(void)fd;
	return problem_set(problem, HF_R_HOST_HCI_NOT_LINUX, adapter, "%s", "");
}

enum hf_reason hci_user_read(int fd, uint8_t *packet, uint32_t *size_bytes, struct problem *problem)
{
	(void)fd;
	(void)packet;
	(void)size_bytes;
	return problem_set(problem, HF_R_HOST_HCI_NOT_LINUX, NULL, "%s", "");
}

enum hf_reason hci_user_write(int fd, const uint8_t *packet, uint32_t size_bytes, struct problem *problem)
{
	(void)fd;
	(void)packet;
	(void)size_bytes;
	return problem_set(problem, HF_R_HOST_HCI_NOT_LINUX, NULL, "%s", "");
}
