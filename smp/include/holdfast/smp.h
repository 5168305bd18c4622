/* SPDX-License-Identifier: MIT */
/* smp.h - the SMP (MCUmgr) library: server for devices, client for hosts, one source, no I/O.
 *
 * Why      Same code on both sides means that the tests of one are tests of the other; bytes, time and memory come from the
 *          caller, so that any transport and any RTOS will do.
 * Shapes   smp_message header and codes | smp_cbor bodies | smp_frame console lines | smp_server dispatcher | smp_memory requests that come twice |
 *          smp_groups handlers | smp_app settings, files, statistics | smp_client requests | smp_upload windowed upload |
 *          smp_requests all other commands | smp_file files | smp_stream files with a window | smp_wire raw and console framing behind one face |
 *          smp_codes words (host only).
 * Limits   no malloc, no globals that change, no recursion. Figures: docs/evidence.md.
 */
#ifndef HOLDFAST_SMP_H
#define HOLDFAST_SMP_H

#include <holdfast/smp_app.h>
#include <holdfast/smp_cbor.h>
#include <holdfast/smp_client.h>
#include <holdfast/smp_file.h>
#include <holdfast/smp_frame.h>
#include <holdfast/smp_groups.h>
#include <holdfast/smp_memory.h>
#include <holdfast/smp_message.h>
#include <holdfast/smp_requests.h>
#include <holdfast/smp_server.h>
#include <holdfast/smp_stream.h>
#include <holdfast/smp_upload.h>
#include <holdfast/smp_wire.h>

#endif
