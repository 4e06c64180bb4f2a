"""What became of the WebSockets of a run, in words: told with the verdict, judged only by objectives. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gate.load.histogram import Histogram
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord, SocketRecord
from gate.record.value import Notice
from gate.units import format_count, format_duration

_MOST_KINDS = 4
"""Told of close codes and refusals; a server may choose its codes as it likes."""


def connection_notices(candidates: Sequence[Run]) -> list[Notice]:
    """One sentence for each WebSocket of each scenario, all runs of the candidate together."""
    scenarios = dict.fromkeys(name for run in candidates for name in run.scenarios)
    return [
        Notice(code="connections", message=f"{socket} in scenario {name}: {told}")
        for name in scenarios
        for socket, told in _told([run.scenarios[name] for run in candidates if name in run.scenarios])
    ]


def _told(records: Sequence[ScenarioRecord]) -> Iterator[tuple[str, str]]:
    stays = any(record.executor != "rate" for record in records)  # an arrival leaves when it was answered
    for name in dict.fromkeys(name for record in records for name in record.sockets):
        sockets = [record.sockets[name] for record in records if name in record.sockets]
        yield name, "; ".join(part for part in (_connections(sockets, stays=stays), _times(sockets)) if part)


def _connections(sockets: Sequence[SocketRecord], *, stays: bool) -> str:
    opened, again = sum(each.opened for each in sockets), sum(each.reconnected for each in sockets)
    unasked = sum(each.unasked for each in sockets)
    parts = [
        f"{format_count(opened, 'connection')} opened" + (f" ({again} in place of others)" if again else ""),
        f"{sum(each.alive for each in sockets)} alive at the end" if stays else "",
        _by_kind("lost", "close code ", [each.lost for each in sockets]) or "none lost",
        _by_kind("refused", "", [each.refused for each in sockets]),
        f"{format_count(unasked, 'message')} that nobody asked for" if unasked else "",
    ]
    return ", ".join(part for part in parts if part)


def _by_kind(what: str, of: str, counts: Sequence[dict[str, int]]) -> str:
    """``3 lost (close code 1006 1 x, 4001 2 x)``; empty if there is nothing to count."""
    found: Counter[str] = sum((Counter(each) for each in counts), Counter())
    told = sorted(found.most_common(_MOST_KINDS))
    kinds = ", ".join(f"{kind.replace('_', ' ')} {count} x" for kind, count in told)
    more = f" and {len(found) - len(told)} more" if len(found) > len(told) else ""
    return f"{found.total():,} {what} ({of}{kinds}{more})" if found else ""


def _times(sockets: Sequence[SocketRecord]) -> str:
    found = {
        "opening": Histogram.of_all(each.connect for each in sockets),
        "the answer": Histogram.of_all(each.echo for each in sockets),
    }
    return ", ".join(
        f"{what} took {format_duration(times.quantile(0.5))} (p95 {format_duration(times.quantile(0.95))})"
        for what, times in found.items()
        if times.n
    )
