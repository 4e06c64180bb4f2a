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
            looked_s = time.monotonic()
            until_s = min(began_s + patience.whole_s, min(heard_s.values()) + patience.silence_s)
            speaking = [key.data for key, _ in selector.select(max(0.0, until_s - looked_s))]
            _check_silence(heard_s, speaking, patience.silence_s)
            for worker in speaking:
                heard_s[worker] = time.monotonic()
                for line in worker.lines():
                    word, _, rest = line.partition(" ")
                    if word == "result":
                        found[worker] = rest
                        del heard_s[worker]
                        selector.unregister(worker)
                    else:
                        tell(worker, rest)
            if heard_s and looked_s - began_s >= patience.whole_s:
                raise _unended(looked_s - began_s)
    return [found[worker] for worker in workers]


def _check_silence(heard_s: dict[Process, float], speaking: list[Process], silence_s: float) -> None:
    """Only who has nothing to say at this very moment is silent: the gate itself may have been held up meanwhile."""
    now_s = time.monotonic()
    for worker, last_s in heard_s.items():
        if worker not in speaking and now_s - last_s >= silence_s:
            raise worker.silent(now_s - last_s)


def _unended(after_s: float) -> NotMeasured:
    return NotMeasured(
        f"the load workers had not ended {after_s:.0f} s after they began, though they tell how it stands",
        "nothing of it is used; run again on a larger or quieter runner, and report it if it happens twice",
    )
