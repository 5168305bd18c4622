# SPDX-License-Identifier: MIT
# needs: python
# limit: 600
# Our central against a peripheral that others wrote, down to the HCI: bumble on hci1's user channel, messages by the package smp; without
# pairing, with a link that is cut in the middle; then with Just Works, then with a passkey.
radios
bluetooth
image old.bin 1.0.0 20000
image new.bin 1.1.0 100000
image small.bin 1.2.0 20000
serve_by_bumble()
{
	adapter_off hci1 || hciconfig hci1 down
	start device python3 /guest/bumble_device.py "$1" Bumble old.bin
	wait_for 60 said device ready
}
device=ble:Bumble
serve_by_bumble open
check "found, with its name and that it offers SMP" sh -c "holdfast devices --ble --seconds 3 | grep -E 'Bumble .*SMP'"
check "echo" sh -c "holdfast echo $device hello | grep hello"
check "a long one, in several packets" sh -c "holdfast echo $device $(head -c 700 /dev/zero | tr '\0' x) | grep -E 'x{700}'"
check "info" sh -c "holdfast info $device | grep bumble"
start update holdfast update "$device" new.bin --wait 60 --trace
wait_for 60 uploading update 8
cut_link
wait_for 60 said update 'confirmed: 1.1.0'
check "an update whose link was cut in the middle of the upload: it went on there" went_on update 100000
check "it runs the new image" sh -c "holdfast image list $device | grep -E '1.1.0.*confirmed'"
check "the device saw a test, not more" said device "marked 1.1.0 for a test"
check "and then the confirmation" said device "confirmed 1.1.0"
check "left on trial" holdfast update "$device" small.bin --no-confirm --wait 60
check "taken back by the next reset" holdfast reset "$device"
wait_for 20 sh -c "[ \$(grep -c '^boot 1.1.0' /tmp/device.log) = 2 ]"
check "uploads arrived whole" sh -c "[ \$(grep -c 'bytes, whole' /tmp/device.log) = 2 ]"
check "a large MTU" said device "mtu 51[27]"
check "nothing it had to refuse" sh -c "! grep -E 'malformed|damaged' /tmp/device.log"
stop device
serve_by_bumble encrypted
check "paired because the device wants it" holdfast echo "$device" hello
check "it says so, too" said device paired
check "an update over an encrypted link" holdfast update "$device" small.bin --wait 60
check "it runs that image" sh -c "holdfast image list $device | grep -E '1.2.0.*confirmed'"
check "nothing it had to refuse here" sh -c "! grep -E 'malformed|damaged' /tmp/device.log"
stop device
check "forgotten" holdfast device forget "$device"
serve_by_bumble authenticated
refuse "no passkey, and so not paired" 4 "HF-144[67]" holdfast echo "$device" hello
refuse "a wrong one" 4 "HF-1446" holdfast echo "$device" hello --passkey 1
check "the passkey that it shows, typed" python3 /guest/at_terminal.py /tmp/device.log holdfast echo "$device" hello
check "the bond serves the next one" sh -c "holdfast image list $device | grep 1.0.0"
stop device
