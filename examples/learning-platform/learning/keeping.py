"""Notes about past requests, kept in memory: without a bound (the leak), and in a cache that has one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

NOTE_BYTES = 1024


def note_of(request: HttpRequest) -> bytes:
    """What is remembered of a request: an object of exactly ``NOTE_BYTES`` in memory."""
    text = f"{request.method} {request.get_full_path()} {request.headers.get('User-Agent', '')}".encode()
    room = NOTE_BYTES - sys.getsizeof(b"")
    return text[:room].ljust(room)


class Leak:
    """Keeps a note of every request for as long as the process lives."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._notes: list[bytes] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self._notes.append(note_of(request))
        return self._get_response(request)


class BoundedCache:
    """Keeps a note of every request in Django's cache, which drops the oldest beyond its bound."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._numbers = itertools.count()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cache.set(f"request-{next(self._numbers)}", note_of(request), timeout=None)
        return self._get_response(request)
