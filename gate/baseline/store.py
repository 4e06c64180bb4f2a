"""Where stored runs live: the interface every store fulfils."""

from __future__ import annotations

from typing import Protocol


class Store(Protocol):
    """Named, immutable records of one kind of run: once written, never changed by the gate."""

    @property
    def place(self) -> str:
        """Where this is, for messages: a directory, or a repository with its commit."""

    def names(self, suite: str) -> list[str]:
        """Names of all records of a suite, oldest first; empty if there is none.

        Raises
        ------
        BaselineError
            If the store cannot be read, which is not the same as being empty.
        """

    def read(self, suite: str, name: str) -> bytes:
        """Content of one record as stored.

        Raises
        ------
        BaselineError
            If the record cannot be read.
        """

    def append(self, suite: str, name: str, content: bytes) -> str:
        """Store one more record, whole or not at all, and say where.

        Raises
        ------
        BaselineError
            If a record of that name exists or the store cannot be written; nothing is changed then.
        """
