# SPDX-License-Identifier: MIT
# needs: python
# limit: 240
# Our central against a peripheral that others wrote: BlueZ's own GATT server on the second adapter, the same bluetoothd for both.
radios
bluetooth
check "hci1 for bluetoothd, too" power hci1 true
image old.bin 1.0.0 20000
image new.bin 1.1.0 100000
start device holdfast serve old.bin --key release.pem --udp 1337
start server python3 /guest/gatt_server.py
wait_for 60 said server ready
device="ble:Foreign?adapter=hci0"
check "found" sh -c "holdfast devices --ble --seconds 3 --adapter hci0 | grep -E 'Foreign .*SMP'"
check "echo" holdfast echo "$device" hello
check "an update from upload to confirm" holdfast update "$device" new.bin --wait 60
check "it runs the new image" sh -c "holdfast image list '$device' | grep -E '1.1.0.*confirmed'"
stop server
