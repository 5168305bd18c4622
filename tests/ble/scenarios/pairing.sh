# SPDX-License-Identifier: MIT
# needs: python
# limit: 600
# clock: instructions
# Our central pairs with our peripheral: by itself when the device wants it, when the user does, with a passkey, and with a bond whose half
# here is lost. (A half that the device has lost: lost_bond.)
radios
bluetooth
image old.bin 1.0.0 20000
image new.bin 1.1.0 60000
address=ble:00:AA:01:01:00:01
device Bench --policy encrypted --flash board.flash
check "paired because the device wants it" holdfast echo "$address" hello
check "the bond is kept" sh -c "holdfast devices --ble --seconds 2 | grep -E 'Bench .*paired'"
check "an update over an encrypted link" holdfast update "$address" new.bin --wait 60
check "forgotten here, not there" holdfast device forget "$address"
check "and paired anew" holdfast echo "$address" hello
check "forgotten" holdfast device forget "$address"
stop device
rm -f board.flash board.flash.bonds
device Bench --policy open
check "nobody asks for pairing" holdfast echo "$address" hello
check "paired because the user wants it" holdfast echo "$address" hello --pair
check "forgotten again" holdfast device forget "$address"
stop device
device Bench --policy authenticated
refuse "no passkey" 4 "passkey.*HF-144[67]" holdfast echo "$address" hello
refuse "a wrong passkey" 4 "HF-1446" holdfast echo "$address" hello --passkey 1
# The device makes everybody wait after three failures, longer each time, and says nothing of it but a refusal before any question. Three are
# not enough here: the first wait may be over before the next command has come so far.
waits() { holdfast echo "$address" hello --passkey 1 2>&1 | tee /tmp/waits.out | grep -q 'may refuse all for a while.*HF-1446'; }
wait_for 100 waits
note "it makes us wait: $(grep -o 'the device asked.*while' /tmp/waits.out)"
stop device
device Bench --policy authenticated
check "the passkey that the device shows, typed" python3 /guest/at_terminal.py /tmp/device.log holdfast echo "$address" hello
check "the bond serves the next one" holdfast echo "$address" hello
