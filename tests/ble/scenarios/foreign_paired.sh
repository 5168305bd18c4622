# SPDX-License-Identifier: MIT
# needs: python
# limit: 600
# A central that others wrote: bluetoothctl reads the services; who does not pair is not served; pairing without and with a passkey, an update over an encrypted link.
image old.bin 1.0.0 20000
image small.bin 3.0.0 16000
radios
bluetooth
python3 /guest/foreign.py services strangers encrypted authenticated || FAILURES=1
