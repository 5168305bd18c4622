# SPDX-License-Identifier: MIT
# clock: instructions
# limit: 600
# Several devices around one bluetoothd: two that are updated at once, by two adapters; one that comes back under another address; namesakes.
radios 4
bluetooth
check "a second adapter for the central" power hci3 true
wait_for 15 adapter_on hci3
image old.bin 1.0.0 20000
image new.bin 1.1.0 60000
image third.bin 1.2.0 300000
start other holdfast serve old.bin --key release.pem --ble Other --hci hci2 --mtu 247
wait_for 15 said other "listening +ble:Other"
device Bench --mtu 247
first="ble:00:AA:01:01:00:01?adapter=hci0" second="ble:00:AA:01:02:00:02?adapter=hci0"
check "both are found" sh -c "holdfast devices --ble --seconds 4 --adapter hci0 >/tmp/list; grep -E 'Bench .*00:AA:01:01:00:01 .*SMP' /tmp/list && grep -E 'Other .*00:AA:01:02:00:02 .*SMP' /tmp/list"
start update_first holdfast update "ble:Bench?adapter=hci0" new.bin --wait 60
start update_second holdfast update "ble:Other?adapter=hci3" new.bin --wait 60
wait_for 120 said update_first 'confirmed: 1.1.0'
wait_for 120 said update_second 'confirmed: 1.1.0'
check "the first runs the new image" sh -c "holdfast image list '$first' | grep -E '1.1.0.*confirmed'"
check "the second, too" sh -c "holdfast image list '$second' | grep -E '1.1.0.*confirmed'"
stop other
stop device

# The same board, found by its name, with another address after a loss in the middle.
start air air hci1
wait_for 10 said air adapter
rm -f board.flash
adapter_off hci2 || hciconfig hci2 down
device Bench --hci hci4 --mtu 247 --flash board.flash
start update holdfast update "ble:Bench?adapter=hci0" third.bin --wait 60 --trace
wait_for 60 uploading update 20
stop device
device Bench --hci hci2 --mtu 247 --flash board.flash
check "it has another address now" said device 00:AA:01:02:00:02
wait_for 120 said update 'confirmed: 1.2.0'
check "the one that has the new image" sh -c "holdfast image list '$second' | grep -E '1.2.0.*confirmed'"
stop device

# Whoever shares a name is not taken for it.
start other holdfast serve old.bin --key release.pem --ble Twin --hci hci2
wait_for 15 said other "listening +ble:Twin"
device Twin --hci hci4
refuse "two of one name" 4 "00:AA:01:0[12].*00:AA:01:0[12].*HF-1441" holdfast echo "ble:Twin?adapter=hci0" hello
check "by address there is no doubt" holdfast echo "$second" hello
