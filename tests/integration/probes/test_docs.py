"""Every example of docs/probes.md is a suite, and holds at an application that keeps its contract."""

import re
from pathlib import Path

import pytest

from gate.config.probes import KINDS
from gate.config.read import read_suite
from tests.integration.probes.asking import HEAD, probing
from tests.integration.probes.server import serving

ROOT = Path(__file__).parents[3]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "probes.md").read_text(encoding="utf-8"), re.DOTALL)
ELSEWHERE = {"command", "postgres"}
"""What needs an application that the gate started, or a database, beside it."""


def test_there_is_an_example_of_every_kind():
    suites = [read_suite((HEAD + text).encode(), "probes.md") for text in EXAMPLES]
    kinds = {probe.kind for suite in suites for probe in suite.probes}
    assert kinds == set(KINDS) - ELSEWHERE
    assert any(suite.about for suite in suites)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[1].strip()[:40])
def test_every_example_holds(text):
    made = {"items": (0, 0)}
    with serving() as (origin, shop):
        probes = probing(origin, text, environment={"PASSWORD": "open sesame"}, made=made)
        probes.before()
        shop.audited, made["items"] = shop.audited + 5, (5, 5)
        probes.after()
    outcomes = {name: (record.outcome, record.seen) for name, record in probes.records.items()}
    throttled = outcomes.pop("throttles", None)
    assert throttled in (None, ("failed", "none of 60: status 401 (60 x)"))
    assert {outcome for outcome, _ in outcomes.values()} <= {"passed"}, outcomes
    assert all(line.value for line in probes.about.values())
