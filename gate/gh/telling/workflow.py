"""The files an action shares with the runner and the steps after it: event, outputs, job summary, results."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.errors import DeliveryError, UsageError

MAX_EVENT_BYTES = 25 * 10**6
MAX_SUMMARY_BYTES = 2**20
_NUMBER = r"[0-9]{1,9}"
_PATH = r"[^\x00-\x1f\x7f]*"
_PATHS = rf"({_PATH}\n)*{_PATH}"


@dataclass(frozen=True)
class Output:
    """One output of the action, and what may stand in it: nothing a stranger can word."""

    name: str
    description: str
    pattern: str


OUTPUTS = (
    Output("exit-code", "Exit code of the gate; the table in docs says what each means.", _NUMBER),
    Output("regressed", "Number of rows that regressed.", _NUMBER),
    Output("improved", "Number of rows that improved.", _NUMBER),
    Output("unchanged", "Number of rows shown to be unchanged.", _NUMBER),
    Output("inconclusive", "Number of rows that this much data cannot decide.", _NUMBER),
    Output("not-measured", "Number of rows without usable data.", _NUMBER),
    Output("suspected", "Number of rows that runs on other runners have to confirm or clear.", _NUMBER),
    Output("report", "Path of the comment as Markdown, from the workspace; one on a line for each suite.", _PATHS),
    Output("verdict-file", "Path of the verdict as JSON, from the workspace; one on a line for each suite.", _PATHS),
    Output("run-files", "Paths of what was measured as JSON, from the workspace, one on a line.", _PATHS),
    Output(
        "verdict", "APPROVED or BLOCKED; empty where nothing was judged. Test for == 'APPROVED'.", "APPROVED|BLOCKED|"
    ),
)
"""All outputs in the order they are written: the verdict last, so that it stands only if all else does."""


def read_event(path: Path) -> Mapping[str, object]:
    """Read the event as the runner stored it.

    Raises
    ------
    UsageError
        If the file is missing, too large or no JSON object.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_EVENT_BYTES + 1)
        if len(content) > MAX_EVENT_BYTES:
            raise UsageError(f"GITHUB_EVENT_PATH names a file of more than {MAX_EVENT_BYTES} bytes")
        event = json.loads(content)
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH names {str(path)!r}, which cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"GITHUB_EVENT_PATH names {str(path)!r}, which is not JSON") from None
    if not isinstance(event, dict):
        raise UsageError(f"GITHUB_EVENT_PATH names {str(path)!r}, which is not a JSON object")
    return event


def results_folder(workspace: Path, out: str) -> Path:
    """Folder for the results, made if need be.

    The workspace may hold the tree of a pull request, and the container writes as root with the runner's own files
    mounted: a link in the way could turn a report into an output or a file of the host.

    Raises
    ------
    UsageError
        If a link, or something that is no folder, is in the way.
    """
    folder = workspace
    try:
        for part in Path(out).parts:
            folder = folder / part
            if folder.is_symlink():
                raise UsageError(
                    f"{folder} is a link; the gate writes results only into real folders", "change input out"
                )
            folder.mkdir(exist_ok=True)
        links = [entry.name for entry in folder.iterdir() if entry.is_symlink()]
    except OSError as error:
        raise UsageError(f"results cannot be written to {folder}: {error.strerror}", "change input out") from error
    if links:
        raise UsageError(f"{folder} holds links: {', '.join(sorted(links)[:3])}", "change input out")
    return folder


def write_outputs(
    path: Path, values: Mapping[str, str | int], token: Callable[[], str] = lambda: secrets.token_hex(16)
) -> None:
    """Append the outputs to the runner's file at once, the verdict last.

    Parameters
    ----------
    values : mapping
        Value of every output in :data:`OUTPUTS`.
    token : callable
        Makes the word that ends a value; random, so that no value can hold it on purpose.

    Raises
    ------
    DeliveryError
        If the file cannot be written.
    """
    if set(values) != {output.name for output in OUTPUTS}:
        raise ValueError(f"outputs are {[output.name for output in OUTPUTS]}, not {sorted(values)}")
    entries = []
    for output in OUTPUTS:
        value = str(values[output.name])
        if not re.fullmatch(output.pattern, value):
            raise ValueError(f"{value!r} cannot be the output {output.name}")
        entries.append(output_entry(output.name, value, token()))
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write("".join(entries))
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"the outputs cannot be written to GITHUB_OUTPUT: {type(error).__name__}") from error


def output_entry(name: str, value: str, token: str) -> str:
    """One output in the form that may hold any text; ``name=value`` would end at the first line break.

    Raises
    ------
    ValueError
        If name or value holds the word that is to end the value.
    """
    delimiter = f"gate_{token}"
    if delimiter in name or delimiter in value:
        raise ValueError("an output holds the delimiter that is to end it")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def append_summary(path: Path, text: str) -> None:
    """Add to the job's summary.

    Raises
    ------
    DeliveryError
        If it cannot be written, or would be over the size at which the runner drops it whole.
    """
    content = text.encode("utf-8", "replace") + b"\n"
    try:
        size = (path.stat().st_size if path.exists() else 0) + len(content)
        if size > MAX_SUMMARY_BYTES:
            raise DeliveryError(f"the job summary would have {size} bytes; GitHub takes {MAX_SUMMARY_BYTES}")
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        raise DeliveryError(f"the job summary cannot be written: {error.strerror}") from error
