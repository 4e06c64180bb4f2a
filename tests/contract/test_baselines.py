"""The committed baselines are real runs of the bundled shop as its suite is now."""

from __future__ import annotations

from pathlib import Path

from gate.baseline.directory import DirectoryStore
from gate.baseline.window import read_window
from gate.commands.measuring import load_suite
from gate.measure.hashes import endpoint_hash

ROOT = Path(__file__).parents[2]


def test_the_committed_baselines_can_be_compared_with_the_suite_of_the_shop():
    suite = load_suite(ROOT / "examples" / "shop" / "gate.yml")
    runs = read_window(DirectoryStore(ROOT / "baselines"), suite.name, suite.baselines.window)
    assert len(runs) >= 10
    for run in runs:
        assert run.complete
        assert not run.not_measured
        assert {name: record.config_hash for name, record in run.endpoints.items()} == {
            name: endpoint_hash(suite, name) for name in suite.endpoints
        }


def test_a_stored_run_stays_small():
    """At most 100 kB compressed for 20 endpoints, in proportion."""
    import gzip

    (newest, *_) = sorted((ROOT / "baselines" / "v1" / "shop").iterdir(), reverse=True)
    endpoints = len(read_window(DirectoryStore(ROOT / "baselines"), "shop", 1)[-1].endpoints)
    assert len(gzip.compress(newest.read_bytes())) <= 100_000 * endpoints / 20
