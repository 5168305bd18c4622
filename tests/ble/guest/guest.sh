# SPDX-License-Identifier: MIT
# What a scenario may call. Central's side: hci0, which bluetoothd drives. Peripheral's side: hci1, which is free for an HCI user channel
# (bluetoothd is told not to switch adapters on). Outputs of programs in the background: /tmp/NAME.log.
#
#   radios [COUNT]         two linked LE controllers, hci0 (00:AA:01:00:00:00) and hci1 (00:AA:01:01:00:01); or more, all linked: hci2
#                          (00:AA:01:02:00:02).. Each for one connection: btvirt 5.66 carries a second one of the same controller in one direction.
#   bluetooth              dbus-daemon and bluetoothd; hci0 switched on
#   start NAME COMMAND...  in the background; its process is in /tmp/NAME.pid
#   stop NAME [SIGNAL]     ends it and waits for it
#   wait_for SECONDS COMMAND...   until the command succeeds; fails the scenario when it never does
#   said NAME PATTERN      whether its output has a line with the pattern (grep -E)
#   check WHAT COMMAND...  one check: "ok WHAT", or FAILED with the command's output
#   refuse WHAT CODE PATTERN COMMAND...  the command ends with this exit code and its output has the pattern
#   figure NAME VALUE UNIT a measured value
#   note TEXT              a line for the reader
#   fail TEXT              ends the scenario
#   device NAME [OPTIONS]  starts `holdfast serve old.bin --ble NAME --hci hci1` as "device" and waits until it can be found
#   sees PATTERN           looks for devices until the list has a line with the pattern. A newer kernel may hand on the one report of the virtual
#                          controller before bluetoothd counts its discovery as begun, which ignores it then.
#   cut_link               ends the connection, as when the peer is out of reach; both sides learn it. (A killed peripheral is silence for ever
#                          here: btvirt has no supervision timeout. `stop device` ends its connections in words.)
#   uploading NAME COUNT   whether `holdfast ... --trace` in the background has sent so many pieces of an upload
#   went_on NAME BYTES     whether its upload went on in the middle of that many: neither at the start nor at the end
#   image FILE VERSION BYTES [KEY]  a signed image of that many random bytes; makes the key (release.pem) first if it is not there
# The scenario passes when its end is reached and each check was ok.
FAILURES=0

note() { echo "# $*"; }

finish()
{
	: >/tmp/finished
	if [ "$FAILURES" = 0 ]; then
		echo "result passed"
	else
		show_logs
		echo "result failed: $FAILURES checks"
	fi
}

show_logs()
{
	for log in /tmp/*.log; do
		[ -e "$log" ] || continue
		echo "--- $log"
		tail -n 40 "$log"
	done
	dmesg | tail -n 15
}

fail()
{
	echo "FAILED $*"
	FAILURES=$((FAILURES + 1))
	finish
	sync
	poweroff -f
	sleep 60
}

uptime_ms() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

figure() { echo "figure $*"; }

check()
{
	local what=$1 code
	shift
	if "$@" >/tmp/check.out 2>&1; then
		echo "ok $what"
	else
		code=$?
		echo "FAILED $what: exit code $code of: $*"
		tail -n 30 /tmp/check.out
		FAILURES=$((FAILURES + 1))
	fi
}

refuse()
{
	local what=$1 wanted=$2 pattern=$3 code
	shift 3
	code=0
	"$@" >/tmp/check.out 2>&1 || code=$?
	if [ "$code" = "$wanted" ] && grep -qE "$pattern" /tmp/check.out; then
		echo "ok $what"
	else
		echo "FAILED $what: exit code $code (wanted $wanted), wanted the words '$pattern', of: $*"
		tail -n 30 /tmp/check.out
		FAILURES=$((FAILURES + 1))
	fi
}

wait_for()
{
	local until_ms=$(($(uptime_ms) + $1 * 1000))
	shift
	while ! "$@" >/tmp/wait.out 2>&1; do
		if [ "$(uptime_ms)" -gt "$until_ms" ]; then
			cat /tmp/wait.out
			fail "waited in vain for: $*"
		fi
		usleep 100000
	done
}

said() { grep -aqE "$2" "/tmp/$1.log"; }

start()
{
	local name=$1
	shift
	"$@" >"/tmp/$name.log" 2>&1 &
	echo $! >"/tmp/$name.pid"
}

stop()
{
	local pid=$(cat "/tmp/$1.pid")
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	rm -f "/tmp/$1.pid"
}

exists() { [ -e "$1" ]; }

radios()
{
	local count=${1:-2}
	start btvirt btvirt -L "-l$count"
	wait_for 10 exists "/sys/class/bluetooth/hci$((count - 1))"
}

adapter_on() { hciconfig "$1" | grep -q 'UP RUNNING'; }
adapter_off() { ! adapter_on "$1"; }
bus_has_adapter() { dbus-send --system --print-reply --dest=org.bluez "/org/bluez/$1" org.freedesktop.DBus.Properties.Get string:org.bluez.Adapter1 string:Address; }
power()
{
	dbus-send --system --print-reply --dest=org.bluez "/org/bluez/$1" org.freedesktop.DBus.Properties.Set string:org.bluez.Adapter1 \
		string:Powered "variant:boolean:$2"
}

bluetooth()
{
	mkdir -p /run/dbus /var/lib/bluetooth
	[ -e /run/dbus/system_bus_socket ] || start dbus dbus-daemon --system --nofork --nopidfile
	wait_for 10 exists /run/dbus/system_bus_socket
	start bluetoothd /usr/libexec/bluetooth/bluetoothd -n ${BLUETOOTHD_OPTIONS:-}
	wait_for 15 bus_has_adapter hci0
	wait_for 15 power hci0 true
	wait_for 15 adapter_on hci0
}

image()
{
	local key=${4:-release.pem}
	[ -e "$key" ] || check "a key" holdfast key new "$key"
	head -c "$3" /dev/urandom >/tmp/payload.bin
	check "an image $2 of $3 bytes" holdfast sign /tmp/payload.bin "$1" --key "$key" --version "$2" --header-size 0x200 --pad-header \
		--slot-size 0x80000 --align 8
}

device()
{
	local name=$1
	shift
	start device holdfast serve old.bin --key release.pem --ble "$name" --hci hci1 "$@"
	wait_for 15 said device "listening +ble:$name|\"ble\":"
}

sees() { wait_for 100 sh -c "holdfast devices --ble --seconds 3 | grep -E '$1'" && echo "ok it sees $1"; }

uploading() { [ "$(grep -ac 'write image upload' "/tmp/$1.log")" -gt "$2" ]; }

went_on()
{
	local at=$(sed -n 's/^it went on at byte \([0-9]*\),.*/\1/p' "/tmp/$1.log")
	echo "it went on at byte $at"
	[ "${at:-0}" -gt 0 ] && [ "$at" -lt "$2" ]
}

cut_link()
{
	for handle in $(hcitool -i hci0 con | sed -n 's/.* handle \([0-9]*\) .*/\1/p'); do
		hcitool -i hci0 ledc "$handle"
	done
}
