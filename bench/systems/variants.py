"""Variants of the examples that are broken on purpose: how often each is blocked with its own reason first.

``python -m bench.systems variants`` checks all of them, ten times each, some half an hour on a quiet machine. What came
of each check is kept in a file by commit, so that a study that was broken off goes on where it was.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import Figure, commit
from bench.systems.examples import EXAMPLES, Checked, Suite, check, cut, read
from bench.systems.parts import Part, running

TIMES = 10
_LEARNING = {"LEARNING_PASSWORD": "a-password", "LEARNING_SIZE": "1000"}
_CONSOLE = {"CONSOLE_PASSWORD": "ship-it"}
_MARKET = {"MARKETPLACE_PASSWORD": "open-sesame", "MARKETPLACE_ADMINS": "1000"}
_NO_QUESTIONS: Suite = {"probes": [], "about": {}}


@dataclass(frozen=True)
class Variant:
    """One broken system, what of its suite is needed to see it, and what has to be said first."""

    name: str
    example: str
    endpoints: Sequence[str]
    settings: Mapping[str, str]
    first: str
    """The row that the first reason names first, as far as it is given; without rows what its message has."""
    code: int = 1
    file: str = "gate.yml"
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    changes: Suite = field(default_factory=dict)
    """Keys of the suite in place of its own."""
    parts: tuple[Part, ...] = ()
    rate: str = "20/s"
    budget_s: int = 10


VARIANTS = (
    Variant(
        "n_plus_one",
        "learning-platform",
        ["materials"],
        _LEARNING | {"LEARNING_VARIANT": "n_plus_one"},
        "learning-platform/queries-of-materials/queries",
    ),
    Variant(
        "error_contract",
        "learning-platform",
        ["materials"],
        _LEARNING | {"LEARNING_VARIANT": "error_contract"},
        "learning-platform/bad-token/probe",
    ),
    Variant(
        "leak",
        "learning-platform",
        ["health"],
        _LEARNING | {"LEARNING_VARIANT": "leak", "WORKERS": "1"},
        "learning-platform/steady/telemetry:memory:leak",
        scenarios={"steady": {"load": {"rate": "200/s", "for": "60s"}, "mix": {"health": 1}}},
        changes=_NO_QUESTIONS,
    ),
    Variant(
        "as-built",
        "warehouse-scans",
        ["health", "stats", "scans", "bag"],
        {"WAREHOUSE_PASSWORD": "scan-the-bags", "WAREHOUSE_BAGS": "100000", "WAREHOUSE_VARIANT": "as-built"},
        "warehouse-scans/expected-indexes/probe",
        parts=("postgres",),
        rate="10/s",
        budget_s=20,
    ),
    Variant(
        "burst",
        "deploy-console",
        ["deploy"],
        _CONSOLE | {"CONSOLE_POOL_WAIT_S": "1"},
        "deploy-console/burst/",
        file="gate.full.yml",
        scenarios={
            "burst": {
                "load": {"users": 300, "for": "8s", "ramp": "1s", "think": "1s"},
                "mix": {"deploy": 1},
                "objectives": {"p50": "600ms", "p95": "1500ms", "error_rate": "1%"},
            }
        },
        parts=("postgres",),
        rate="8/s",
        budget_s=25,
    ),
    Variant(
        "throttled",
        "deploy-console",
        ["deploy"],
        _CONSOLE | {"CONSOLE_THROTTLE": "30"},
        "429",
        code=3,
        file="gate.full.yml",
        changes=_NO_QUESTIONS,
        parts=("postgres",),
        rate="8/s",
        budget_s=25,
    ),
    Variant(
        "list_n_plus_one",
        "marketplace-admin",
        ["admins"],
        _MARKET | {"MARKETPLACE_VARIANT": "n-plus-one"},
        "marketplace-admin/queries-of-admins/queries",
        file="gate.full.yml",
        parts=("postgres", "redis"),
    ),
    Variant(
        "lost_audit",
        "marketplace-admin",
        ["create_admin"],
        _MARKET | {"MARKETPLACE_VARIANT": "lost-audit"},
        "marketplace-admin/one-audit-row-each/",
        file="gate.full.yml",
        parts=("postgres", "redis"),
        rate="50/s",
    ),
)


def study(variant: Variant) -> list[Figure]:
    """One row: runs of so many that were blocked with the reason first that is this variant's."""
    kept = Path(tempfile.gettempdir(), f"gate-variants-{commit()}-{variant.name}.json")
    found: list[bool] = json.loads(kept.read_text()) if kept.exists() else []
    if found:
        print(f"{variant.name}: {len(found)} of {TIMES} checks are in {kept}; without that file it begins anew")
    with running(variant.parts, variant.example.replace("-", "_")) as addresses:
        while len(found) < TIMES:
            with tempfile.TemporaryDirectory() as place:
                found.append(_is_found(variant, checked(variant, Path(place) / "copy", addresses)))
            kept.write_text(json.dumps(found))
    return [
        Figure(
            figure=f"{variant.name}: blocked, its own reason first",
            value=float(sum(found)),
            unit=f"of {TIMES}",
            goal=f">= {TIMES}",
            n=TIMES,
            interval=None,
            command=f"python -m bench.systems {variant.name}",
        )
    ]


STUDIES = {variant.name: partial(study, variant) for variant in VARIANTS}


def checked(variant: Variant, copy: Path, addresses: Mapping[str, str]) -> Checked:
    """One check of it."""
    example = EXAMPLES / variant.example
    whole = read(example, variant.file) | variant.changes
    suite = cut(whole, variant.endpoints, variant.scenarios, variant.rate, variant.budget_s)
    return check(example, copy, suite, {**variant.settings, **addresses})


def _is_found(variant: Variant, found: Checked) -> bool:
    first: Mapping[str, Any] = found.reasons[0] if found.reasons else {"rows": [], "message": ""}
    said = first["rows"][0] if first["rows"] else first["message"]
    is_first = said.startswith(variant.first) if first["rows"] else variant.first in said
    print(f"{variant.name}: exit code {found.code}, first {said!r}: {'its own' if is_first else 'NOT its own'} reason")
    return found.code == variant.code and is_first
