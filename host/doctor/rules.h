/* SPDX-License-Identifier: MIT */
/* rules.h - the detectors of rules.def, one a row, by field: rules_build.c, rules_keys.c, rules_layout.c, rules_slots.c, rules_boot.c, rules_version.c,
 * rules_upload.c, rules_flash.c, rules_conflicts.c. A detector looks at facts and makes findings; it keeps no state. */
#ifndef HOST_DOCTOR_RULES_H
#define HOST_DOCTOR_RULES_H

#include "doctor.h"

/* A message with the code's name was seen: a finding with those lines is made. */
bool by_message(struct doctor *d, const char *code);

/* Part of D01: rules_final.c. */
void rules_final_compare(struct doctor *d);

void detect_nothing(struct doctor *d);
void detect_b01(struct doctor *d);
void detect_b02(struct doctor *d);
void detect_b03(struct doctor *d);
void detect_b04(struct doctor *d);
void detect_b05(struct doctor *d);
void detect_b06(struct doctor *d);
void detect_b07(struct doctor *d);
void detect_b08(struct doctor *d);
void detect_b09(struct doctor *d);
void detect_b10(struct doctor *d);
void detect_b11(struct doctor *d);
void detect_b12(struct doctor *d);
void detect_b13(struct doctor *d);
void detect_b14(struct doctor *d);
void detect_b15(struct doctor *d);
void detect_b16(struct doctor *d);
void detect_b17(struct doctor *d);
void detect_b18(struct doctor *d);
void detect_k01(struct doctor *d);
void detect_k02(struct doctor *d);
void detect_k03(struct doctor *d);
void detect_k04(struct doctor *d);
void detect_k05(struct doctor *d);
void detect_k06(struct doctor *d);
void detect_k07(struct doctor *d);
void detect_k09(struct doctor *d);
void detect_k10(struct doctor *d);
void detect_k11(struct doctor *d);
void detect_k12(struct doctor *d);
void detect_k13(struct doctor *d);
void detect_k14(struct doctor *d);
void detect_p01(struct doctor *d);
void detect_p02(struct doctor *d);
void detect_p03(struct doctor *d);
void detect_p04(struct doctor *d);
void detect_p05(struct doctor *d);
void detect_p06(struct doctor *d);
void detect_p07(struct doctor *d);
void detect_p08(struct doctor *d);
void detect_p09(struct doctor *d);
void detect_p10(struct doctor *d);
void detect_p11(struct doctor *d);
void detect_p12(struct doctor *d);
void detect_p13(struct doctor *d);
void detect_p14(struct doctor *d);
void detect_p15(struct doctor *d);
void detect_p16(struct doctor *d);
void detect_p17(struct doctor *d);
void detect_p18(struct doctor *d);
void detect_p19(struct doctor *d);
void detect_p20(struct doctor *d);
void detect_s01(struct doctor *d);
void detect_s02(struct doctor *d);
void detect_s03(struct doctor *d);
void detect_s04(struct doctor *d);
void detect_s05(struct doctor *d);
void detect_s06(struct doctor *d);
void detect_s07(struct doctor *d);
void detect_s08(struct doctor *d);
void detect_s09(struct doctor *d);
void detect_s10(struct doctor *d);
void detect_s11(struct doctor *d);
void detect_s12(struct doctor *d);
void detect_s13(struct doctor *d);
void detect_s14(struct doctor *d);
void detect_s15(struct doctor *d);
void detect_u01(struct doctor *d);
void detect_u02(struct doctor *d);
void detect_u03(struct doctor *d);
void detect_u04(struct doctor *d);
void detect_u06(struct doctor *d);
void detect_u07(struct doctor *d);
void detect_u09(struct doctor *d);
void detect_u10(struct doctor *d);
void detect_u11(struct doctor *d);
void detect_u14(struct doctor *d);
void detect_u15(struct doctor *d);
void detect_u16(struct doctor *d);
void detect_c01(struct doctor *d);
void detect_c02(struct doctor *d);
void detect_c03(struct doctor *d);
void detect_c04(struct doctor *d);
void detect_c05(struct doctor *d);
void detect_c06(struct doctor *d);
void detect_c07(struct doctor *d);
void detect_e02(struct doctor *d);
void detect_e05(struct doctor *d);
void detect_r01(struct doctor *d);
void detect_r02(struct doctor *d);
void detect_r03(struct doctor *d);
void detect_r04(struct doctor *d);
void detect_r05(struct doctor *d);
void detect_r06(struct doctor *d);
void detect_r07(struct doctor *d);
void detect_r08(struct doctor *d);
void detect_x01(struct doctor *d);
void detect_x03(struct doctor *d);
void detect_x04(struct doctor *d);
void detect_x05(struct doctor *d);
void detect_x06(struct doctor *d);
void detect_x07(struct doctor *d);
void detect_x08(struct doctor *d);
void detect_x09(struct doctor *d);
void detect_x10(struct doctor *d);
void detect_n01(struct doctor *d);
void detect_n02(struct doctor *d);
void detect_n03(struct doctor *d);
void detect_n04(struct doctor *d);
void detect_a01(struct doctor *d);
void detect_a02(struct doctor *d);
void detect_a03(struct doctor *d);
void detect_a04(struct doctor *d);
void detect_a06(struct doctor *d);
void detect_a08(struct doctor *d);
void detect_d01(struct doctor *d);
void detect_d02(struct doctor *d);
void detect_d04(struct doctor *d);
void detect_d05(struct doctor *d);
void detect_d07(struct doctor *d);
void detect_d08(struct doctor *d);
void detect_d09(struct doctor *d);
void detect_d10(struct doctor *d);
void detect_d11(struct doctor *d);
void detect_d12(struct doctor *d);
void detect_d13(struct doctor *d);

/* An image that is meant for the main layout's slots: named, or of the build; not one of a bootloader, nor one that a hex file puts
 * elsewhere. */
bool rules_is_application(const struct found_image *image);

/* Of a build: partitions.yml or zephyr.dts. */
bool rules_is_generated(const struct layout *l);

/* Part of B08 and B09: what is switched on in MCUboot against the room that the layout gives it. */
void rules_loader_room(struct doctor *d);

#endif
