"""From what was read to the series of a record. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from gate.record.telemetry import MOST_SAMPLES, Rest, Rests, Series, Summed, Window
from gate.telemetry.timeline import Timeline
from gate.telemetry.track import Spell, Sums, Track

_STRETCH_S, _LEAST_REQUESTS = 2.0, 10


def per_request(total: Track, answered: Sequence[int]) -> Track:
    """Growth of a sum per request answered, at each sample over what came before it.

    Progress of the load is told once a second; over a shorter stretch than two of these a few requests more or less
    would count for much. Where hardly anything was answered there is none.
    """
    made = Track(total.source, total.unit, is_counter=False)
    begin = 0
    for place, at_s in enumerate(total.at_s):
        while begin < place and total.at_s[begin + 1] <= at_s - _STRETCH_S:
            begin += 1
        requests, grown = answered[place] - answered[begin], total.values[place] - total.values[begin]
        if at_s - total.at_s[begin] >= _STRETCH_S and requests >= _LEAST_REQUESTS and grown >= 0:
            made.add(at_s, grown / requests)
    return made


def series_record(
    tracks: Mapping[str, Track], timeline: Timeline, since_s: float
) -> tuple[list[Window], dict[str, Series]]:
    """Windows and series as they are kept; of those that are thinned the windows say what every reading came to."""
    windows = timeline.windows(since_s)
    sums: dict[str, dict[str, Summed]] = {window.name: {} for window in windows}
    series = {}
    for name, track in sorted(tracks.items()):
        every = _stride(len(track.values))
        kept = slice(None, None, every)
        series[name] = Series(
            source=track.source,
            unit=track.unit,
            is_counter=track.is_counter,
            at_s=[round(at - since_s, 3) for at in track.at_s[kept]],
            values=[float(f"{value:.12g}") for value in track.values[kept]],
            answered=timeline.answered_by(track.at_s[kept]),
        )
        if every * track.stride > 1:
            for window in windows:
                found = _summed(track, track.windows.get(window.name), (window,), since_s)
                sums[window.name] |= {} if found is None else {name: found}
            told = {"whole": track.whole.told(since_s), "load": _summed(track, track.load, windows, since_s)}
            series[name] = series[name].model_copy(update=told)
    return [window.model_copy(update={"sums": sums[window.name]}) for window in windows], series


def rests_of(tracks: Mapping[str, Track], timeline: Timeline, since_s: float) -> dict[str, Rests]:
    """Levels while the preview was left alone."""
    found = [_rest(tracks, number, times, since_s) for number, times in enumerate(timeline.rests)]
    return {name: Rests(before=found[first], after=found[then]) for name, (first, then) in timeline.around.items()}


def _rest(tracks: Mapping[str, Track], number: int, times: tuple[float, float], since_s: float) -> Rest:
    levels = {
        name: float(f"{median(track.rests[number]):.12g}")
        for name, track in sorted(tracks.items())
        if not track.is_counter and track.rests.get(number)
    }
    from_s, to_s = (round(at - since_s, 3) for at in times)
    return Rest(from_s=from_s, to_s=to_s, levels=levels)


def _summed(track: Track, spell: Spell | None, windows: Sequence[Window], since_s: float) -> Summed | None:
    """Every reading from the first to the last of some windows: of those that are all here, or as they were counted."""
    if track.stride > 1:
        return None if spell is None else spell.sums.told(since_s)
    begin, end = (min(w.from_s for w in windows), max(w.to_s for w in windows)) if windows else (0.0, -1.0)
    sums = Sums()
    for at_s, value in zip(track.at_s, track.values, strict=True):
        if begin <= at_s - since_s <= end:
            sums.add(at_s, value)
    return sums.told(since_s) if sums.n else None


def _stride(samples: int) -> int:
    """Every second sample, as often as needed."""
    every = 1
    while -(-samples // every) > MOST_SAMPLES:
        every *= 2
    return every
