"""What an answer says of the cookies that it sets. Pure.

References
----------
RFC 6265, section 5.2 (the Set-Cookie header), 5.2.1 to 5.2.6 (its attributes).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from gate.config.expectations import Cookie
from gate.units import format_duration

_DAYS = re.compile(r"(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)")


@dataclass(frozen=True)
class Flags:
    """One cookie as it is set."""

    secure: bool
    http_only: bool
    same_site: str | None
    """As written, with a capital; None where nothing is said."""
    life_s: float | None
    """None ends it with the session; NaN where it cannot be read."""


def cookies_of(lines: list[str], now: dt.datetime) -> dict[str, Flags]:
    """Cookies by name, the last of equal ones; values are not looked at.

    Parameters
    ----------
    lines : list of str
        Values of the Set-Cookie headers of one answer.
    now : datetime
        UTC; what ``Expires`` is seen from.
    """
    found: dict[str, Flags] = {}
    for line in lines:
        pair, *attributes = line.split(";")
        name, equals, _ = pair.partition("=")
        if not equals or not name.strip():
            continue
        given = {key.strip().lower(): value.strip() for key, _, value in (text.partition("=") for text in attributes)}
        found[name.strip()] = Flags(
            "secure" in given, "httponly" in given, given.get("samesite", "").capitalize() or None, _life_s(given, now)
        )
    return found


def _life_s(given: dict[str, str], now: dt.datetime) -> float | None:
    if "max-age" in given:  # it goes before Expires
        return float(given["max-age"]) if re.fullmatch(r"-?[0-9]{1,15}", given["max-age"]) else float("nan")
    if "expires" not in given:
        return None
    try:
        until = parsedate_to_datetime(_DAYS.sub(" ", given["expires"]))
    except ValueError:
        return float("nan")
    return (until if until.tzinfo else until.replace(tzinfo=dt.UTC)).timestamp() - now.timestamp()


def problems(name: str, wanted: Cookie, cookies: dict[str, Flags]) -> list[str]:
    """What is wrong with one cookie, in words."""
    seen = cookies.get(name)
    if seen is None:
        return [f"no cookie {name}"]
    found = []
    for flag, is_wanted, is_seen in (
        ("Secure", wanted.secure, seen.secure),
        ("HttpOnly", wanted.http_only, seen.http_only),
    ):
        if is_wanted is not None and is_wanted != is_seen:
            found.append(f"cookie {name} {'with' if is_seen else 'without'} {flag}")
    if wanted.same_site is not None and wanted.same_site != seen.same_site:
        said = seen.same_site if seen.same_site in ("Strict", "Lax", "None") else "another SameSite"
        found.append(f"cookie {name} with SameSite {said}" if seen.same_site else f"cookie {name} without SameSite")
    if wanted.max_age_s is not None and seen.life_s is not None and not seen.life_s <= wanted.max_age_s:
        found.append(f"cookie {name} lives {format_duration(seen.life_s)}")
    return found
