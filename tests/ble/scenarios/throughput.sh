# SPDX-License-Identifier: MIT
# clock: instructions
# limit: 200
# An upload against a loop that only writes without response, in turns on the same connection: as fast as the emulated processor can, then at
# the pace of a radio (LE 2M), with large and with small packets.
image old.bin 1.0.0 20000
image a.bin 1.1.0 200000
image b.bin 1.2.0 200000
radios
bluetooth

# measure NAME: SHARE is what the upload had of the loop's rate.
measure()
{
	check "$1: measured" rate ble:00:AA:01:01:00:01 a.bin b.bin 1
	sed -n "s/^figure \(.*\)/figure $1.\1/p" /tmp/check.out
	share=$(sed -n 's/^figure share \([0-9]*\).*/\1/p' /tmp/check.out)
}

device Bench
measure processor
stop device
start air air hci1
wait_for 10 said air adapter
device Bench --hci hci2
measure radio
check "at a radio's pace an upload has at least 90 % of the link: $share %" test "$share" -ge 90
stop device
device Bench --hci hci2 --mtu 247
measure radio_mtu247
check "and with packets of 247 bytes: $share %" test "$share" -ge 90
