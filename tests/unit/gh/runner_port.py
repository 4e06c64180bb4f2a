"""How the Actions runner reads a job's log and its file of outputs, written anew from its documented behaviour.

Sources: ActionCommand.cs and FileCommandManager.cs of https://github.com/actions/runner. The runner compares by the
rules of a culture, which pass over characters without a weight; here those are dropped before comparing, which finds
commands wherever the runner could.
"""

from __future__ import annotations

import re
import unicodedata

COMMANDS = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice", "remove-matcher",
    "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip
_WEIGHTLESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def commands_in(log: str) -> list[tuple[str, str]]:
    """Commands the runner would carry out, with their data."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        for seen in {line, _without_weightless(line)}:
            command = _second_form(seen) or _first_form(seen)
            if command:
                found.append(command)
                break
    return found


def _without_weightless(line: str) -> str:
    kept = (c for c in line if unicodedata.category(c) not in ("Cc", "Cf") or c in "\t\x0b\x0c\x85\x1c\x1d\x1e\x1f")
    return _WEIGHTLESS.sub("", "".join(kept))


def _second_form(line: str) -> tuple[str, str] | None:
    """``::name key=value::data`` after any white space."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name = line[2:end].split(" ", 1)[0].lower()
    return (name, _decoded(line[end + 2 :])) if name in COMMANDS else None


def _first_form(line: str) -> tuple[str, str] | None:
    """``##[name key=value;]data`` anywhere."""
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].split(" ", 1)[0].lower()
    return (name, line[end + 1 :]) if name in COMMANDS else None


def _decoded(data: str) -> str:
    return data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def outputs_in(text: str) -> dict[str, str]:
    """Outputs the runner would set; lines end at a line feed and at nothing else."""
    outputs: dict[str, str] = {}
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line.split("=", 1)
            outputs[name] = value
            continue
        if heredoc < 0:
            raise ValueError(f"invalid line {line!r}")
        name, delimiter = line.split("<<", 1)
        if not name or not delimiter:
            raise ValueError("name and delimiter must not be empty")
        if delimiter not in lines:
            raise ValueError("matching delimiter not found")
        end = lines.index(delimiter)
        outputs[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    return outputs
