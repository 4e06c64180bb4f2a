"""Single files out of a zip archive in memory; nothing is ever unpacked to a disk. Pure.

An archive is what somebody else wrote. One that tries anything - names that climb out of their folder, links, two
members of one name, contents far larger than they should be - is refused as a whole.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable

MAX_MEMBERS = 10_000
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # encrypted
    ValueError,  # of struct and of names that are no text, too
    OverflowError,
)


class ArchiveError(ValueError):
    """An archive that is not read."""


def members_named(content: bytes, is_wanted: Callable[[str], bool], most_bytes: int) -> dict[str, list[bytes]]:
    """Contents of all members whose name is wanted, in whichever folder, by that name.

    Parameters
    ----------
    is_wanted : callable
        Asked about each name, without folders.
    most_bytes : int
        A member that is longer is not read; nor are all of them together beyond it.

    Raises
    ------
    ArchiveError
        If it is no archive, or one that is refused.
    """
    found: dict[str, list[bytes]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_tricks(members)
            wanted = [member for member in members if is_wanted(_base(member))]
            if not sum(member.file_size for member in wanted) <= most_bytes:
                raise ArchiveError(f"the archive says that it holds more than {most_bytes} bytes of what was asked for")
            for member in wanted:
                found.setdefault(_base(member), []).append(_content(archive, member))
    except ArchiveError:
        raise
    except _BROKEN as error:
        raise ArchiveError(f"the archive is damaged ({type(error).__name__})") from None
    return found


def _refuse_tricks(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise ArchiveError(f"the archive has {len(members)} members, more than {MAX_MEMBERS}")
    if len({member.filename for member in members}) != len(members):
        raise ArchiveError("the archive has two members of one name")
    for member in members:
        if _climbs(member.orig_filename) or _climbs(member.filename):
            raise ArchiveError("the archive has a member whose name leads out of its folder")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError("the archive has a link or a device")


def _climbs(name: str) -> bool:
    parts = name.removesuffix("/").split("/")
    return any(part in ("", ".", "..") for part in parts) or any(c in name for c in "\\:\0")


def _base(member: zipfile.ZipInfo) -> str:
    return member.filename.rpartition("/")[2]


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in _METHODS or member.flag_bits & 1:
        raise ArchiveError("the archive is packed in a way that is not read")
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)  # as long as it says that it is, whatever it unfolds to
    if len(content) != member.file_size:
        raise ArchiveError("the archive holds a member that is not as long as it says")
    return content
