"""Addresses of a host name, asked for once, so that all workers of a run go to the same place."""

from __future__ import annotations

import socket
import threading

PATIENCE_S = 5.0
_STEP_S = 0.1


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Addresses of a host in the order the system prefers; empty if it has none, or nobody says so in time.

    The system's resolver cannot be interrupted, so it is asked in a thread of its own: a signal still ends the gate.
    """
    found: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # UnicodeError: a label that IDNA refuses
            return
        found.extend(str(address[0]) for *_, address in answers)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    for _ in range(round(PATIENCE_S / _STEP_S)):
        thread.join(_STEP_S)
        if not thread.is_alive():
            break
    return tuple(dict.fromkeys(found))
