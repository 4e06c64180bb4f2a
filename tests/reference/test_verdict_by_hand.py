"""Two verdicts worked out again from the run files alone: plain loops, numpy, scipy and the table of limits."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pytest
from scipy import stats

from gate.record.codec import encode_run
from gate.record.run import Run
from gate.stats.constants import DUET_LIMITS, DUETS, RATES, STORED_LIMITS
from gate.verdict.values import Row, Verdict
from tests.builders import row_of, suite_of, verdict_of
from tests.reference import plain
from tests.reference.files import history_from, pair_from, plan_of, single_from

NAMES = ("home", "list", "detail", "search", "cart", "orders")
METRICS = ("p50", "p95")
TOLERANCE, FLOOR_S, RATE = {"p50": 0.03, "p95": 0.05}, 0.0005, 0.01
LATENCIES = 0.85
"""Part of the promise that latencies spend."""
SUITE = suite_of("policy: {absolute_floor: 0.5ms}\n", NAMES)
SIGMA = (0.015, 0.03)
"""Assumed of two deployments on one host."""


def blocks_of(run: Run, name: str, arm: str) -> dict[int, tuple[float, float]]:
    """Centre and p95 of every block by its round, from the file."""
    record = json.loads(encode_run(run))["run"]["endpoints"][name]["arms"][arm]
    return {block["round"]: (block["log_trimmed_mean"], block["log_p95"]) for block in record["blocks"]}


@dataclass
class ByHand:
    """One row, as far as it can be worked out without the gate."""

    effect: float
    variance: float
    df: float
    margin: float
    scores: Sequence[float]
    """Limits by rate."""

    def t(self, sign: int = 1) -> float:
        return (sign * self.effect - math.log1p(self.margin)) / math.sqrt(self.variance)

    def score(self, sign: int = 1) -> float:
        t = self.t(sign)
        return math.copysign(stats.norm.isf(stats.t.sf(abs(t), self.df)), t)

    def p_adjusted(self, sign: int = 1, scores: Sequence[float] | None = None) -> float:
        """Share of harmless pull requests that score as high, over the part of the promise."""
        table, score = scores or self.scores, self.score(sign)
        if score < table[-1]:
            return 1.0
        if score > table[0]:
            return float(RATES[0] * stats.norm.sf(score) / stats.norm.sf(table[0]) / LATENCIES)
        share = math.exp(np.interp(-score, -np.array(table), np.log(RATES)))
        return min(1.0, share / LATENCIES)

    def interval(self) -> tuple[float, float]:
        return tuple(stats.t.interval(0.90, self.df, self.effect, math.sqrt(self.variance)))

    def is_same(self, metric: str, baseline_s: float) -> bool:
        reach = math.log1p(max(2 * TOLERANCE[metric], FLOOR_S / baseline_s))
        low, high = self.interval()
        return -reach <= low and high <= reach

    def is_large(self, metric: str, baseline_s: float) -> bool:
        ratio = abs(math.expm1(self.effect))
        return ratio > TOLERANCE[metric] and ratio * baseline_s >= FLOOR_S


def limit_at(scores: Sequence[float]) -> float:
    return float(np.interp(math.log(RATE * LATENCIES), np.log(RATES), scores))


def check(row: Row, hand: ByHand, p_adjusted: float, limit: float) -> None:
    """All numbers of one row."""
    trail, se = row.trail, math.sqrt(hand.variance)
    assert trail.effect == pytest.approx(hand.effect, abs=2e-3 * se)
    assert trail.se == pytest.approx(se, rel=2e-3)
    assert trail.se == pytest.approx(math.sqrt(sum(part**2 for part in trail.se_parts.values())), rel=1e-6)
    assert trail.df == pytest.approx(hand.df, rel=5e-3)
    assert trail.margin == hand.margin
    assert trail.score == pytest.approx(hand.score(), abs=0.02)
    assert trail.limit == pytest.approx(limit, rel=1e-6)
    assert trail.p == pytest.approx(stats.t.sf(hand.t(), hand.df), rel=0.05)
    assert trail.p_adjusted == pytest.approx(p_adjusted, rel=0.1)
    assert trail.level == RATE
    low, high = hand.interval()
    assert row.change == pytest.approx(math.expm1(hand.effect), abs=2e-3 * se)
    assert row.change_lo == pytest.approx(math.expm1(low), abs=1e-2 * se)
    assert row.change_hi == pytest.approx(math.expm1(high), abs=1e-2 * se)


# --- a duet: three looks at the first pair of deployments, two at a fresh one ---

QUICK = next(design for design in DUETS if design.name == "quick 1+1")
MARGINS = (0.01, 0.02)


def duet_files() -> tuple[Run, Run]:
    """List is 12 % slower, cart 2 %, search a quarter faster; rounds after the first only where it was suspected."""
    rng = np.random.default_rng(20261121)
    first, fresh = (stage.rounds for stage in QUICK.first), (stage.rounds for stage in QUICK.fresh)
    first, fresh = tuple(first), tuple(fresh)
    d, again = (
        rng.standard_t(5, (6, 2, rounds)) * np.array([[0.05], [0.08]])
        + rng.normal(0, 0.02, rounds)
        + rng.normal(0, 0.01, (6, 2, 1))
        + np.log([1.0, 1.12, 1.0, 0.8, 1.02, 1.0])[:, np.newaxis, np.newaxis]
        for rounds in (sum(first), sum(fresh))
    )
    d[[0, 2, 3, 5], :, first[0] :] = d[4, :, first[0] + first[1] :] = math.nan
    again[[0, 2, 3, 4, 5]] = math.nan
    plans = [
        plan_of(QUICK.name, part, rounds, n)
        for n, (part, rounds) in enumerate((("first", list(first)), ("fresh", list(fresh))))
    ]
    return pair_from(SUITE, "c0", d, plan=plans[0]), pair_from(SUITE, "c1", again, plan=plans[1])


DUET = duet_files()


def differences(run: Run, rounds: int) -> list[list[plain.Series]]:
    """Candidate less base by endpoint, metric and round."""
    table = []
    for name in NAMES:
        candidate, base = blocks_of(run, name, "candidate"), blocks_of(run, name, "base")
        both = [(candidate[b], base[b]) if b in candidate and b in base else None for b in range(rounds)]
        table.append([[None if p is None else p[0][metric] - p[1][metric] for p in both] for metric in range(2)])
    return table


def absent(table: list[list[plain.Series]]) -> set[int]:
    return {place for place, row in enumerate(table) if all(v is None for v in row[0])}


def fitted(table: list[list[plain.Series]], prior: list[float]) -> dict[tuple[int, int], tuple[float, float, float]]:
    """Rows of a pair in which no round measured most endpoints: location, variance, degrees of freedom."""
    found = {}
    for place, row in enumerate(table):
        for metric, series in enumerate(row):
            n = len(plain.known(series))
            if n:
                weights = [1.0] * len(series)
                fit = plain.em(series, weights, prior[metric], 6.0)
                found[place, metric] = (fit.centre, fit.variance, n - 1 + 6.0)
    return found


def rows_of(pair: plain.Pair) -> dict[tuple[int, int], tuple[float, float, float]]:
    places = [(place, metric) for place in range(len(NAMES)) for metric in range(2)]
    return {(p, m): (pair.effect[p][m], pair.variance[p][m], pair.df[p][m]) for p, m in places}


def combined(parts: list[tuple[float, float, float]], metric: int) -> tuple[float, float, float]:
    """Pairs of their own: inverse variances, each with two deployments' effects; Satterthwaite."""
    total = np.array([variance + 2 * SIGMA[metric] ** 2 for _, variance, _ in parts])
    weights = (1 / total) / np.sum(1 / total)
    effect = float(weights @ [part[0] for part in parts])
    lost = sum((w**2 * variance) ** 2 / df for w, (_, variance, df) in zip(weights, parts, strict=True))
    variance = float(1 / np.sum(1 / total))
    return effect, variance, min(200.0, variance**2 / lost)


def hand(parts: list[tuple[float, float, float]], metric: int, scores: Sequence[float]) -> ByHand:
    return ByHand(*combined(parts, metric), MARGINS[metric], scores)


def scores_of(design: str) -> Sequence[float]:
    """The table's row for the next larger suite, between beliefs linearly."""
    rows = DUET_LIMITS[design]
    size = min((row.endpoints for row in rows if row.endpoints >= len(NAMES)), default=max(r.endpoints for r in rows))
    chosen = sorted((row for row in rows if row.endpoints == size), key=lambda row: row.at)
    return [
        float(np.interp(SIGMA[0], [row.at for row in chosen], [row.scores[n] for row in chosen]))
        for n in range(len(RATES))
    ]


def walked(duet: tuple[Run, Run]):
    """Rows that stay suspected to the end, and what each pair says of each row."""
    first, fresh = duet
    rounds = np.cumsum([stage.rounds for stage in QUICK.first])
    live = {(place, metric) for place in range(len(NAMES)) for metric in range(2)}
    for stage, so_far in zip(QUICK.first, rounds, strict=True):
        pair = plain.pair(differences(first, int(so_far)))
        rows = rows_of(pair)
        live = {place for place in live if hand([rows[place]], place[1], ()).score() >= stage.keep[place[1]]}
    rounds = np.cumsum([stage.rounds for stage in QUICK.fresh])
    for stage, so_far in zip(QUICK.fresh, rounds, strict=True):
        again = fitted(differences(fresh, int(so_far)), pair.prior)
        live = {place for place in live if hand([again[place]], place[1], ()).score() >= stage.keep[place[1]]}
    return live, pair, rows, again


def seconds(runs: Sequence[Run], name: str, metric: int) -> float:
    values = [block[metric] for run in runs for block in blocks_of(run, name, "base").values()]
    return math.exp(plain.em(values).centre)


def test_a_staged_duet_by_hand():
    verdict = verdict_of(SUITE, DUET)
    live, pair, rows, again = walked(DUET)
    assert live, "nothing came to the last look: the test shows little"
    scores, single = scores_of("quick 1+1"), scores_of("fixed 2")
    outcomes = []
    for place, name in enumerate(NAMES):
        for metric, word in enumerate(METRICS):
            row = row_of(verdict, f"{name}/{word}")
            parts = [part[place, metric] for part in (rows, again) if (place, metric) in part]
            expected = hand(parts, metric, scores)
            is_judged = (place, metric) in live
            p_adjusted = expected.p_adjusted() if is_judged else 1.0
            check(row, expected, p_adjusted, limit_at(scores))
            assert row.trail.standing == ("judged" if is_judged else "cleared")
            assert row.trail.n == sum(len(plain.known(differences(run, 200)[place][metric])) for run in DUET)
            baseline_s = seconds(DUET, name, metric)
            assert row.baseline == pytest.approx(baseline_s, rel=1e-3)
            is_large = expected.is_large(word, baseline_s)
            outcome = "unchanged" if expected.is_same(word, baseline_s) else "inconclusive"
            if expected.effect < 0 and is_large and expected.p_adjusted(-1, single) <= RATE:
                outcome = "improved"
            if expected.effect > 0 and is_large and p_adjusted <= RATE:
                outcome = "regressed"
            assert row.outcome == outcome, row.id
            outcomes.append(outcome)
    assert {"regressed", "improved"} <= set(outcomes)
    assert verdict.verdict == "BLOCKED"
    _check_suite(verdict, pair)


def _check_suite(verdict: Verdict, pair: plain.Pair) -> None:
    """The fresh pair measured one endpoint of six, so the suite's change is the first pair's alone."""
    variance = pair.level.variance + 2 * SIGMA[0] ** 2 / len(NAMES)
    df = (QUICK.first[0].rounds - 1) * (variance / pair.level.variance) ** 2
    expected = ByHand(pair.level.centre, variance, min(200.0, df), MARGINS[0], ())
    trail = row_of(verdict, "*/p50").trail
    assert trail.effect == pytest.approx(expected.effect, abs=2e-3 * math.sqrt(variance))
    assert trail.se == pytest.approx(math.sqrt(variance), rel=2e-3)
    assert trail.df == pytest.approx(expected.df, rel=1e-2)
    assert expected.score() < QUICK.suite_suspect, "else it would have been confirmed or refuted"
    assert trail.p_adjusted == 1.0


# --- stored runs: one candidate against nine ---


def stored_files() -> tuple[Run, list[Run]]:
    """Detail is 20 % slower on a runner that is 15 % slower; orders is missing in two stored runs."""
    rng = np.random.default_rng(20261120)
    runs = rng.standard_t(5, (6, 2, 10)) * np.array([[0.015], [0.03]]) + rng.normal(0, 0.05, 10)
    runs += np.linspace(-5, -3, 6)[:, np.newaxis, np.newaxis] + np.array([[0.0], [0.4]])
    runs[..., 9] += math.log(1.15)
    runs[2, :, 9] += math.log(1.20)
    runs[5, :, [1, 6]] = math.nan
    variances = rng.uniform(0.5, 2.0, runs.shape) * np.array([[5e-5], [2e-4]])
    return single_from(SUITE, "c0", runs[..., 9], variances[..., 9]), history_from(SUITE, runs[..., :9], variances)


def of_run(run: Run, name: str, metric: int) -> tuple[float | None, float | None]:
    values = [block[metric] for block in blocks_of(run, name, "candidate").values()]
    if not values:
        return None, None
    fit = plain.em(values)
    return fit.centre, fit.variance


def test_a_stored_comparison_by_hand():
    candidate, history = stored_files()
    history = history[:9]
    verdict = verdict_of(SUITE, candidate, history)
    outcomes = {}
    for metric, word in enumerate(METRICS):
        old, new = ([[of_run(r, name, metric) for r in runs] for name in NAMES] for runs in (history, [candidate]))
        values = [[[pair[part] for pair in row] for row in table] for part in (0, 1) for table in (old, new)]
        found = plain.stored(*values)
        for place, name in enumerate(NAMES):
            row = row_of(verdict, f"{name}/{word}")
            stored = len(plain.known(values[0][place]))
            scores = _stored_scores(stored)
            candidate_variance, stored_variance = found.candidate_variance[place], found.stored_variance[place]
            variance = candidate_variance + stored_variance
            expected = ByHand(found.effect[place], variance, found.df[place], (0.02, 0.03)[metric], scores)
            lately = found.recent[place] + math.log1p((0.03, 0.05)[metric])
            p_adjusted = expected.p_adjusted() if expected.effect > max(found.highest[place], lately) else 1.0
            check(row, expected, p_adjusted, limit_at(scores))
            parts = row.trail.se_parts
            assert parts["candidate runs"] == pytest.approx(math.sqrt(candidate_variance), rel=2e-3)
            assert parts["stored runs"] == pytest.approx(math.sqrt(stored_variance), rel=2e-3)
            assert row.trail.n == stored == (7 if name == "orders" else 9)
            baseline_s = math.exp(median(plain.known(values[0][place])))
            assert row.baseline == pytest.approx(baseline_s, rel=1e-6)
            outcome = "unchanged" if expected.is_same(word, baseline_s) else "inconclusive"
            if expected.effect > 0 and expected.is_large(word, baseline_s) and p_adjusted <= RATE:
                outcome = "regressed"
            assert row.outcome == outcome, row.id
            outcomes[row.id] = outcome
        _check_factor(row_of(verdict, f"*/{word}"), found, TOLERANCE[word])
    assert [name for name, outcome in outcomes.items() if outcome == "regressed"] == ["shop/detail/p50"]
    assert verdict.exit_code == 1


def _stored_scores(runs: int) -> Sequence[float]:
    rows = STORED_LIMITS["one"]
    size = min((row.endpoints for row in rows if row.endpoints >= len(NAMES)), default=max(r.endpoints for r in rows))
    chosen = [row for row in rows if row.endpoints == size]
    at = min((row.at for row in chosen if row.at >= runs), default=max(row.at for row in chosen))
    return next(row.scores for row in chosen if row.at == at)


def _check_factor(row: Row, found: plain.Stored, tolerance: float) -> None:
    """What the candidate's runner did, against what runners do: a prediction interval, told and never blocking."""
    factors = found.old_factors
    effect = found.new_factors[0] - float(np.mean(factors))
    se = float(np.std(factors, ddof=1)) * math.sqrt(1 + 1 / 9)
    assert row.trail.effect == pytest.approx(effect, abs=0.01 * se)
    assert row.trail.se == pytest.approx(se, rel=5e-3)
    assert row.trail.p == pytest.approx(stats.t.sf((effect - math.log1p(tolerance)) / se, 8), rel=0.02)
    assert row.trail.p_adjusted == row.trail.p
    assert not row.blocks
