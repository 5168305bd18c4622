# SPDX-License-Identifier: MIT
# holdfast serve --ble by itself: what it refuses and in which words; what the system's own tools see of it.
rmmod hci_vhci algif_hash algif_skcipher bluetooth
image old.bin 1.0.0 20000
refuse "no Bluetooth in the kernel" 3 "HF-1470" holdfast serve old.bin --key release.pem --ble Bench
while read -r module; do insmod "/lib/modules/$module.ko" 2>/dev/null; done </lib/modules/order
refuse "no adapter" 3 "hci0.*HF-1471" holdfast serve old.bin --key release.pem --ble Bench
radios
bluetooth
refuse "the adapter is on" 3 "hci0.*HF-1472" holdfast serve old.bin --key release.pem --ble Bench
cp old.bin release.pem /tmp
chmod a+r /tmp/old.bin /tmp/release.pem
refuse "not allowed" 3 "hci1.*HF-1473" su user -c 'holdfast serve /tmp/old.bin --key /tmp/release.pem --ble Bench --hci hci1'
refuse "no name of an adapter" 2 "hci0, not 'eth0'" holdfast serve old.bin --key release.pem --ble Bench --hci eth0
refuse "a policy without --ble" 2 "ble.*policy" holdfast serve old.bin --key release.pem --policy open
refuse "no such policy" 2 "closed" holdfast serve old.bin --key release.pem --ble Bench --policy closed
refuse "a small MTU" 2 "65 to 517" holdfast serve old.bin --key release.pem --ble Bench --mtu 64
device Bench
check "it tells its address" said device "listening +ble:Bench, 00:AA:01:01:00:01 on hci1, policy open"
refuse "a second one on the same adapter" 3 "hci1.*HF-147[12]" holdfast serve old.bin --key release.pem --ble Other --hci hci1
stop device
echo "holdfast bonds 1" >board.flash.bonds
echo "public 00aa01 nothing" >>board.flash.bonds
refuse "damaged bonds" 3 "board.flash.bonds: line 2.*HF-1477" holdfast serve old.bin --key release.pem --ble Bench --hci hci1 --flash board.flash
blocked=$(dirname "$(grep -l hci1 /sys/class/rfkill/*/name)")
echo 1 >"$blocked/soft"
refuse "blocked" 3 "hci1.*HF-1475" holdfast serve old.bin --key release.pem --ble Bench --hci hci1
echo 0 >"$blocked/soft"
adapter_off hci1 || hciconfig hci1 down
device Bench --json
check "its object is JSON" sh -c "head -n 1 /tmp/device.log | grep -q '^{'"
kill -KILL "$(cat /tmp/btvirt.pid)"
code=0
wait "$(cat /tmp/device.pid)" || code=$?
check "an adapter that is pulled out ends it" test "$code" = 3
check "and it says so" said device "HF-1476"
