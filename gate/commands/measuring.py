"""Steps that `run`, `check` and `refresh` share: read the suite, name the targets, measure, keep the runs."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gate.commands.allowing import allowed_origin, guarded, refuse_runners_own
from gate.commands.conducting import Asked, Believe, believe_nothing, conductor_of
from gate.commands.effects import Effects
from gate.commands.outputs import check_writable, write_run
from gate.commands.urls import filled
from gate.config.environment import Redactor, missing_names, needed_values
from gate.config.files import ReadFile
from gate.config.profile_checks import scaled
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.config.tables import MOST_BYTES
from gate.config.templates import fill
from gate.errors import GateError, UsageError
from gate.measure.conductor import Means
from gate.measure.layout import Suspicion
from gate.measure.network import Network
from gate.measure.outlook import Beforehand
from gate.probes.command import commands
from gate.probes.postgres import inspect
from gate.probes.probing import Elsewhere
from gate.record.run import Run
from gate.record.spent import SpentOf
from gate.record.value import LEFT_BEHIND, Arm
from gate.serving.preview import ServedPreview, refuse_beside_tokens


@dataclass(frozen=True)
class Targets:
    """What is asked for on the command line, over what the suite says."""

    previews: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    commit: str | None = None
    beforehand: Beforehand = field(default_factory=Beforehand)
    folder: Path | None = None
    """Of the suite, where ``preview.serve`` may be started; None where it may not."""
    profiler: SpentOf | None = None
    """What a profiler is to tell of the preview that is started."""


@dataclass(frozen=True)
class Prepared:
    """A suite ready to be measured."""

    suite: Suite
    origins: tuple[dict[Arm, str], ...]
    """One per run: the preview, and its base if there is one."""
    environment: Mapping[str, str]
    commit: str | None
    beforehand: Beforehand
    network: Network
    """On GitHub one that refuses addresses which the suite does not name."""
    served: ServedPreview | None = None
    """The preview, if the gate is to start it; not started yet."""


def load_suite(path: Path, profile: str | None = None) -> Suite:
    """Read a suite file.

    Parameters
    ----------
    profile : str, optional
        Name of the profile whose size its scenarios are to have.

    Raises
    ------
    UsageError
        If it cannot be read or is not a suite, or has no such profile.
    """
    try:
        suite = read_suite(path.read_bytes(), str(path), files_beside(path))
        return suite if profile is None else scaled(suite, profile)
    except OSError as error:
        raise UsageError(
            f"the suite {path} cannot be read: {error.strerror}",
            "name it with --suite; the smallest suite is  endpoints: {home: GET /}",
        ) from None


def files_beside(suite: Path) -> ReadFile:
    """Reads files from the folder of a suite and below, and from nowhere else."""
    folder = suite.resolve().parent

    def read(name: str) -> bytes:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise PermissionError(errno.EACCES, "it leads out of the folder of the suite", name)
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is not a file", name)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)

    return read


def prepare(suite: Suite, targets: Targets, effects: Effects) -> Prepared:
    """Find the deployments and the values from the environment, before any connection is made.

    Raises
    ------
    UsageError
        If a URL or a value is missing, or a host or an address it stands for is not allowed.
    """
    preview, served = suite.preview, _served(suite, targets, effects)
    if targets.previews:
        preview = preview.model_copy(update={"url": list(targets.previews)})
    elif served is not None:  # what the suite says of other deployments is for GitHub
        preview = preview.model_copy(update={"url": [served.origin], "base": None})
    if targets.bases:
        preview = preview.model_copy(update={"base": list(targets.bases)})
    if preview.url is None:
        cure = "give --preview URL, or preview.url in the suite"
        if preview.serve is not None:
            cure += "; preview.serve is for the command line, where a suite file is given"
        raise UsageError("there is no preview to measure", cure)
    preview = filled(preview, targets.commit)
    suite = suite.model_copy(update={"preview": preview})
    missing = missing_names(suite, effects.environ)
    if missing:
        raise UsageError(
            "the suite takes values from the environment that are not set: " + "; ".join(missing),
            "set them in the environment of the gate",
        )
    environment = needed_values(suite, effects.environ)
    if effects.hosts_required:
        refuse_runners_own(environment)
    effects.console.hide(Redactor(environment))

    def origins_of(urls: list[str] | None) -> list[str]:
        return [allowed_origin(suite, url, environment, hosts_required=effects.hosts_required) for url in urls or []]

    candidates = origins_of(preview.url) if served is None else [served.origin]
    bases = origins_of(preview.base)
    network = guarded(effects.network, suite, [*candidates, *bases]) if effects.hosts_required else effects.network
    pairs = _pairs(candidates, bases)
    return Prepared(suite, pairs, environment, targets.commit, targets.beforehand, network, served)


def _served(suite: Suite, targets: Targets, effects: Effects) -> ServedPreview | None:
    """The preview that the gate is to start: on the command line, where nobody names another.

    Raises
    ------
    UsageError
        If there are tokens which it could take, or nothing for a profiler to look into.
    """
    serve = suite.preview.serve
    if serve is None or targets.previews or targets.folder is None or effects.hosts_required:
        if targets.profiler is not None:
            raise UsageError(
                "--profiler looks into a preview that the gate starts, and it starts none",
                "set preview.serve in the suite, and give no --preview",
            )
        return None
    if targets.profiler is not None and not suite.scenarios:
        raise UsageError("--profiler looks at scenarios, and the suite has none", "add one under scenarios")
    refuse_beside_tokens(effects.environ)
    return ServedPreview(serve, targets.folder, effects.environ, targets.profiler)


def _pairs(candidates: list[str], bases: list[str]) -> tuple[dict[Arm, str], ...]:
    if not bases:
        return tuple({"candidate": candidate} for candidate in candidates)
    if len(bases) == 1:
        bases = bases * len(candidates)
    if len(bases) != len(candidates):
        raise UsageError(
            f"there are {len(candidates)} previews and {len(bases)} base deployments",
            "give one base for all previews, or one for each",
        )
    return tuple({"candidate": candidate, "base": base} for candidate, base in zip(candidates, bases, strict=True))


@dataclass(frozen=True)
class Measurements:
    """Runs as measured and kept, and what cut them short if anything did."""

    runs: tuple[Run, ...]
    files: tuple[Path, ...]
    stopped_by: GateError | None


def measure(
    prepared: Prepared,
    out: Path,
    effects: Effects,
    believe: Believe = believe_nothing,
    *,
    same_code: bool = False,
    after: Suspicion | None = None,
) -> Measurements:
    """Measure every deployment, each run on disk as soon as it is closed: a duet as one check, else one by one.

    Parameters
    ----------
    same_code : bool
        One pair of deployments is measured to learn from, in rounds laid out beforehand.
    after : Suspicion, optional
        What runs on other runners made suspect; most rounds are of that alone.
    """
    check_writable(out)
    if prepared.served is None:
        return _measured(prepared, out, effects, believe, same_code=same_code, after=after)
    with prepared.served.started(out):
        return _measured(prepared, out, effects, believe, same_code=same_code, after=after)


def _measured(
    prepared: Prepared, out: Path, effects: Effects, believe: Believe, *, same_code: bool, after: Suspicion | None
) -> Measurements:
    has_base = "base" in prepared.origins[0]
    checks = [prepared.origins] if has_base else [(origins,) for origins in prepared.origins]
    runs: list[Run] = []
    files: dict[str, Path] = {}

    def keep(run: Run) -> None:
        files[run.run_id] = write_run(out, run)

    for number, origins in enumerate(checks, 1):
        if len(checks) > 1:
            effects.console.say(f"deployment {number} of {len(checks)}")
        with effects.engine() as engine:
            means = Means(
                engine,
                prepared.network,
                effects.clock,
                effects.console,
                keep,
                _elsewhere(prepared),
                prepared.served,
            )
            asked = Asked(
                prepared.suite,
                origins,
                prepared.environment,
                prepared.commit,
                number - 1,
                same_code,
                after,
                prepared.beforehand,
            )
            conducted = conductor_of(asked, means, believe, effects).conduct()
        runs += conducted.runs
        _tell_left_behind(conducted.runs, effects)
        if conducted.stopped_by is not None:
            return Measurements(tuple(runs), tuple(files.values()), conducted.stopped_by)
    return Measurements(tuple(runs), tuple(files.values()), None)


def _elsewhere(prepared: Prepared) -> Elsewhere:
    """What probes may do besides: run commands beside a preview that the gate started, look into its database."""
    served, postgres = prepared.served, prepared.suite.telemetry.postgres
    return Elsewhere(
        commands(served.folder, served.environment) if served is not None else None,
        partial(inspect, dsn=fill(postgres.dsn, environment=prepared.environment)) if postgres is not None else None,
    )


def _tell_left_behind(runs: Sequence[Run], effects: Effects) -> None:
    for run in runs:
        for notice in run.notices:
            if notice.code == LEFT_BEHIND:
                effects.console.warn(f"gate: left behind: {notice.message}; {notice.cure}")
