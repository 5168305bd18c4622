/* SPDX-License-Identifier: MIT */
/* nrfx.h - the few names that the headers of Nordic's MPSL and SoftDevice Controller take from nrfx and CMSIS, so that an nrfxlib folder
 * alone is enough. Their structures are packed as the compiler says it; an interrupt number is passed in a register, so its type may be int. */
#ifndef PORTS_NRF_SHIM_NRFX_H
#define PORTS_NRF_SHIM_NRFX_H

#include <stdbool.h>
#include <stdint.h>

#define __PACKED __attribute__((packed))
#define __ALIGN(bytes) __attribute__((aligned(bytes)))

typedef int IRQn_Type;

#endif
