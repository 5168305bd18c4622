# SPDX-License-Identifier: MIT
# limit: 600
# clock: instructions
# What can go wrong between our central and our peripheral, on the real BlueZ; and that an upload goes on after it.
radios
refuse "no D-Bus" 3 "HF-1431" holdfast echo ble:Bench hello
mkdir -p /run/dbus
echo '<busconfig><policy user="user"><deny send_destination="org.bluez"/></policy></busconfig>' >/etc/dbus-1/system.d/user.conf
start dbus dbus-daemon --system --nofork --nopidfile
wait_for 10 exists /run/dbus/system_bus_socket
refuse "no bluetoothd" 3 "HF-1433" holdfast echo ble:Bench hello
bluetooth
refuse "no permission" 3 "HF-1432" su user -c "holdfast echo ble:Bench hello"
image old.bin 1.0.0 20000
image new.bin 1.1.0 300000
image third.bin 1.2.0 300000
# At a radio's pace an upload takes long enough to be cut where it is meant to be.
start air air hci1
wait_for 10 said air adapter
bench() { device Bench --hci hci2 --mtu 247 --flash board.flash; }
bench
address=ble:00:AA:01:01:00:01
refuse "a wrong name" 4 "seen: Bench .00:AA:01:01:00:01, .*SMP.*HF-1440" holdfast echo "ble:Bank?wait=3" hello
refuse "an adapter that is not there" 3 "hci7.*hci0.*HF-1435" holdfast echo "ble:Bench?adapter=hci7" hello
check "the adapter goes off" power hci0 false
refuse "an adapter that is off" 3 "hci0.*HF-1436" holdfast echo ble:Bench hello
check "and on" power hci0 true
# BlueZ 5.66 may crash when a connection ends with notifications on their way (notify_io_cb in its gatt-client.c); elsewhere systemd starts it again.
watch_over()
{
	while sleep 1; do
		[ -e "/proc/$(cat /tmp/bluetoothd.pid)" ] || { note "bluetoothd crashed, and is started again"; bluetooth; }
	done
}
watch_over &
start update holdfast update "$address" new.bin --wait 60 --trace
wait_for 60 uploading update 20
check "the adapter goes off in the middle" power hci0 false
sleep 1
check "and comes back" power hci0 true
wait_for 60 said update 'confirmed: 1.1.0'
check "the upload went on in the middle" went_on update 300000
start update holdfast update "$address" third.bin --wait 60 --trace
wait_for 60 uploading update 20
stop device
check "it was not the whole image" sh -c "! grep -a ^uploaded /tmp/update.log"
bench
wait_for 90 said update 'confirmed: 1.2.0'
note "a peripheral that vanished in the middle came back, and the update ended well"
image large.bin 1.3.0 300000
start update holdfast image upload "$address" large.bin --timeout 1000 --trace
wait_for 60 uploading update 20
stop device KILL
wait_for 100 said update "^holdfast: .*HF-(1170|1449|0[0-9]+)"
note "killed: $(grep -ao "^holdfast: .*" /tmp/update.log | cut -c1-160)"
