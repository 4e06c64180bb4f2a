"""The study of broken variants: what it keeps of a suite, and that it goes on where it was broken off."""

from __future__ import annotations

import dataclasses
import json
import tempfile

import pytest

from bench.figures import commit
from bench.systems.examples import EXAMPLES, cut, read
from bench.systems.variants import TIMES, VARIANTS, study
from gate.config.read import read_suite


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_what_is_kept_of_a_suite_is_a_suite(variant):
    whole = read(EXAMPLES / variant.example, variant.file) | variant.changes
    kept = cut(whole, variant.endpoints, variant.scenarios, variant.rate, variant.budget_s)
    folder = EXAMPLES / variant.example
    suite = read_suite(json.dumps(kept).encode(), "gate.yml", lambda name: (folder / name).read_bytes())
    assert list(suite.endpoints) == list(variant.endpoints)
    assert list(suite.scenarios) == list(variant.scenarios)
    assert suite.preview.serve is not None


def test_a_tally_is_of_the_endpoints_that_are_left():
    suite = {
        "endpoints": {"made": {}, "seen": {}, "granted": {}},
        "telemetry": {"objectives": []},
        "policy": {},
        "probes": [{"name": "a", "tally": {"of": ["made", "granted"]}}, {"name": "b", "tally": {"of": ["granted"]}}],
    }
    assert cut(suite, ["made", "seen"], {}, "1/s", 1)["probes"] == [{"name": "a", "tally": {"of": ["made"]}}]


def test_what_was_checked_before_is_not_checked_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    variant = dataclasses.replace(VARIANTS[0], example="nowhere", parts=())
    (tmp_path / f"gate-variants-{commit()}-{variant.name}.json").write_text(json.dumps([True] * (TIMES - 1) + [False]))
    (figure,) = study(variant)
    assert (figure.value, figure.n, figure.met) == (TIMES - 1, TIMES, False)
