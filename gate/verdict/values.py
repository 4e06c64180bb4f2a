"""Rows and verdicts: frozen values that carry everything the report shows, with a published schema."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from gate.record.probes import GrowthRecord, TallyRecord
from gate.record.value import Count, Notice, Value
from gate.verdict.assessed import Assessment
from gate.verdict.change import Standing
from gate.verdict.details import Details

Outcome = Literal["improved", "unchanged", "regressed", "inconclusive", "no_baseline", "not_measured", "met", "missed"]
"""Of one row. Comparisons end in the first six, objectives in met, missed, inconclusive or not_measured."""

Way = Literal["duet", "stored", "none"]
"""How changes were judged: beside a base deployment, against stored runs, or not at all."""

JudgedCode = Literal[0, 1, 3, 5]
"""Exit codes that come with a verdict: approved, blocked, not measured, baselines unusable."""

Unit = Literal["s", "ratio", "rps", "bytes", "count"]

ReasonCode = Literal[
    "probe-failed",
    "regressed",
    "missed",
    "unexpected-answers",
    "not-measured",
    "nothing-to-judge",
    "no-baseline",
    "inconclusive",
    "everything-slower",
    "unconfirmed",
]


class Counts(Value):
    """Requests (or WebSockets) of one side that went wrong, among all of them."""

    count: int
    """Not answered as expected; of an objective also those beyond its limit."""
    n: int


class Trail(Value):
    """How a number was tested, complete enough to do it again by hand."""

    test: str
    design: str | None = None
    """Name of the design whose limits hold, in the table of constants."""
    standing: Standing | None = None
    """How far a latency came: it left early as no suspect, is open, or was judged."""
    n: int
    """Units of replication: pairs of blocks, stored runs, or requests."""
    effect: float | None = None
    """Natural log of candidate over baseline."""
    se: float | None = None
    se_parts: dict[str, float] = Field(default_factory=dict)
    df: float | None = None
    margin: float | None = None
    """Ratio that the test had to rule out."""
    design_effect: float | None = None
    """Requests that were worth one independent request."""
    score: float | None = None
    """The change less its margin, as a standard normal score."""
    limit: float | None = None
    """Score from which it blocks at this level."""
    counts: dict[Literal["candidate", "baseline"], Counts] = Field(default_factory=dict)
    """Of errors and of objectives on shares of requests, as counted."""
    share: float | None = None
    """Of an objective: share of the requests that may be beyond its limit."""
    blocks: int | None = None
    """Of an objective: blocks that its requests came in; None for one stretch."""
    family: int | None = None
    """Tests of errors and objectives that are corrected for together, by Holm."""
    family_share: float | None = None
    """Part of the promise that this family may spend."""
    p_limit: float | None = None
    """The largest p alone with which it would be regressed or missed, the other tests of its family as they are."""
    p: float
    p_adjusted: float
    """Of a latency: share of simulated harmless pull requests in which some row scores as high, scaled to the whole
    promise. Of errors and objectives: by Holm, over the part of the promise that is theirs."""
    level: float


class Probed(Value):
    """What a probe expected and what it saw, in words without bodies and secrets."""

    expected: str
    seen: str
    n: Count = 0
    """Requests that were made."""
    n_passed: Count = 0
    growth: GrowthRecord | None = None
    tally: TallyRecord | None = None


def finite(value: float) -> float | None:
    """The value, or None for what is no number: records have no NaN and no infinity."""
    return value if math.isfinite(value) else None


class Row(Value):
    """One endpoint (or scenario) and one metric: the unit of outcome, acceptance and explanation."""

    id: str
    """suite/endpoint/metric"""
    endpoint: str
    """Endpoint, scenario or probe; ``*`` for what all endpoints share."""
    metric: str
    """p50, p95, errors, body, ``limit:`` and a statistic; of probes ``probe``, or what grows."""
    category: str | None = None
    """What kind of check it is, for counting and for the score; None where nobody has said."""
    unit: Unit
    baseline: float | None = None
    candidate: float | None = None
    change: float | None = None
    """Ratio minus one, after everything shared was taken out."""
    change_lo: float | None = None
    change_hi: float | None = None
    """90 % interval of the change."""
    limit: float | None = None
    lo: float | None = None
    hi: float | None = None
    """One-sided 95 % bounds of the candidate's value against a limit; None where none is finite."""
    detectable: float | None = None
    """Smallest slowdown (a ratio; for errors a share) that this run would have caught four times in five."""
    outcome: Outcome
    gated: bool
    """May block."""
    blocks: bool = False
    trail: Trail | None = None
    probed: Probed | None = None
    """Only of probes."""
    notices: list[Notice] = Field(default_factory=list)


class Reason(Value):
    """One reason for a block."""

    code: ReasonCode
    rows: list[str] = Field(default_factory=list)
    """Ids of the rows concerned, worst first."""
    message: str = ""
    cure: str = ""


class Verdict(Value):
    """The answer."""

    schema_: Literal["gate.verdict/1"] = Field(default="gate.verdict/1", alias="schema")
    tool: str
    suite: str
    profile: str | None = None
    """Of which of the suite's profiles its scenarios have the size; None as the suite is written."""
    commit: str | None
    verdict: Literal["APPROVED", "BLOCKED"]
    measured: bool
    """False: nothing is claimed about the preview; BLOCKED - not measured, unless the suite is not affected."""
    unaffected_paths: list[str] = Field(default_factory=list)
    """Paths of the suite, where the pull request touches none of them: it is none of the suite's business, and nothing
    was measured. Empty wherever something was to be measured."""
    exit_code: JudgedCode
    in_effect: bool = True
    """False on the pull request that adds the suite: told, without consequence."""
    reasons: list[Reason]
    """Empty exactly for APPROVED."""
    way: Way
    candidates: list[str]
    """Run ids."""
    baselines: list[str]
    """Run ids of the stored runs used."""
    level: float
    """Nominal family-wise level of the tests."""
    family: int
    """Rows that shared it."""
    rows: list[Row]
    notices: list[Notice] = Field(default_factory=list)
    assessment: Assessment = Assessment()
    """What is claimed beyond the rows, each claim from rows or figures; it decides nothing."""
    details: Details = Details()
    """Told and not judged; empty where nothing is claimed."""

    @model_validator(mode="after")
    def _has_reasons(self) -> Self:
        if (self.verdict == "APPROVED") != (not self.reasons):
            raise ValueError("APPROVED has no reasons, BLOCKED has some")
        if self.verdict == "APPROVED" and self.measured == bool(self.unaffected_paths):
            raise ValueError("APPROVED was measured, or else the suite is not affected")
        return self
