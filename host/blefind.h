/* SPDX-License-Identifier: MIT */
/* blefind.h - which adapter, and which of the devices around is meant.
 *
 * Why      Names are not unique and addresses not for ever. A name that two devices have is refused, not guessed at; a device that was
 *          connected once is followed by its address, by its identity where there is a bond (BlueZ resolves private addresses), and by its
 *          name if its address was a random one.
 * Order    blefind_adapter, then blefind_device; or blefind_scan for a list.
 * Errors   HF_R_HOST_BLE_NO_ADAPTER, _ADAPTER_OFF, _SCAN, _NOT_SEEN (with what was seen), _SEVERAL, those of bluez.h.
 */
#ifndef HOST_BLEFIND_H
#define HOST_BLEFIND_H

#include "address.h"
#include "bluez.h"

#define BLEFIND_STEP_MS 10000u /* unless the address says another */

static inline uint32_t blefind_step_ms(const struct address *address)
{
	return address->ble_wait_s != 0 ? address->ble_wait_s * 1000u : BLEFIND_STEP_MS;
}

/* name: "hci0", or "" for the first that is on. path: BLUEZ_PATH_BYTES. */
enum hf_reason blefind_adapter(struct bluez *bluez, const char *subject, const char *name, char *path, struct problem *problem) HF_MUST_USE;

/* path: BLUEZ_PATH_BYTES, of the device that the address means. */
enum hf_reason blefind_device(struct bluez *bluez, const char *subject, const struct address *address, const char *adapter, char *path,
			      struct problem *problem) HF_MUST_USE;

/* Is it the device that text names, by name or address? */
bool blefind_is(const struct bluez_object *device, const char *text);
/* Its name, or what stands for one. */
const char *blefind_name(const struct bluez_object *device);

/* What is seen within time_ms; each is called once, at the end. */
enum hf_reason blefind_scan(struct bluez *bluez, const char *adapter, uint32_t time_ms,
			    void (*each)(void *ctx, const struct bluez_object *device), void *ctx, struct problem *problem) HF_MUST_USE;

#endif
