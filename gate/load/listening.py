"""Listening to load workers: what they tell, what they answer, and when silence says that one of them is lost."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.errors import NotMeasured
from gate.load.process import Process

SILENCE_S = 10.0
"""A worker tells about once a second; one that says nothing for so long is stopped, stuck or starved."""
OVERTIME_S = 10.0
"""After its deadline, at which a worker ends a segment by itself, the gate waits for so long and no longer."""


@dataclass(frozen=True)
class Patience:
    """How long the gate waits for its workers."""

    silence_s: float = SILENCE_S
    """For a word of each that has not answered yet."""
    whole_s: float = math.inf
    """For the answers of all."""


def answers(workers: Sequence[Process], patience: Patience, tell: Callable[[Process, str], None]) -> list[str]:
    """What each worker answers, in their order.

    Parameters
    ----------
    tell : callable
        Given each word of progress, with who said it.

    Raises
    ------
    NotMeasured
        If one of them died, said nothing for too long, or did not end.
    """
    began_s = time.monotonic()
    heard_s = dict.fromkeys(workers, began_s)
    found: dict[Process, str] = {}
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker, selectors.EVENT_READ, worker)
        while len(found) < len(workers):
            ready = selector.select(_left_s(heard_s, began_s, patience))
            for worker in (key.data for key, _ in ready):
                heard_s[worker] = time.monotonic()
                for line in worker.lines():
                    word, _, rest = line.partition(" ")
                    if word == "result":
                        found[worker] = rest
                        del heard_s[worker]
                        selector.unregister(worker)
                    else:
                        tell(worker, rest)
            # After what has come was read: the gate itself may have been the one that was held up.
            _check(heard_s, began_s, patience)
    return [found[worker] for worker in workers]


def _left_s(heard_s: dict[Process, float], began_s: float, patience: Patience) -> float:
    until_s = min(began_s + patience.whole_s, min(heard_s.values()) + patience.silence_s)
    return max(0.0, until_s - time.monotonic())


def _check(heard_s: dict[Process, float], began_s: float, patience: Patience) -> None:
    if not heard_s:
        return
    now_s = time.monotonic()
    for worker, last_s in heard_s.items():
        if now_s - last_s >= patience.silence_s:
            raise worker.silent(now_s - last_s)
    if now_s - began_s >= patience.whole_s:
        raise NotMeasured(
            f"the load workers had not ended {now_s - began_s:.0f} s after they began, though they tell how it stands",
            "nothing of it is used; run again on a larger or quieter runner, and report it if it happens twice",
        )
