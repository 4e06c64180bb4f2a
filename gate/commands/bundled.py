"""What comes with the gate: the shop, how one deployment of it is served, and the workflows to begin with."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gate.errors import UsageError

PASSWORD = "demo-password"  # noqa: S105 - of the shop's only, invented user
_START_S = 60.0


def shop_folder() -> Path:
    """The shop in an installed package, or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "bundled" / "shop", package.parent / "examples" / "shop"):
        if (folder / "serve.py").is_file():
            return folder
    raise UsageError(
        "the bundled shop is not installed", "install the package with its demo: pip install 'perf-gate[demo]'"
    )


def workflow_templates(names: Iterable[str]) -> dict[str, str]:
    """Workflows of ``examples/workflows``, in an installed package or in a checkout, by their names without ending."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "bundled" / "workflows", package.parent / "examples" / "workflows"):
        if folder.is_dir():
            return {name: (folder / f"{name}.yml").read_text(encoding="utf-8") for name in names}
    raise UsageError("the workflows are not installed", "install the package again, from its wheel")


@contextmanager
def serving(shop: Path, scratch: Path, variant: Mapping[str, str], log: str = "requests.jsonl") -> Iterator[str]:
    """A fresh deployment of the shop: a process of its own with a database of its own, gone afterwards.

    The database is made once in ``scratch`` and copied for each deployment; ``log`` there is the server's own log.
    """
    database, template = scratch / "shop.sqlite3", scratch / "template.sqlite3"
    environment = {
        "PATH": os.defpath,
        "SHOP_PASSWORD": PASSWORD,
        "SHOP_COMMIT": "slow" if variant else "main",
        **variant,
    }
    command = [sys.executable, "-I", str(shop / "serve.py"), "--port", "0", "--log", str(scratch / log)]
    if template.exists():
        shutil.copyfile(template, database)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
        [*command, "--db", str(database)], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        url = _announced(process)
        if not template.exists():
            shutil.copyfile(database, template)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        for left in scratch.glob("shop.sqlite3*"):
            left.unlink()


def _announced(process: subprocess.Popen[str]) -> str:
    """The URL that the shop prints once it accepts connections."""
    if process.stdout is not None and select.select([process.stdout], [], [], _START_S)[0]:
        line = process.stdout.readline()
        if line.startswith("listening "):
            return line.split()[1]
    raise UsageError(
        "the bundled shop did not start", "is it installed? pip install 'perf-gate[demo]'; its own message is above"
    )
