/* SPDX-License-Identifier: MIT */
/* nrf_clock.h - named by mpsl_clock.h, which needs nothing of it for these chips. */
#ifndef PORTS_NRF_SHIM_NRF_CLOCK_H
#define PORTS_NRF_SHIM_NRF_CLOCK_H
#endif
