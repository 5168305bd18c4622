/* SPDX-License-Identifier: MIT */
/* report_device.h - what devices say, for people and programs. */
#ifndef HOST_REPORT_DEVICE_H
#define HOST_REPORT_DEVICE_H

#include "device.h"
#include "report.h"

void report_images(const struct smp_image_list *list, struct report *report);
/* Asks a Holdfast loader's boot report; nothing is said of a device that has none. */
enum hf_reason report_why(struct device *device, struct report *report, struct problem *problem) HF_MUST_USE;
/* The reply itself; *known false: the device has none. */
enum hf_reason device_why(struct device *device, struct smp_why_reply *why, bool *known, struct problem *problem) HF_MUST_USE;

#endif
