"""Files beside the suite that are part of it: request data and certificates. They are read by an effect handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.config.asking import asked_beside
from gate.config.checks import Location
from gate.config.data import Data
from gate.config.hooks import after_load, before_load
from gate.config.journeys import names_in
from gate.config.json_schemas import with_schemas
from gate.config.plain import Refused
from gate.config.suite import Suite
from gate.config.tables import check_column, read_table
from gate.config.templates import placeholders

ReadFile = Callable[[str], bytes]
"""From a path relative to the suite to its content, one byte more than is allowed at most; else OSError."""

PEM = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file, and the key that names it or what is in it."""

    location: Location
    what: str
    cure: str


def no_files(name: str) -> bytes:
    """For suites that stand alone: there is no file beside them."""
    raise FileNotFoundError(2, "there are no files beside this suite", name)


def with_files(suite: Suite, read: ReadFile) -> tuple[Suite, list[Fault]]:
    """The suite with the content of its files, and everything that is wrong with them."""
    faults: list[Fault] = []
    data = dict(suite.data)
    for name, source in suite.data.items():
        try:
            data[name] = _with_table(source, read)
        except Refused as refused:
            key = "csv" if source.csv is not None else "jsonl"
            faults.append(_fault(("data", name, key), source.file, refused))
    preview = suite.preview
    if preview.ca_file is not None:
        try:
            preview = preview.with_ca(_certificates(_read(preview.ca_file, read)))
        except Refused as refused:
            faults.append(_fault(("preview", "ca"), preview.ca_file, refused))
    probes, misread = with_schemas(suite.probes, lambda name: _read(name, read))
    faults += [_fault(location, name, refused) for location, name, refused in misread]
    suite = suite.model_copy(update={"data": data, "preview": preview, "probes": probes})
    return suite, [*faults, *_missing_columns(suite)]


def _fault(location: Location, file: str | None, refused: Refused) -> Fault:
    place = f"{file}:{refused.line}" if refused.line else f"{file}"
    return Fault(location, f"{place}: {refused.what}", refused.cure)


def _read(name: str, read: ReadFile) -> bytes:
    try:
        return read(name)
    except OSError as error:
        raise Refused(
            f"cannot be read: {error.strerror}", "its path begins at the folder of the suite", line=0
        ) from None


def _with_table(source: Data, read: ReadFile) -> Data:
    if source.file is None:
        return source
    table = read_table(_read(source.file, read), "csv" if source.csv is not None else "jsonl")
    if source.column is not None:
        check_column(table, source.column)
    return source.with_table(table)


def _certificates(content: bytes) -> str:
    if PEM not in content or not content.isascii():
        raise Refused("holds no PEM certificate", f"it must hold {PEM.decode()}")
    return content.decode("ascii")


def _missing_columns(suite: Suite) -> Iterator[Fault]:
    for location, names in _asked_for(suite):
        for text in sorted(names):
            source, _, column = text.partition(".")
            data = suite.data.get(source)
            if data is None or data.table is None or not column:
                continue
            try:
                check_column(data.table, column)
            except Refused as refused:
                what = f"uses {{{text}}}, but {data.file}:{refused.line} {refused.what}"
                yield Fault(location, what, refused.cure)


def _asked_for(suite: Suite) -> Iterator[tuple[Location, set[str]]]:
    """Names in braces of every request that may draw from data."""
    for name, endpoint in suite.endpoints.items():
        yield ("endpoints", name), names_in(endpoint)
    for name, socket in suite.sockets.items():
        yield ("sockets", name), names_in(socket)
    for hook in (*before_load(suite), *after_load(suite)):
        yield hook.location, placeholders([text for _, text in hook.texts])
    for asking in asked_beside(suite):
        yield asking.location, placeholders([text for _, text in asking.sent])
