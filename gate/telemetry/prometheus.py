"""A page in Prometheus' text format, over the way that single requests take to the preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gate.config.quantities import of_metric
from gate.load.job import Expectation, Request
from gate.load.transport import Fetched
from gate.record.telemetry import Source
from gate.telemetry.exposition import NotReadable, Sample, samples, selector_of
from gate.telemetry.source import Findings, Reading, Unread

READ_S = 2.0
"""Longest that one reading may take."""
_FIRST_READINGS = 8
"""At the beginning, so that every worker of a server was heard of: each tells of itself alone."""
_FORGOTTEN_AFTER = 64
"""Readings without a word of a worker until it counts as gone."""
_WORKER = "pid"
"""Label by which the workers of a server tell of themselves."""

Labels = tuple[tuple[str, str], ...]


class PrometheusPage:
    """Reads the series of a suite.

    A server of several processes answers with one of them. Where samples have the label ``pid``, the newest of each
    process is kept, and the sum is taken over those that were heard of lately.

    Parameters
    ----------
    series : mapping of str to str
        Metrics by the name that the suite gives them.
    fetch : callable
        Makes one request; does not raise for the network.
    """

    source: Source = "prometheus"

    def __init__(
        self, url: str, headers: Mapping[str, str], series: Mapping[str, str], fetch: Callable[..., Fetched]
    ) -> None:
        self._request = Request("GET", url, dict(headers), timeout_s=READ_S, connections="fresh")
        self._selectors = {name: selector_of(metric) for name, metric in series.items()}
        self._quantities = {name: of_metric(metric) for name, metric in series.items()}
        self._fetch = fetch
        self._readings = 0
        self._is_new = False
        self._known: dict[str, dict[Labels, tuple[float, int]]] = {name: {} for name in series}
        """By series and labels: value, and the number of the reading that it is from."""

    def begin(self) -> None:
        """Read often enough to know all workers."""
        for _ in range(_FIRST_READINGS):
            self.read()
            if not any(_WORKER in dict(labels) for known in self._known.values() for labels in known):
                return

    def read(self) -> Mapping[str, Reading]:
        """The sum of each series; those that are not on the page are left out."""
        fetched = self._fetch(self._request, Expectation((200,)))
        if fetched.answer.kind is not None:
            raise Unread(f"{self._request.url} answered: {fetched.answer.kind.replace('status_', 'status ')}")
        page = fetched.body.decode("utf-8", "replace")
        self._readings += 1
        if self._is_new:
            self._known, self._is_new = {name: {} for name in self._known}, False
        found = {}
        for name, selector in self._selectors.items():
            try:
                told = samples(page, selector)
            except NotReadable as error:
                raise Unread(str(error)) from None
            value = self._total(name, told)
            if value is not None:
                found[name] = Reading(value, self._quantities[name].unit, self._quantities[name].is_counter)
        return found

    def end(self) -> Findings:
        """Metrics that were never on the page."""
        missing = [name for name, known in self._known.items() if not known]
        return Findings(
            unread={name: f"{self._selectors[name].name} is not on the page of metrics" for name in missing}
        )

    def renew(self) -> None:
        """The processes before are gone, and so is what they said."""
        self._is_new = True

    def close(self) -> None:
        """Nothing is held."""

    def _total(self, name: str, told: list[Sample]) -> float | None:
        known = self._known[name]
        workers = {dict(sample.labels).get(_WORKER) for sample in told} or {None}
        for labels in [labels for labels in known if self._is_over(labels, known[labels][1], workers)]:
            del known[labels]
        known.update({sample.labels: (sample.value, self._readings) for sample in told})
        return sum(value for value, _ in known.values()) if known else None

    def _is_over(self, labels: Labels, read: int, workers: set[str | None]) -> bool:
        """Whether a set of labels is told anew by who told it before, or was not heard of for long."""
        return dict(labels).get(_WORKER) in workers or self._readings - read > _FORGOTTEN_AFTER
