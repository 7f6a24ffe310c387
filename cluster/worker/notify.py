"""Tells whoever started this process how it is doing, in systemd's words: a unit of Type=notify works as it is."""

import os
import socket


def notify(**words: object) -> None:
    """Send `READY=1`, `STATUS=…` and the like to the socket that NOTIFY_SOCKET names; without it, do nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    lines = {**words, "MAINPID": os.getpid()}
    message = "\n".join(f"{name}={value}" for name, value in lines.items())
    # A sign of life that nobody takes is worth nothing later, and must not hold up the one who gives it.
    flags = socket.MSG_DONTWAIT if "WATCHDOG" in words else 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            # A leading @ is how an environment variable spells the zero byte of an abstract address.
            sender.sendto(message.encode(), flags, f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError:
            # The supervisor may be gone: not a reason for a healthy process to stop.
            return
