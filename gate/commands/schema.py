"""`gate schema`: the published JSON schemas."""

from __future__ import annotations

import json
from typing import Any

from gate.commands.effects import Effects
from gate.errors import ExitCode

KINDS = ("suite", "run", "verdict", "history")


def schema_of(kind: str) -> dict[str, Any]:
    """JSON schema of one kind of file."""
    from gate.config.schema import suite_schema
    from gate.record.run import RunFile
    from gate.record.value import Value
    from gate.report.history import HistoryFile
    from gate.verdict.values import Verdict

    if kind == "suite":
        return suite_schema()
    models: dict[str, type[Value]] = {"run": RunFile, "verdict": Verdict, "history": HistoryFile}
    model = models[kind]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema(by_alias=True)


def schema_text(kind: str) -> str:
    """The schema as it is published."""
    return json.dumps(schema_of(kind), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def run(kind: str, effects: Effects) -> ExitCode:
    """Print one schema."""
    effects.console.show(schema_text(kind))
    return ExitCode.APPROVED
