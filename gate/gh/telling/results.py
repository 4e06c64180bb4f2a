"""What the outputs of the action say of one verdict, and of several together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gate.verdict.values import Outcome, Verdict

Outputs = Mapping[str, str | int]
"""Every output in :data:`gate.gh.telling.workflow.OUTPUTS` by name."""

_COUNTS: dict[str, Outcome] = {
    "regressed": "regressed",
    "improved": "improved",
    "unchanged": "unchanged",
    "inconclusive": "inconclusive",
    "not-measured": "not_measured",
}
_SUSPICIONS = ("unconfirmed", "everything-slower")
"""Reasons that runs on other runners can take away; beside a base they cannot."""
_PATHS = ("report", "verdict-file", "run-files")


def nothing_judged(exit_code: int, run_files: Sequence[str] = ()) -> Outputs:
    """Outputs of a suite without a verdict.

    Parameters
    ----------
    run_files : sequence of str
        Paths from the workspace.
    """
    return {
        **dict.fromkeys((*_COUNTS, "suspected"), 0),
        **dict.fromkeys((*_PATHS, "verdict"), ""),
        "exit-code": exit_code,
        "run-files": "\n".join(run_files),
    }


def of_verdict(verdict: Verdict, report: str, verdict_file: str, run_files: Sequence[str]) -> Outputs:
    """Outputs of one suite that was judged; the paths are those from the workspace."""
    return {
        **{name: sum(row.outcome == outcome for row in verdict.rows) for name, outcome in _COUNTS.items()},
        "suspected": sum(len(r.rows) for r in verdict.reasons if r.code in _SUSPICIONS and verdict.way == "stored"),
        "exit-code": verdict.exit_code,
        "report": report,
        "verdict-file": verdict_file,
        "run-files": "\n".join(run_files),
        "verdict": verdict.verdict if verdict.in_effect else "",
    }


def added_up(suites: Sequence[Outputs]) -> Outputs:
    """Outputs of a job from those of its suites.

    Counts are added and paths stand one on a line. The exit code is the largest: what kept one suite from being judged
    weighs more than what the others came to. BLOCKED if any is; APPROVED only if one is and every suite ended well.
    """
    exit_code = max((int(suite["exit-code"]) for suite in suites), default=0)
    verdicts = {suite["verdict"] for suite in suites}
    approved = "APPROVED" if "APPROVED" in verdicts and exit_code == 0 else ""
    return {
        **{name: sum(int(suite[name]) for suite in suites) for name in (*_COUNTS, "suspected")},
        **{name: "\n".join(str(suite[name]) for suite in suites if suite[name]) for name in _PATHS},
        "exit-code": exit_code,
        "verdict": "BLOCKED" if "BLOCKED" in verdicts else approved,
    }
