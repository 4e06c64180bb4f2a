"""What the server is asked about itself while it is under load."""

from __future__ import annotations

from gate.config.base import Model


class Telemetry(Model):
    """What is read besides the answers themselves."""

    server_timing: bool = False
    """Read the header Server-Timing of the answers: queries, time in them, waiting for connections, holding them."""
