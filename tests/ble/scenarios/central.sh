# SPDX-License-Identifier: MIT
# limit: 200
# Our central on bluetoothd against our peripheral: a whole update, one that is taken back, and what else a device is asked.
radios
bluetooth
image old.bin 1.0.0 20000
image new.bin 1.1.0 400000
image third.bin 1.2.0 20000
device Bench --mtu 517
address=ble:00:AA:01:01:00:01
check "found, with its name, address, signal, and that it offers SMP" \
	sh -c "holdfast devices --ble --seconds 3 | grep -E 'Bench .*ble:00:AA:01:01:00:01 .*dBm .*SMP'"
check "echo by name" holdfast echo ble:Bench hello
check "an update from upload to confirm" holdfast update "$address" new.bin --wait 60
rate=$(sed -n 's/^uploaded .*(\([0-9.]*\) KB.s)$/\1/p' /tmp/check.out)
figure upload_rate "${rate:-0}" KB/s
check "it runs the new image" sh -c "holdfast image list $address | grep -E '1.1.0.*confirmed'"
check "left on trial" holdfast update "$address" third.bin --no-confirm --wait 60
check "taken back by the next reset" holdfast reset "$address"
wait_for 20 said device "boot 4"
check "it runs what it ran before" sh -c "holdfast image list $address | grep -E '1.1.0.*confirmed'"
check "info" holdfast info "$address"
head -c 3000 /dev/urandom >file.bin
check "a file there" holdfast fs upload "$address" file.bin /lfs/file.bin
check "and back" holdfast fs download "$address" /lfs/file.bin back.bin
check "the same" cmp file.bin back.bin
check "a setting" sh -c "holdfast settings write $address demo/name x --as text; holdfast settings read $address demo/name"
check "its shell" holdfast shell "$address" echo hello
