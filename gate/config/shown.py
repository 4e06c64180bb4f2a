"""Values of a suite file as a message may show them: short, on one line, in plain sight, and never a secret."""

from __future__ import annotations

import re

from gate.config.checks import Location

MOST_SHOWN = 60

_SECRET_KEY = re.compile(
    r"pass|token|secret|auth|key|cookie|credential|session|signature|bypass|dsn|private|bearer", re.IGNORECASE
)
_SECRET_BRANCHES = frozenset({"headers", "json", "variables"})
_OPEN_IN_IDENTITIES = frozenset({"request", "extract"})
_FROM_ENVIRONMENT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_USERINFO = re.compile(r"(?<=//)[^/\s]*@")
_QUERY_VALUE = re.compile(r"([?&;][^=&;#\s]*=)(?!\$\{[A-Za-z_][A-Za-z0-9_]*\}(?:[&;#\s]|$))[^&;#\s]+")


def plain(text: str, most: int = MOST_SHOWN) -> str:
    """The text on one line, without characters that hide or rearrange what is read, cut to a length."""
    cut = text if len(text) <= most else text[: most - 3] + "..."
    return "".join(_escaped(character) for character in cut)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def path(location: Location) -> str:
    """``policy.waivers[0].row``."""
    text = ""
    for index, part in enumerate(location):
        text += f"[{part}]" if isinstance(part, int) else f".{key(location[: index + 1])}"
    return text.removeprefix(".")


def key(location: Location) -> str:
    """The last key of a location; cut where a secret may have slipped into it.

    ``{Authorization:Bearer x}``, without a blank behind the colon, is one key to YAML.
    """
    text = str(location[-1])
    if location[0] == "identities" or _is_in_secret_branch(location):
        text = re.sub(r"[:=\s].*", "***", text, flags=re.DOTALL)
    return plain(text, 40) or '""'


def value(location: Location, written: str | None, *, is_text: bool) -> str:
    """A scalar as the file has it, texts in quotes; nothing for a list or a mapping.

    Parameters
    ----------
    location : Location
        Where it stands; decides whether it may be shown.
    written : str or None
        How the file writes it, ``None`` if it is no scalar.
    is_text : bool
        Whether it is a text, and no number or boolean.
    """
    if written is None:
        return ""
    if _is_secret(location) and not _FROM_ENVIRONMENT.fullmatch(written):
        return "***"
    if not is_text:
        return plain(written)
    text = _QUERY_VALUE.sub(r"\1***", _USERINFO.sub("***@", written))
    return f'"{plain(text)}"'


def _is_secret(location: Location) -> bool:
    keys = [part for part in location if isinstance(part, str)]
    if not keys or tuple(keys[:2]) == ("preview", "commit") or (keys[0] == "endpoints" and len(keys) == 2):
        return False
    if keys[0] == "identities" and not _OPEN_IN_IDENTITIES & set(keys[2:]):
        return True
    return bool(_SECRET_KEY.search(keys[-1]) or _is_in_secret_branch(location))


def _is_in_secret_branch(location: Location) -> bool:
    is_message = location[0] == "sockets" and location[2:3] == ("message",)
    return is_message or bool(_SECRET_BRANCHES & {part for part in location if isinstance(part, str)})
