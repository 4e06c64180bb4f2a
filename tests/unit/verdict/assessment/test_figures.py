"""Bands, curves, resources and bottlenecks, from runs and by hand."""

from __future__ import annotations

import pytest

from gate.load.histogram import Histogram
from gate.record.scenario import Level, PeriodRecord, SearchRecord
from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.record.value import Notice
from gate.verdict.assessment.bands import bands
from gate.verdict.assessment.bottleneck import bottlenecks
from gate.verdict.assessment.curves import Curve, Stage, curves
from gate.verdict.assessment.figures import endpoint_figures, scenario_figures
from gate.verdict.assessment.gaps import gaps
from gate.verdict.assessment.watch import renamed_in, resource_use, watch
from gate.verdict.loaded import ResourceUse
from tests.builders import run_of, scenario_of, suite_of
from tests.unit.verdict.assessment.grounds import grounds, pool, processors, row

SUITE = suite_of(
    """scenarios:
  ten: {load: {users: 10, for: 5s}, mix: {home: 1}, objectives: {p95: 1s}}
  twenty: {load: {users: 20, for: 5s}, mix: {home: 1}, advisory: true}
  thinking: {load: {users: 40, for: 5s, think: 1s}, mix: {home: 1}}
  mixed: {load: {users: 40, for: 5s}, mix: {home: 1, list: 1}}
  most: {load: {find: max_users, until: "p95 <= 500ms", from: 1, limit: 64}, mix: {home: 1}}
""",
    ("home", "list"),
)


def search(*levels: Level) -> SearchRecord:
    return SearchRecord(
        until="p95 <= 500ms", capacity=4, capacity_rps=40, is_bounded=True, knee=None, levels=list(levels)
    )


def level(users: float, rate_rps: float, mean_s: float | None, *, met: bool | None = True, p50_s: float = 0.1) -> Level:
    return Level(level=users, rate_rps=rate_rps, p50_s=p50_s, p95_s=0.2, error_ratio=0.0, met=met, mean_s=mean_s)


def run(*, most: SearchRecord | None = None, names=("ten", "twenty", "thinking", "mixed")):
    records = {name: scenario_of(SUITE, name) for name in names}
    if most is not None:
        whole = scenario_of(SUITE, "most")
        records["most"] = whole.model_copy(update={"search": most, "executor": "find"})
    return run_of(SUITE, scenarios=records)


def test_bands_have_every_answer_once():
    found = list(bands(SUITE, [run()]))
    for name in ("home", "list", "*", "ten"):
        mine = [band for band in found if band.endpoint == name]
        assert [(band.from_s, band.to_s) for band in mine] == [(0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, None)]
        assert sum(band.count for band in mine) == mine[0].n
    assert {band.n for band in found if band.endpoint == "*"} == {800}


def test_bands_are_counted_exactly():
    record = run().endpoints["home"]
    histogram = Histogram()
    for seconds, count in ((0.001, 5), (0.049, 4), (0.051, 3), (0.21, 2), (0.6, 1)):
        for _ in range(count):
            histogram.record(seconds)
    arm = record.arms["candidate"].model_copy(update={"histogram": histogram.encode()})
    one = run().model_copy(update={"endpoints": {"home": record.model_copy(update={"arms": {"candidate": arm}})}})
    assert [band.count for band in bands(SUITE, [one]) if band.endpoint == "home"] == [9, 3, 2, 1]


def test_scenarios_of_one_mix_are_a_curve_with_their_blocks_by_what_is_under_way():
    found = {curve.scenarios: curve for curve in curves(SUITE, [run()])}
    assert set(found) == {("ten", "twenty", "thinking"), ("mixed",)}
    for names, curve in found.items():
        assert curve.of == "under way"
        assert curve.names == {*names, "blocks"}
        blocks = [stage for stage in curve.stages if stage.name == "blocks"]
        assert [stage.rate_rps for stage in blocks] == [20.0] * 8
        assert all(stage.load == stage.rate_rps * stage.time_s for stage in curve.stages)


def test_loads_that_are_nearly_the_same_say_nothing_of_growth():
    near = [Stage("blocks", 1.0 + n / 100, 10.0, 0.1) for n in range(5)] + [Stage("ten", 1.9, 12.0, 0.16)]
    far = [*near[:-1], Stage("ten", 10.0, 100.0, 0.1)]
    found = bottlenecks([Curve(("ten",), "under way", thinks=False, stages=tuple(s)) for s in (near, far)], [])
    assert [each.exponent is None for each in found] == [True, False]


def test_one_scenario_that_saturates_tells_the_pool_beside_its_blocks():
    """240/s at 800 ms beside blocks of about 23 ms: five or six are served at once, and 192 are under way."""
    one = run(names=("mixed",))
    slow = scenario_of(SUITE, "mixed", 0.8, sent=2400)
    (found,) = bottlenecks(list(curves(SUITE, [one.model_copy(update={"scenarios": {"mixed": slow}})])), [])
    assert found.served_at_once == pytest.approx(5.5, rel=0.15)
    assert (found.of, found.levels) == ("under way", 2)
    assert found.exponent < 0.9


def ramped(periods: list[tuple[float, float, int]]):
    suite = suite_of("scenarios: {burst: {load: {users: 100, for: 10s, ramp: 4s}, mix: {home: 1}}}\n", ("home",))
    kept = [PeriodRecord(from_s=a, to_s=b, completed=n, failed=0, p50_s=0.4, p95_s=0.5) for a, b, n in periods]
    record = scenario_of(suite, "burst", 0.4, sent=300).model_copy(update={"periods": kept, "elapsed_s": 12.0})
    (found,) = curves(suite, [run_of(suite, scenarios={"burst": record})])
    return next(stage.rate_rps for stage in found.stages if stage.name == "burst")


def test_while_users_come_or_the_last_are_waited_for_throughput_is_not_that_of_their_load():
    """25/s from the first to the last answer, and 48/s once all of a hundred users are there."""
    full = [(second, second + 1.0, 48) for second in range(4, 10)]
    coming = [(second, second + 1.0, 2) for second in range(4)]
    assert ramped([*coming, *full, (10.0, 12.0, 4)]) == 48
    assert ramped([*coming, *full[:2]]) == 25, "a third of that time says too little"
    assert ramped([]) == 25, "runs of older versions do not tell"


def test_scenarios_served_otherwise_are_no_curve_together():
    """Two server processes in place of one are another system."""
    suite = suite_of(
        """scenarios:
  one: {load: {users: 10, for: 5s}, mix: {home: 1}, serve: {WORKERS: "1"}}
  two: {load: {users: 20, for: 5s}, mix: {home: 1}, serve: {WORKERS: "2"}}
preview: {serve: ./run.sh}
""",
        ("home", "list"),
    )
    found = run_of(suite, scenarios={name: scenario_of(suite, name) for name in ("one", "two")})
    assert list(curves(suite, [found])) == []


def test_a_load_that_was_not_reached_is_said_so_and_is_no_stage():
    why = Notice(code="not-reached", message="1000 users were asked for, 400 were made")
    short = scenario_of(SUITE, "mixed").model_copy(update={"not_reached": why})
    found = [run_of(SUITE, scenarios={"mixed": short})]
    (figures,) = scenario_figures(SUITE, found, [row("mixed/limit:p95", "not_measured")], {})
    assert (figures.not_reached, figures.came_to) == (why.message, "not measured")
    assert list(curves(SUITE, found)) == []
    told = [gap.message for gap in gaps(grounds(scenarios=[figures]))]
    assert f"scenario mixed was not reached: {why.message}" in told


def test_a_block_that_was_spoiled_is_in_no_figure_and_said_to_be_left_out():
    one = run_of(SUITE)
    name, record = next(iter(one.endpoints.items()))
    arm = record.arms["candidate"]
    first, *others = arm.blocks
    blocks = [first.model_copy(update={"spoiled": True}), *others]
    spoiled = record.model_copy(update={"arms": {"candidate": arm.model_copy(update={"blocks": blocks})}})
    one = one.model_copy(update={"endpoints": {**one.endpoints, name: spoiled}})
    figures = {each.endpoint: each for each in endpoint_figures(SUITE, [one])}
    assert (figures[name].sent, figures[name].left_out) == (arm.sent - first.sent, 1)
    told = [gap.message for gap in gaps(grounds(endpoints=list(figures.values())))]
    assert f"blocks that the load generator was late in, left out of every figure: {name} 1" in told


def test_a_search_is_a_curve_of_its_own_by_load():
    most = search(level(8, 79, 0.1), level(2, 20, None, p50_s=0.09), level(16, 80, 0.2, met=False))
    found = next(curve for curve in curves(SUITE, [run(most=most)]) if curve.scenarios == ("most",))
    assert [(stage.load, stage.time_s) for stage in found.stages] == [(2, 0.09), (8, 0.1), (16, 0.2)]


def test_scenarios_tell_how_they_ended():
    rows = [row("ten/limit:p95", "missed", value=2.0, limit=1.0)]
    found = {each.scenario: each for each in scenario_figures(SUITE, [run()], rows, {"twenty": 2.0})}
    assert (found["ten"].came_to, found["twenty"].came_to) == ("failed", "no limits")
    assert (found["ten"].users, found["ten"].rate_rps, found["twenty"].target_rps) == (10, 50.0, 2.0)
    assert found["twenty"].advisory


def pooled(size: int, served_s: float = 0.1, users=(1, 2, 4, 8, 12, 16, 24, 32, 48, 64)) -> Curve:
    """A closed system of one pool: no more than its size are served at once, the rest wait."""
    stages = [Stage(f"{n}", n, min(n, size) / served_s, served_s * max(1.0, n / size), met=n < 40) for n in users]
    return Curve(("burst",), "users", thinks=False, stages=tuple(stages))


@pytest.mark.parametrize("size", [4, 10, 20])
def test_a_pool_is_told_by_its_curve(size):
    (found,) = bottlenecks([pooled(size)], [])
    assert found.served_at_once == pytest.approx(size, rel=0.05)
    assert found.waiting_ratio == pytest.approx(1 - size / 64)
    assert (found.fails_from, found.highest, found.resource, found.configured) == (48, 64, None, None)


@pytest.mark.parametrize(
    ("use", "resource"),
    [
        (pool(0.5), "connection pool"),
        (pool(0.05), None),
        (pool(0.5, window="other"), None),
        (pool(0.5).model_copy(update={"n": 2}), None),
    ],
)
def test_a_resource_is_named_only_where_it_was_seen_full(use: ResourceUse, resource):
    (found,) = bottlenecks([pooled(10)], [use])
    assert found.resource == resource
    assert found.configured == (10 if resource else None)


@pytest.mark.parametrize(("size", "resource"), [(2, "processors"), (20, "connection pool"), (6, None)])
def test_of_all_that_was_full_what_sets_the_pace_is_as_large_as_what_is_served_at_once(size, resource):
    """A pool of 20 fills, too, while two processors are what everything waits for."""
    full = [pool(0.9, size=20.0), processors(0.9)]
    assert [each.resource for each in bottlenecks([pooled(size)], full)] == [resource]


def test_what_does_not_saturate_has_no_bottleneck():
    (found,) = bottlenecks([pooled(1000)], [])
    assert (found.served_at_once, found.saturated) == (None, False)
    assert found.waiting_ratio is None
    assert found.exponent == pytest.approx(1.0)


def test_where_users_set_the_pace_nothing_saturates_however_long_answers_take():
    """80 users with half a second to think made 159/s, in answers of 35 ms after 9 ms: as many as they could."""
    suite = suite_of(
        "scenarios: {crowd: {load: {find: max_users, until: p90 <= 100ms, from: 1, limit: 80, think: 500ms},"
        " mix: {home: 1}}}\n",
        ("home",),
    )
    times = {1: 0.0087, 2: 0.0087, 5: 0.009, 13: 0.01, 34: 0.012, 54: 0.017, 80: 0.035}
    found = search(*(level(n, n / (0.5 + time_s), time_s) for n, time_s in times.items()))
    record = scenario_of(suite, "crowd").model_copy(update={"search": found, "executor": "find"})
    (told,) = bottlenecks(list(curves(suite, [run_of(suite, scenarios={"crowd": record})])), [])
    assert (told.served_at_once, told.saturation_rps, told.saturated) == (None, None, False)


def test_answers_that_wait_at_one_load_alone_were_held_back_and_show_no_end():
    """80 users who think for 600 ms could make 130/s, and made 50/s: not the load set that."""
    suite = suite_of("scenarios: {sixty: {load: {users: 80, for: 20s, think: 600ms}, mix: {home: 1}}}\n", ("home",))
    record = scenario_of(suite, "sixty", 1.0, sent=1000).model_copy(update={"elapsed_s": 20.0, "executor": "users"})
    (told,) = bottlenecks(list(curves(suite, [run_of(suite, scenarios={"sixty": record})])), [])
    assert (told.saturated, told.held_back, told.served_at_once) == (False, True, None)
    said = [gap.message for gap in gaps(grounds(bottlenecks=[told]))]
    assert any("answers of sixty waited" in text for text in said)
    assert not any("did not saturate" in text for text in said)


def test_requests_that_fail_are_under_way_too():
    """1000 users, of whom 147 a second think for a second: 853 wait, however few of them are answered."""
    suite = suite_of("scenarios: {burst: {load: {users: 1000, for: 30s, think: 1s}, mix: {home: 1}}}\n", ("home",))
    record = scenario_of(suite, "burst", 4.8, sent=4410, errors={"status_503": 2970})
    (found,) = curves(suite, [run_of(suite, scenarios={"burst": record.model_copy(update={"elapsed_s": 30.0})})])
    stage = next(stage for stage in found.stages if stage.name == "burst")
    assert (stage.rate_rps, stage.load) == (48.0, pytest.approx(1000 - 147))
    assert found.stages[0].load < 1, "of blocks rate times time"


def test_levels_of_one_scenario_are_a_curve_of_their_own():
    suite = suite_of(
        "scenarios: {steps: {load: {users: [5, 20, 50, 100], for: 40s}, mix: {home: 1}}}\n",
        ("home",),
    )
    levels = [level(n, min(n, 10) / 0.1, 0.1 * max(1.0, n / 10), met=None) for n in (5, 20, 50, 100)]
    levels.insert(0, level(1, 10, 0.1, met=None))
    record = scenario_of(suite, "steps").model_copy(update={"levels": levels})
    (found,) = curves(suite, [run_of(suite, scenarios={"steps": record})])
    assert (found.scenarios, found.of, found.thinks) == (("steps",), "users", False)
    assert [(stage.load, stage.met) for stage in found.stages] == [(n, None) for n in (1, 5, 20, 50, 100)]
    (told,) = bottlenecks([found], [])
    assert told.served_at_once == pytest.approx(10, rel=0.05)
    assert (told.levels, told.highest, told.fails_from) == (5, 100, None)


def test_a_search_by_rate_tells_the_pool_only_beyond_the_rate_that_it_bears():
    suite = suite_of(
        "scenarios: {most: {load: {find: max_rate, until: p95 <= 1s, from: 10/s, limit: 160/s}, mix: {home: 1}}}\n"
        "policy: {max_rate: 160/s}\n",
        ("home",),
    )

    def told(*levels: Level):
        record = scenario_of(suite, "most").model_copy(update={"search": search(*levels), "executor": "find"})
        return next(bottlenecks(list(curves(suite, [run_of(suite, scenarios={"most": record})])), []))

    borne = [level(rate_rps, rate_rps, time_s) for rate_rps, time_s in ((10, 0.1), (40, 0.11), (80, 0.16), (95, 0.4))]
    beyond = level(160, 100, 1.5, met=False)
    failing = level(160, 80, 1.5, met=False).model_copy(update={"error_ratio": 0.5})
    assert told(*borne).saturated is False
    assert told(*borne, beyond).served_at_once == pytest.approx(10, rel=0.1)
    assert told(*borne, failing).served_at_once is None, "half of them failed: that is no end of what is answered"
    never_sent = level(160, 100, 1.5, met=False).model_copy(update={"error_ratio": 0.375, "dropped": 600})
    assert told(*borne, never_sent).served_at_once == pytest.approx(10, rel=0.1), "too many waited for more to be sent"


def test_a_peak_is_told_only_where_throughput_was_seen_to_fall_beyond_it():
    (flat,) = bottlenecks([pooled(20)], [])
    assert flat.peak is None
    loads = (1, 2, 4, 8, 16, 32, 64, 128)
    rates = [100 * n / (1 + 0.03 * (n - 1) + 0.001 * n * (n - 1)) for n in loads]
    stages = [Stage(f"{n}", n, rate, n / rate) for n, rate in zip(loads, rates, strict=True)]
    (falling,) = bottlenecks([Curve(("burst",), "users", thinks=False, stages=tuple(stages))], [])
    assert falling.peak == pytest.approx((0.97 / 0.001) ** 0.5, rel=0.01)


def watched(values: list[float], **more) -> TelemetryRecord:
    at_s = [float(n) for n in range(len(values))]
    used = Series(source="prometheus", unit="count", at_s=at_s, values=values, answered=[0] * len(values))
    windows = [
        Window(name="burst", from_s=10, to_s=19, answered=100),
        Window(name="idle", from_s=0, to_s=9, answered=1),
    ]
    return TelemetryRecord(windows=windows, series={"pool.in_use": used}, **more)


def test_a_resource_is_full_in_the_scenario_that_fills_it():
    record = watched([0.0] * 10 + [10.0] * 5 + [3.0] * 5, facts={"pool.size": 10})
    assert [(use.window, use.most, use.full_ratio) for use in resource_use(record)] == [
        ("burst", 10, 0.5),
        ("idle", 0, 0.0),
    ]


def test_a_pool_is_as_large_as_it_is_while_a_scenario_runs():
    """Served with fewer processes it has fewer connections: all ten of ten are in use, though there were 40."""
    record = watched([10.0] * 20, facts={"pool.size": 40.0})
    sizes = record.series["pool.in_use"].model_copy(update={"values": [40.0] * 10 + [10.0] * 10})
    record = record.model_copy(update={"series": {**record.series, "pool.size": sizes}})
    found = {use.window: (use.size, use.full_ratio) for use in resource_use(record)}
    assert found == {"burst": (10, 1.0), "idle": (40, 0.0)}


def test_without_its_size_nobody_says_that_a_resource_was_full():
    assert list(resource_use(watched([10.0] * 20))) == []


@pytest.mark.parametrize(
    ("series", "resource"),
    [("processes.machine_cpu", "processors"), ("processes.cpu", "processors (by the preview alone)")],
)
def test_processors_are_told_by_how_fast_their_seconds_pass(series, resource):
    at_s = [0.0, 1.0, 2.0, 3.0]
    used = Series(
        source="processes", unit="s", is_counter=True, at_s=at_s, values=[5.0, 7.0, 9.0, 9.5], answered=[0] * 4
    )
    windows = [Window(name="burst", from_s=0, to_s=9, answered=100)]
    record = TelemetryRecord(windows=windows, series={series: used}, facts={"processes.cores": 2})
    (found,) = resource_use(record)
    assert (found.resource, found.most, found.n) == (resource, 2.0, 3)
    assert found.full_ratio == pytest.approx(2 / 3)


def test_a_series_of_the_pool_is_told_under_one_name():
    suite = suite_of(
        "telemetry: {prometheus: {url: /metrics, series: {taken: db_in_use, most: db_size, other: db_other}},"
        " pool: {in_use: {series: taken}, size: {series: most}}}\n"
    )
    one = watched([1.0, 2.0]).series["pool.in_use"]
    record = TelemetryRecord(series=dict.fromkeys(("taken", "most", "other", "pool.in_use", "pool.size"), one))
    assert [series.name for series in watch(record, renamed_in(suite)).series] == ["other", "pool.in_use", "pool.size"]
    assert renamed_in(SUITE) == frozenset()


def test_series_are_summed_up():
    (found,) = watch(watched([1.0, 2.0, 6.0])).series
    assert (found.first, found.last, found.least, found.mean, found.most, found.rising) == (1, 6, 1, 3, 6, None)
