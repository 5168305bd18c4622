# SPDX-License-Identifier: MIT
# limit: 200
# Our central on bluetoothd against our peripheral: a whole update, one that is taken back, and what else a device is asked.
radios
bluetooth
image old.bin 1.0.0 20000
image new.bin 1.1.0 300000
image third.bin 1.2.0 20000
device Bench
address=ble:00:AA:01:01:00:01
check "found" holdfast devices --ble --seconds 3
check "with its name, and that it offers SMP" grep -E 'Bench .*ble:00:AA:01:01:00:01 .*dBm .*SMP' /tmp/check.out
check "echo" holdfast echo ble:Bench hello
check "an update from upload to confirm" holdfast update "$address" new.bin --wait 60
cat /tmp/check.out
check "it runs the new image" sh -c "holdfast image list $address | grep -E '1.1.0.*confirmed'"
check "left on trial" holdfast update "$address" third.bin --no-confirm --wait 60
check "taken back by the next reset" holdfast reset "$address"
sleep 1
check "it runs what it ran before" sh -c "holdfast image list $address | grep -E '1.1.0.*confirmed'"
