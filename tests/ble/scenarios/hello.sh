# SPDX-License-Identifier: MIT
# The machine itself: both adapters are there, one is on.
radios
bluetooth
check "hci0 is on" adapter_on hci0
check "hci1 is off" adapter_off hci1
check "the program runs" holdfast --version
