"""A headless Chromium by its command line: a picture of a page, or what a script finds in it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_MARK = re.compile(r"<!--found:([A-Za-z0-9+/=]*)-->")
_LIMIT_S = 60.0


def picture(html: Path, png: Path, width_px: int, height_px: int) -> None:
    """Write what a page looks like."""
    _run(html, f"--screenshot={png}", f"--window-size={width_px},{height_px}")


def leaving(expression: str) -> str:
    """A script that leaves the value of an expression in the page, for ``found`` to read."""
    encoded = f"btoa(unescape(encodeURIComponent(JSON.stringify({expression}))))"
    return f"document.body.append(new Comment('found:' + {encoded}))"


def found(html: Path) -> dict:
    """The value that the script of a page left."""
    (value,) = _MARK.findall(_run(html, "--dump-dom"))
    return json.loads(base64.b64decode(value))


def _run(html: Path, *options: str) -> str:
    command = [
        PROGRAM,
        "--headless",
        "--no-sandbox",  # root needs it; the pages are ours
        "--disable-gpu",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing a page names is looked up
        f"--user-data-dir={html.parent / 'profile'}",
        *options,
        html.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
