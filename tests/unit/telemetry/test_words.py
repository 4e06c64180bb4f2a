"""What is watched, in words."""

from __future__ import annotations

import pytest

from gate.report.plan import watched_words
from tests.builders import suite_of

PAGE = "prometheus: {url: /metrics, series: {memory: process_resident_memory_bytes}}"


@pytest.mark.parametrize(
    ("telemetry", "words"),
    [
        (PAGE, "a page for Prometheus, every 1 s"),
        ('every: 500ms, postgres: {dsn: "${A}"}, redis: {url: "${B}"}', "PostgreSQL, Redis, every 500 ms"),
        (
            f"{PAGE}, objectives: [{{of: memory, leak: none}}]",
            "a page for Prometheus, every 1 s; 1 objective on what is said",
        ),
    ],
)
def test_sources_how_often_and_limits(telemetry, words):
    assert watched_words(suite_of(f"telemetry: {{{telemetry}}}", ("home",)).telemetry) == words


def test_headers_of_answers_and_traces_alone_watch_nothing():
    assert not suite_of("telemetry: {server_timing: true, trace: true}", ("home",)).telemetry.watches
