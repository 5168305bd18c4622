# SPDX-License-Identifier: MIT
# clock: instructions
# kernel: newer
# limit: 600
# The device has lost its half of a bond: it is not replaced unasked, and forgetting it on this side cures it.
radios
bluetooth
image old.bin 1.0.0 20000
address=ble:00:AA:01:01:00:01
bench() { device Bench --policy encrypted --flash board.flash; }
bench
sees 'Bench .*ble:00:AA:01:01:00:01 .*SMP'
check "paired because the device wants it" holdfast echo "$address" hello
check "the bond serves the next one" holdfast echo "$address" hello
stop device
rm board.flash.bonds
bench
refuse "the device does not know the bond" 4 "HF-1448" holdfast echo "$address" hello
check "no other bond came about unasked" sh -c "! grep '^public' board.flash.bonds"
check "forgotten here, too" holdfast device forget "$address"
sees 'Bench .*ble:00:AA:01:01:00:01 .*SMP'
check "and paired anew" holdfast echo "$address" hello
check "this bond serves, too" holdfast echo "$address" hello
