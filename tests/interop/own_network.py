# SPDX-License-Identifier: MIT
"""own_network.py - a network of the process's own, so that programs whose port is fixed do not meet those of another test."""
import ctypes
import fcntl
import os
import socket
import struct

NEW_USER, NEW_NET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40


def own_network():
    """For this process and its children; before the first thread. False: not allowed here, the machine's network is used."""
    flags = NEW_NET if os.getuid() == 0 else NEW_NET | NEW_USER
    if ctypes.CDLL(None).unshare(flags) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP | IFF_RUNNING))
    return True
