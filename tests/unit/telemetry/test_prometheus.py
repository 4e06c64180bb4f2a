"""Pages of several processes, one of which answers at a time."""

from __future__ import annotations

import pytest

from gate.load.transport import Answer, Fetched
from gate.telemetry.prometheus import PrometheusPage
from gate.telemetry.source import Unread


def page_of(*texts: str, kind: str | None = None) -> PrometheusPage:
    told = list(texts)

    def fetch(_request, _expect):
        body = told.pop(0) if len(told) > 1 else told[0]
        return Fetched(Answer(kind, 0 if kind else 200, len(body), 0.0, is_new_connection=True), body.encode(), {})

    return PrometheusPage("http://x/metrics", {}, {"memory": "resident_bytes", "hits": "hits_total"}, fetch)


def values(page: PrometheusPage) -> dict[str, float]:
    return {name: reading.value for name, reading in page.read().items()}


def test_sets_of_labels_are_added_up_and_units_follow_from_names():
    page = page_of('resident_bytes{a="1"} 5\nresident_bytes{a="2"} 7\nhits_total 3\n')
    found = page.read()
    assert (found["memory"].value, found["memory"].unit, found["memory"].is_counter) == (12, "bytes", False)
    assert (found["hits"].value, found["hits"].unit, found["hits"].is_counter) == (3, "count", True)


def test_workers_that_answer_in_turn_are_added_up_from_the_beginning():
    one, two = 'resident_bytes{pid="1"} 100\n', 'resident_bytes{pid="2"} 200\n'
    page = page_of(one, two, one, two, one, one, two, one, 'resident_bytes{pid="2"} 300\n', one)
    page.begin()
    assert values(page)["memory"] == 400
    assert values(page)["memory"] == 400


def test_a_worker_that_is_gone_is_forgotten_in_time():
    page = page_of('resident_bytes{pid="1"} 100\n', 'resident_bytes{pid="2"} 200\n')
    page.begin()
    assert values(page)["memory"] == 300
    for _ in range(70):
        last = values(page)
    assert last["memory"] == 200


def test_workers_of_a_preview_that_was_started_anew_replace_those_before():
    page = page_of('resident_bytes{pid="1"} 100\n', 'resident_bytes{pid="2"} 200\n')
    page.begin()
    page.renew()
    assert values(page)["memory"] == 200


def test_a_series_that_is_on_the_page_no_more_is_not_repeated():
    page = page_of("resident_bytes 100\n", "other 1\n")
    assert values(page) == {"memory": 100}
    assert values(page) == {}


def test_what_was_never_on_the_page_is_told_at_the_end():
    page = page_of("resident_bytes 100\n")
    page.begin()
    assert page.end().unread == {"hits": "hits_total is not on the page of metrics"}


@pytest.mark.parametrize("kind", ["timeout", "status_404", "too_large"])
def test_a_page_that_is_not_to_be_had(kind):
    with pytest.raises(Unread, match=kind.replace("status_", "status ")):
        page_of("", kind=kind).read()


def test_a_value_that_is_no_number_is_not_taken_for_one():
    with pytest.raises(Unread, match="no finite number"):
        page_of("resident_bytes NaN\n").read()
