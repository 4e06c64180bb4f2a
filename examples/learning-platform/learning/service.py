"""What the platform says about itself."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from learning.pooled_sqlite.pool import PoolState


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@api_view(["GET"])
@permission_classes([IsAdminUser])
def about(_request: Request) -> Response:
    """The environment table of a report; nothing secret, and yet for administrators only."""
    options = settings.DATABASES["default"]["OPTIONS"]
    pool = options["pool"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()")
        (sqlite,) = cursor.fetchone()
        cursor.execute("PRAGMA journal_mode")
        (journal,) = cursor.fetchone()
    return Response(
        {
            "framework": f"Django {django.get_version()}",
            "database": f"SQLite {sqlite} in a file",
            "connections": f"pool of {pool['size']}, journal {journal}, waits {options['timeout']} s for a lock",
            "pool_size": pool["size"],
            "debug": settings.DEBUG,
            "cache": settings.CACHES["default"]["BACKEND"].rpartition(".")[2],
            "sessions": "none; tokens in the database",
            "passwords": settings.PASSWORD_HASHERS[0].rpartition(".")[2],
            "variant": settings.VARIANT or "none",
            "commit": settings.COMMIT,
        }
    )


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Of the process that answers, which its label names, in the Prometheus text format 0.0.4."""
    pool: PoolState = connection.pool.state()
    lines = [
        *_series("db_pool_size", "gauge", "Connections that may be open at once.", pool.size),
        *_series("db_pool_in_use", "gauge", "Connections taken now.", pool.in_use),
        *_series("db_pool_waits_total", "counter", "Connections taken since the start.", pool.waits),
        *_series("db_pool_wait_seconds_total", "counter", "Waited for a free connection.", pool.wait_s),
        *_series("db_pool_wait_seconds_max", "gauge", "Longest wait for a free connection.", pool.longest_wait_s),
        *_series("process_resident_memory_bytes", "gauge", "Memory in RAM.", _resident_bytes()),
        *_series("process_open_fds", "gauge", "Open file descriptors.", len(os.listdir("/proc/self/fd"))),
    ]
    # https://prometheus.io/docs/instrumenting/exposition_formats/
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; version=0.0.4; charset=utf-8")


def _series(name: str, kind: str, meaning: str, value: float) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f'{name}{{pid="{os.getpid()}"}} {value!r}']


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])  # proc(5): size, resident, ...
    return pages * os.sysconf("SC_PAGE_SIZE")
