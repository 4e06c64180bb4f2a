"""Several requests side by side, in threads that a signal need not wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_STEP_S = 0.05
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Crowd(Generic[_Given, _Made]):
    """Acts on what is given, on several at once.

    Parameters
    ----------
    may_go_on : callable
        Asked before each one is begun, with what was made so far; False leaves the rest.
    """

    def __init__(
        self, act: Callable[[_Given], _Made], given: Sequence[_Given], may_go_on: Callable[[list[_Made]], bool]
    ) -> None:
        self._act, self._waiting, self._may_go_on = act, deque(given), may_go_on
        self._made: list[_Made] = []
        self._failed: list[Exception] = []
        self._lock = threading.Lock()

    def all(self, at_once: int) -> list[_Made]:
        """Act on everything; those of the first turn begin together. What was made, in the order it was ready."""
        many = min(at_once, len(self._waiting))
        if many <= 1:
            self._work()
            return self._outcome()
        start = threading.Barrier(many)

        def work() -> None:
            start.wait()
            self._work()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # in short steps, between which a signal gets its turn
                thread.join(_STEP_S)
        return self._outcome()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting or self._failed or not self._may_go_on(self._made):
                    return
                one = self._waiting.popleft()
            try:
                made = self._act(one)
            except Exception as error:  # raised again by the thread that asked
                self._failed.append(error)
                return
            with self._lock:
                self._made.append(made)

    def _outcome(self) -> list[_Made]:
        if self._failed:
            raise self._failed[0]
        return self._made
