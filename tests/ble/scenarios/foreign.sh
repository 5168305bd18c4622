# SPDX-License-Identifier: MIT
# needs: python
# limit: 240
# A central that others wrote: smpclient on bleak; without pairing, a firmware-sized image, the smallest MTU.
image old.bin 1.0.0 20000
image large.bin 2.0.0 300000
image small.bin 3.0.0 16000
radios
bluetooth
python3 /guest/foreign.py open small || FAILURES=1
