/* SPDX-License-Identifier: MIT */
/* chip.h - a chip that is RAM, for test_radio.c. The figures are the nRF52840's. */
#ifndef TESTS_RADIO_FAKE_CHIP_H
#define TESTS_RADIO_FAKE_CHIP_H

#include <stdint.h>

#define CHIP_FICR_DEVICEADDR 0u
#define CHIP_RADIO_SWI_IRQ 20u
#define CHIP_PAGE_BYTES 4096u
#define CHIP_WRITE_UNIT_BYTES 4u
#define CHIP_WRITE_PIECE_BYTES 64u
#define CHIP_WRITE_PIECE_US 700u
#define CHIP_ERASE_PIECES 18u
#define CHIP_ERASE_PIECE_US 5000u

#endif
