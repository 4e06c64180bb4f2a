"""What commands may do to the world, handed to them by the command line; tests hand in their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gate.load.engine import Engine

if TYPE_CHECKING:
    from gate.config.environment import Redactor
    from gate.measure.network import Network
    from gate.measure.outlook import Runner
    from gate.measure.ready import Clock


class Console(Protocol):
    """Where text goes."""

    def say(self, text: str) -> None:
        """Progress: a line on standard error."""

    def live(self, text: str) -> None:
        """How things stand: on a terminal at once, in a log now and then."""

    def warn(self, text: str) -> None:
        """What must not be overlooked: a line on standard error that stays."""

    def show(self, text: str) -> None:
        """A result: text on standard output."""

    def hide(self, redactor: Redactor) -> None:
        """Keep these values out of everything printed from now on."""


@dataclass(frozen=True)
class Effects:
    """Network, clock, environment and output."""

    environ: Mapping[str, str]
    console: Console
    clock: Clock
    utc_now: Callable[[], str]
    """ISO 8601 with seconds and a Z."""
    new_id: Callable[[], str]
    network: Network
    engine: Callable[[], Engine]
    runner: Runner
    tool: str
    hosts_required: bool = False
    """On GitHub a suite has to name the hosts that may be loaded."""
