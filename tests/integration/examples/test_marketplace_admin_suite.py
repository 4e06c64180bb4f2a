"""The marketplace's whole suite, cut small: what it says of the sound one, and of those that are broken on purpose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bench.systems.examples import EXAMPLES, Checked, Suite, check, cut

FOLDER = EXAMPLES / "marketplace-admin"
WRITING = ("create_admin", "move_admin", "grant", "revoke", "bulk_grant")
PATIENT = {"p95": "10s"}
"""How fast it is, is not what is asked here."""


def suite(*reading: str, **scenarios: object) -> Suite:
    whole = yaml.safe_load((FOLDER / "gate.full.yml").read_text())
    small = cut(whole, [*reading, *WRITING], scenarios, "20/s", 15)
    telemetry = small["telemetry"] | {"objectives": []}
    return small | {"classes": {name: dict(PATIENT) for name in whole["classes"]}, "telemetry": telemetry}


def measured(postgres, redis_url, copy: Path, small: Suite, variant: str) -> Checked:
    settings = {
        "DATABASE_URL": postgres.url("market_suite"),
        "REDIS_URL": redis_url,
        "MARKETPLACE_ADMINS": "1000",
        "MARKETPLACE_PASSWORD": "open-sesame",
        "MARKETPLACE_VARIANT": variant,
    }
    return check(FOLDER, copy, small, settings)


def test_rows_of_audit_that_are_lost_under_load_block_before_all_else(postgres, redis_url, tmp_path):
    found = measured(postgres, redis_url, tmp_path / "copy", suite("admins"), "lost-audit")
    assert (found.code, found.verdict["verdict"]) == (1, "BLOCKED")
    first = found.reasons[0]
    assert (first["code"], first["rows"]) == ("probe-failed", ["marketplace-admin/one-audit-row-each/probe"])
    grown, answered = map(int, re.search(r"grew by (\d+) with (\d+) answers", first["message"]).groups())
    assert 0 < grown < answered, "one at a time they are written down"


def test_a_list_that_asks_once_more_for_each_admin_blocks_before_all_else(postgres, redis_url, tmp_path):
    found = measured(postgres, redis_url, tmp_path / "copy", suite("admins"), "n-plus-one")
    assert (found.code, found.verdict["verdict"]) == (1, "BLOCKED")
    assert found.reasons[0]["rows"] == ["marketplace-admin/queries-of-admins/queries"]
    assert "n-plus-one" in found.recommended


@pytest.fixture(scope="module")
def sound(postgres, redis_url, tmp_path_factory):
    search = {"find": "max_rate", "until": "p95 <= 5s", "from": "40/s", "limit": "60/s", "for": "2s"}
    scenarios = {
        "searched": {"load": search, "mix": {"admins": 1}, "advisory": True},
        "two": {"load": {"users": 4, "for": "2s"}, "mix": {"admins": 2, "grant": 1}, "serve": {"WORKERS": "1"}},
    }
    reading = ("admins", "permissions_hit", "permissions_uncached")
    copy = tmp_path_factory.mktemp("market") / "sound"
    return measured(postgres, redis_url, copy, suite(*reading, **scenarios), "sound")


def test_the_sound_one_passes_every_probe_with_one_row_of_audit_for_each_operation(sound):
    probes = {probe["name"]: probe for probe in sound.verdict["assessment"]["probes"]}
    assert {name for name, probe in probes.items() if probe["outcome"] != "passed"} == set()
    grown, answered = map(int, re.search(r"grew by (\d+) with (\d+)", probes["one audit row each"]["seen"]).groups())
    assert grown == answered >= 500
    assert not [reason for reason in sound.reasons if reason["code"] != "inconclusive"]


def test_cache_queue_pool_and_database_are_told(sound):
    text = "\n".join(sound.section("Stability") + sound.section("Queries and database"))
    for series in ("queue", "queue\\_age", "jobs", "redis.hit\\_ratio", "pool.in\\_use", "pool.wait"):
        assert f"\n| {series} | " in text, series
    assert "\n- pool.size: 20" in text, "two processes of ten"
    assert re.search(r"\n\| audit \| 1\d\d,\d{3} \|", text)


def test_what_a_hit_saves_is_told_beside_what_it_is_without_one(sound):
    (told,) = sound.verdict["assessment"]["contrasts"]
    assert (told["endpoint"], told["against"]) == ("permissions_hit", "permissions_uncached")
    assert told["pairs"] >= 3
    assert f"permissions\\_hit beside permissions\\_uncached, {told['pairs']} pairs of blocks: " in sound.report
    queries = {each["endpoint"]: each["queries_mean"] for each in sound.verdict["details"]["served"]}
    assert queries["permissions_hit"] < 0.2 < 0.9 < queries["permissions_uncached"]


def test_a_search_tells_which_resources_it_filled(sound):
    (told,) = sound.verdict["assessment"]["breakings"]
    assert "connection pool" in told["watched"]
    assert told["memory_last_bytes"] > 0
    assert "\n- searched: it " in sound.report
