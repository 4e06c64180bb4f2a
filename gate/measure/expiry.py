"""Whether a load outlived the logins it was made with: how often they were made again, and what was refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.journeys import endpoints_of
from gate.config.suite import Suite
from gate.load.job import SegmentResult
from gate.record.scenario import LoginRecord
from gate.record.value import Notice
from gate.units import format_duration

UNAUTHORISED = "status_401"
"""Kind of an answer that asks for a login: RFC 9110, section 15.5.2."""


def logged_in(suite: Suite, scenario: str) -> tuple[str, ...]:
    """Endpoints of a scenario that are asked with what a login gave."""
    return tuple(
        name
        for name in endpoints_of(suite, scenario)
        if (identity := _identity(suite, name)) is not None and suite.identities[identity].login
    )


def _identity(suite: Suite, name: str) -> str | None:
    return suite.endpoints[name].identity if name in suite.endpoints else suite.sockets[name].identity


def login_record(
    suite: Suite, scenario: str, result: SegmentResult, life_s: float | None, renewals: int
) -> LoginRecord | None:
    """What came of the logins; None where nobody logs in.

    Parameters
    ----------
    result : SegmentResult
        Of this scenario alone, lanes by the names of their endpoints.
    """
    names = logged_in(suite, scenario)
    if not names:
        return None
    refused = sum(result.lanes[name].errors.get(UNAUTHORISED, 0) for name in names if name in result.lanes)
    return LoginRecord(life_s=life_s, renewals=renewals, refused=refused)


def refused_notices(scenario: str, record: LoginRecord | None) -> Iterator[Notice]:
    """Answers 401 under load, with what may be behind them."""
    if record is None or not record.refused:
        return
    if record.life_s is None:
        why = "nobody says how long a login lasts, so it may have run out"
        cure = "write lasts into the identity, and a stretch into the load: then logins are made again in time"
    else:
        why = f"though a login lasts {format_duration(record.life_s)} and was made again in time"
        cure = "see why the preview refuses what it gave, or lower lasts of the identity"
    message = f"scenario {scenario}: {record.refused} answers 401 to requests with a login; {why}"
    yield Notice(code="logins-refused", message=message, cure=cure)
