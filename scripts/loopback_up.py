"""Switches 127.0.0.1 on, which a network namespace of its own (`unshare -n`) starts without. For scripts/matrix.sh; root."""
import fcntl
import socket
import struct

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP, b""))
