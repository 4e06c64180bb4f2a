"""Certificates to trust, handed to libcurl so that they cost nothing per request."""

from __future__ import annotations

from pathlib import Path

import certifi
import pycurl


class Trust:
    """The usual certificates, and any that a suite adds.

    libcurl compares a blob of certificates byte by byte for every request that might reuse a connection, which costs
    more than the request itself; a file it compares by name, and keeps what it read of it for the next connection.

    Parameters
    ----------
    usual : bytes
        PEM.
    folder : Path, optional
        Where files may be written for as long as this lives; without it the content itself is handed over.
    """

    def __init__(self, usual: bytes, folder: Path | None = None) -> None:
        self._usual = usual
        self._folder = folder
        self._files: dict[str, Path] = {}

    def give(self, handle: pycurl.Curl, more: str | None) -> None:
        """Let a handle trust the usual certificates and those of ``more``."""
        if self._folder is None:
            handle.setopt(pycurl.CAINFO_BLOB, self._usual + (more or "").encode())
            return
        key = more or ""
        if key not in self._files:
            self._files[key] = self._folder / f"{len(self._files)}.pem"
            self._files[key].write_bytes(self._usual + b"\n" + key.encode())
        handle.setopt(pycurl.CAINFO, str(self._files[key]))


NOBODY = Trust(b"none")  # libcurl refuses an empty bundle


def usual_certificates() -> bytes:
    """Read the bundle; before the worker gives up its rights."""
    return Path(certifi.where()).read_bytes()
