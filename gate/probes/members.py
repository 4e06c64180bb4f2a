"""Whether the members of a JSON answer are as a suite says. Pure."""

from __future__ import annotations

from gate.config.jsonpath import found


def equal(seen: object, wanted: object) -> bool:
    """Whether two JSON values are the same: 1 and 1.0 are, 1 and true are not, the order of members is nothing.

    References
    ----------
    JSON Schema, draft 2020-12, section 4.2.2 (instance equality).
    """
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return seen is wanted
    if isinstance(seen, int | float) and isinstance(wanted, int | float):
        return seen == wanted
    if isinstance(seen, dict) and isinstance(wanted, dict):
        return seen.keys() == wanted.keys() and all(equal(seen[name], wanted[name]) for name in wanted)
    if isinstance(seen, list) and isinstance(wanted, list):
        return len(seen) == len(wanted) and all(map(equal, seen, wanted))
    return type(seen) is type(wanted) and seen == wanted


def mismatch(answer: object, path: str, wanted: object) -> str | None:
    """What is wrong at a place of an answer, in words; None if nothing is.

    Numbers and the words of JSON are told, texts are not: they may hold anything.

    Parameters
    ----------
    wanted : object
        True: there is something; False: there is nothing; else what must be there.
    """
    there = found(answer, path)
    if wanted is True:
        return None if there else f"no {path}"
    if wanted is False:
        return f"a {path}" if there else None
    if not there:
        return f"no {path}"
    return None if equal(there[0], wanted) else f"{path} is {told(there[0])}"


def told(value: object) -> str:
    """A JSON value as it may be told."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"{value:.12g}" if abs(value) < 10**15 else "a large number"
    if isinstance(value, str):
        return "another text" if value else "an empty text"
    return "another list" if isinstance(value, list) else "another object"
