"""The command line: the only place that reads the clock and the environment, builds clients and decides to exit.

Heavy modules are imported by the command that needs them, so that `gate --help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from gate.errors import Cancelled, ExitCode, GateError

if TYPE_CHECKING:
    from gate.commands.effects import Effects

_EPILOG = """\
exit codes: 0 approved, 1 blocked, 2 suite or usage refused, 3 not measured, 4 not delivered to GitHub,
5 baselines unusable, 70 a bug in the gate, 130 and 143 cancelled
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="gate",
        description="Measure a preview of a pull request, compare it with main, answer APPROVED or BLOCKED.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str, *options: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        for option in options:
            _OPTIONS[option](sub)
        return sub

    add(
        "check",
        "measure a preview and judge it",
        "suite",
        "profile",
        "profiler",
        "preview",
        "base",
        "commit",
        "baselines",
        "out",
        "json",
    )
    refresh = add(
        "refresh",
        "measure main, beside the previous main if given as base, and append one run to the baselines",
        "suite",
        "profile",
        "preview",
        "base",
        "commit",
        "baselines",
        "out",
    )
    refresh.add_argument(
        "--accept",
        metavar="ROW=REASON",
        action="append",
        default=[],
        help="this row changed and is meant to: begin its baselines anew with this run; again for more rows",
    )
    run = add(
        "run",
        "measure only and write run files",
        "suite",
        "profile",
        "profiler",
        "preview",
        "base",
        "commit",
        "baselines",
        "out",
    )
    run.add_argument(
        "--after",
        metavar="RUN.json",
        action="append",
        default=[],
        type=Path,
        help="measure what this run on another runner made suspect, to be judged together; again for more runs",
    )
    compare = add("compare", "judge run files offline", "suite", "baselines", "out", "json")
    compare.add_argument("runs", metavar="RUN.json", nargs="+", type=Path, help="candidate runs of one commit")
    report = add("report", "render a verdict again", "out", "json")
    report.add_argument("verdict", metavar="VERDICT.json", type=Path)
    explain = add("explain", "show everything behind one row of a verdict")
    explain.add_argument("row", metavar="ROW", help="suite/endpoint/metric, or without the suite")
    explain.add_argument(
        "--verdict",
        metavar="FILE",
        type=Path,
        default=Path("gate-out/verdict.json"),
        help="default gate-out/verdict.json",
    )
    history = add("history", "how every row of main developed over the stored runs", "suite", "baselines", "json")
    history.add_argument("--anchor", metavar="SHA", help="compare main now with the stored runs of this commit")
    add("validate", "read a suite and say what it would measure", "suite", "profile")
    calibrate = add(
        "calibrate",
        "measure deployments of one commit side by side and learn how much they differ",
        "suite",
        "preview",
        "base",
        "commit",
        "baselines",
        "out",
    )
    calibrate.add_argument("--duet-minutes", metavar="N", type=float, help="for each duet; default policy.budget.time")
    calibrate.add_argument("--duets", metavar="N", type=int, help="default each pair of deployments, both ways round")
    plan = add(
        "plan", "say what could be seen, and what it would take to see more; measures nothing", "suite", "baselines"
    )
    plan.add_argument("--minutes", metavar="N", type=float, help="for one pull request; default policy.budget.time")
    plan.add_argument("--preview-count", metavar="N", type=int, help="deployments of each side at hand; default any")
    plan.add_argument("--see", metavar="10%", help="say what it would take to see such a slowdown")
    schema = add("schema", "print a JSON schema")
    schema.add_argument("kind", nargs="?", default="suite", choices=("suite", "run", "verdict", "history"))
    _add_init(add("init", "write a suite and workflows into this repository, ready to be looked through"))
    _add_doctor(add("doctor", "say what is set up on GitHub and what is not", "suite", "preview", "json"))
    add("demo", "run the whole gate against a bundled shop", "out")
    add("action", "run as a GitHub Action; inputs come from the environment")
    return top


def _add_init(init: argparse.ArgumentParser) -> None:
    from gate.setup.kinds import KINDS

    def text(option: str, metavar: str, help_text: str, **more: Any) -> None:  # noqa: ANN401 - as argparse has it
        init.add_argument(option, metavar=metavar, help=help_text, **more)

    init.add_argument("--preview-kind", choices=tuple(KINDS), help="where previews come from")
    text("--url", "TEMPLATE", "where a preview is, such as https://pr-{number}.preview.example.com")
    text("--main", "URL", "where the default branch is deployed; measured for the baselines")
    text("--environment", "PATTERN", "environment of the previews' deployments on GitHub")
    text("--creator", "LOGIN", "account that makes those deployments")
    text("--start", "COMMAND", "starts the application in the job; default docker compose up")
    text("--endpoint", "'GET /PATH'", "what to measure; again for more; default GET /", action="append", default=[])
    text("--from-openapi", "FILE", "take GET operations without parameters from an OpenAPI file", type=Path)
    text(
        "--workflows",
        "NAMES",
        "files of examples/workflows; default pull-request,refresh",
        default="pull-request,refresh",
    )
    text("--action", "OWNER/gate@COMMIT", "release that the workflows use; default the one installed from")
    text("--name", "NAME", "of the suite, and so of the check; default the repository's")
    text("--branch", "NAME", "the default branch; default what origin says, else main")
    init.add_argument("--force", action="store_true", help="replace files that are there")
    init.add_argument("--dry-run", action="store_true", help="print the files and write nothing")


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--repo", metavar="OWNER/NAME", help="default that of the remote origin")
    doctor.add_argument("--api-url", metavar="URL", default="", help="base of the API of GitHub Enterprise Server")


_OPTIONS: dict[str, Callable[[argparse.ArgumentParser], object]] = {
    "suite": lambda p: p.add_argument(
        "--suite", metavar="FILE", type=Path, default=Path("gate.yml"), help="default gate.yml"
    ),
    "profile": lambda p: p.add_argument(
        "--profile", metavar="NAME", help="make the scenarios as large as this profile of the suite says"
    ),
    "profiler": lambda p: p.add_argument(
        "--profiler",
        choices=("time", "memory"),
        help="say where the preview that preview.serve starts spends it in scenarios, by py-spy or memray",
    ),
    "preview": lambda p: p.add_argument(
        "--preview",
        metavar="URL",
        action="append",
        default=[],
        help="deployment to measure; again for more of one commit",
    ),
    "base": lambda p: p.add_argument(
        "--base",
        metavar="URL",
        action="append",
        default=[],
        help="deployment to measure side by side: of the merge base, or on main the previous one",
    ),
    "commit": lambda p: p.add_argument("--commit", metavar="SHA", help="commit that the preview should serve"),
    "baselines": lambda p: p.add_argument(
        "--baselines", metavar="STORE", help="over the suite's, such as dir:baselines"
    ),
    "out": lambda p: p.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("gate-out"), help="default gate-out"
    ),
    "json": lambda p: p.add_argument("--json", action="store_true", help="print the result as JSON"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and say with which code to exit. Never a traceback, unless GATE_DEBUG is set."""
    options = parser().parse_args(argv)
    if options.version:
        from gate.version import tool_version

        print(f"gate {tool_version()}")  # noqa: T201
        return 0
    if options.command is None:
        parser().print_help()
        return int(ExitCode.USAGE)
    from gate.console import StreamConsole, lenient

    console = StreamConsole(lenient(sys.stdout), lenient(sys.stderr))
    try:
        _catch_signals()
        return int(_dispatch(options, console))
    except GateError as error:
        console.problem(str(error))
        return int(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output went away; the verdict is on disk, but nobody saw it.
        sys.stderr.close()
        return int(ExitCode.NOT_DELIVERED)
    except Exception as error:
        if os.environ.get("GATE_DEBUG"):
            raise
        console.problem(f"a bug in the gate: {type(error).__name__}: {error}\n  set GATE_DEBUG=1 for a traceback")
        return int(ExitCode.BUG)
    finally:
        _forget_reader_that_left()


def _forget_reader_that_left() -> None:
    """Drop what nobody will read, or Python tries once more at its end and exits with a code of its own.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(options: argparse.Namespace, console: object) -> ExitCode:
    from gate.wiring import real_effects

    return _COMMANDS[options.command](options, real_effects(console, os.environ))  # type: ignore[arg-type]


def _check(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import check, judging, measuring

    suite = measuring.load_suite(options.suite, options.profile)
    store = judging.open_store(suite, options.suite, options.baselines)
    return check.run(suite, store, _targets(options), options.out, effects, as_json=options.json)


def _refresh(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import judging, measuring, refresh

    suite = measuring.load_suite(options.suite, options.profile)
    store = judging.open_store(suite, options.suite, options.baselines, to_write=True)
    accepted = refresh.accepted_changes(suite, options.accept)
    return refresh.run(suite, store, _targets(options), options.out, effects, accepted=lambda _: accepted)


def _run(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import judging, measuring, run

    suite, after = measuring.load_suite(options.suite, options.profile), None
    if options.after:
        after = run.After(tuple(options.after), judging.open_store(suite, options.suite, options.baselines))
    return run.run(suite, _targets(options), options.out, effects, after)


def _compare(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import compare, judging, measuring

    suite = measuring.load_suite(options.suite)
    store = judging.open_store(suite, options.suite, options.baselines)
    return compare.run(suite, store, tuple(options.runs), options.out, effects, as_json=options.json)


def _report(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import report

    return report.run(options.verdict, options.out, effects, as_json=options.json)


def _history(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import history, judging, measuring

    suite = measuring.load_suite(options.suite)
    store = judging.open_store(suite, options.suite, options.baselines)
    return history.run(suite, store, effects, anchor=options.anchor, as_json=options.json)


def _explain(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import explain

    return explain.run(options.row, options.verdict, effects)


def _validate(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import validate

    return validate.run(options.suite, effects, options.profile)


def _calibrate(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import calibrate, judging, measuring

    suite = measuring.load_suite(options.suite)
    store = judging.open_store(suite, options.suite, options.baselines, to_write=True)
    extent = calibrate.Extent(options.duets, options.duet_minutes)
    return calibrate.run(suite, store, _targets(options), options.out, effects, extent)


def _plan(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import judging, measuring, plan

    asked = plan.asked(options.minutes, options.preview_count, options.see)
    suite = measuring.load_suite(options.suite)
    return plan.run(suite, judging.open_store(suite, options.suite, options.baselines), asked, effects)


def _schema(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import schema

    return schema.run(options.kind, effects)


def _init(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import init
    from gate.commands.init_options import Options

    said = Options(
        kind=options.preview_kind,
        url=options.url,
        main_url=options.main,
        environment=options.environment,
        creator=options.creator,
        start=options.start,
        endpoints=tuple(options.endpoint),
        openapi=options.from_openapi,
        workflows=options.workflows,
        action=options.action,
        name=options.name,
        branch=options.branch,
        force=options.force,
        dry_run=options.dry_run,
    )
    somebody_is_there = sys.stdin.isatty() and sys.stderr.isatty()
    return init.run(said, effects, Path.cwd(), _ask if somebody_is_there else None)


def _ask(question: str) -> str:
    """Put a question where progress goes; Python's own prompt changes its stream with what the others are."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return input()


def _doctor(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import doctor

    asked = doctor.Asked(options.repo, options.suite, options.api_url, tuple(options.preview))
    return doctor.run(asked, effects, Path.cwd(), as_json=options.json)


def _demo(options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import demo

    return demo.run(options.out, effects)


def _action(_options: argparse.Namespace, effects: Effects) -> ExitCode:
    from gate.commands import action

    return action.act(effects)


def _targets(options: argparse.Namespace) -> measuring.Targets:  # type: ignore[name-defined]  # noqa: F821
    from gate.commands.measuring import Targets

    folder = options.suite.resolve().parent
    return Targets(
        tuple(options.preview),
        tuple(getattr(options, "base", ())),
        options.commit,
        folder=folder,
        profiler=getattr(options, "profiler", None),
    )


_COMMANDS: dict[str, Callable[[argparse.Namespace, Effects], ExitCode]] = {
    "check": _check,
    "refresh": _refresh,
    "run": _run,
    "compare": _compare,
    "report": _report,
    "history": _history,
    "explain": _explain,
    "validate": _validate,
    "calibrate": _calibrate,
    "plan": _plan,
    "schema": _schema,
    "init": _init,
    "doctor": _doctor,
    "demo": _demo,
    "action": _action,
}


def _catch_signals() -> None:
    """Turn signals into an exception where the command stands; a second one ends the process at once."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
        raise Cancelled(
            f"cancelled by {signal.Signals(number).name}; what was measured is kept, marked incomplete", code
        )

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
