# SPDX-License-Identifier: MIT
# clock: instructions
# kernel: newer
# limit: 600
# A device with a static random address, and another one after a loss in the middle: named by its address, it is followed by its name.
radios
bluetooth
image old.bin 1.0.0 20000
image new.bin 1.1.0 100000
start air air hci1
wait_for 10 said air adapter
bench() { device Bench --hci hci2 --mtu 247 --flash board.flash --address "$1"; }
bench C0:00:00:00:00:01
sees 'Bench .*ble:C0:00:00:00:00:01 .*SMP'
start update holdfast update ble:C0:00:00:00:00:01 new.bin --wait 60 --trace
wait_for 60 uploading update 8
stop device
check "it was not the whole image" sh -c "! grep -a ^uploaded /tmp/update.log"
bench C0:00:00:00:00:02
wait_for 120 said update 'confirmed: 1.1.0'
check "the one that has the new image" sh -c "holdfast image list ble:C0:00:00:00:00:02 | grep -E '1.1.0.*confirmed'"
