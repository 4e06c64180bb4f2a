"""The helpful half of a message: which name was probably meant, or which ones there are."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LISTED = 24


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; two exchanged letters (p59) beat two similar ones."""
    from difflib import get_close_matches  # only needed where something is wrong

    by_small_letters = {candidate.lower(): candidate for candidate in known}
    wanted = name.lower()[:64]
    if wanted in by_small_letters:
        return by_small_letters[wanted]
    close = get_close_matches(wanted, by_small_letters, n=10)
    found = min(close, key=lambda candidate: sorted(candidate) != sorted(wanted), default=None)
    return None if found is None else by_small_letters[found]


def cure(name: str, known: Iterable[str], *, none: str = "there is none") -> str:
    """``did you mean read?``, or which names there are."""
    names = sorted(known)
    meant = nearest(name, names)
    if meant is not None:
        return f"did you mean {meant}?"
    if not names:
        return none
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return "there are: " + ", ".join(names[:MOST_LISTED]) + more
