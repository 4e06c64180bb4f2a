"""A headless Chromium by its command line: a picture of a page, or what a script finds in each of many pages."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from select import select
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_LIMIT_S = 60.0
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # root needs it; the pages are ours
    "--disable-gpu",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing a page names is looked up
)
_LAUNCH = """
import fcntl, os, sys
both = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for descriptor, wanted in zip(both, (3, 4)):
    os.dup2(descriptor, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser wants its pipes at given numbers, which another file may have here."""


def picture(html: Path, png: Path, width_px: int, height_px: int) -> None:
    """Write what a page looks like."""
    profile = f"--user-data-dir={html.parent / 'profile'}"
    command = [PROGRAM, *_OPTIONS, profile, f"--screenshot={png}", f"--window-size={width_px},{height_px}"]
    done = subprocess.run([*command, html.as_uri()], capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def found(html: Path, expression: str) -> Any:
    """The value of an expression in a page that is laid out, each page in a tab of its own."""
    browser = _browser()
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    tab = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    try:
        browser.ask("Page.enable", tab)
        browser.ask("Page.navigate", tab, url=html.as_uri())
        browser.wait_for("Page.loadEventFired", tab)
        told = browser.ask("Runtime.evaluate", tab, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"]["value"]
    finally:
        browser.ask("Target.closeTarget", targetId=target)


@cache
def _browser() -> Browser:
    """One for all pages of this process: to start it costs far more than to show one."""
    browser = Browser()
    atexit.register(browser.end)
    return browser


class Browser:
    """A browser that is asked over a pipe.

    References
    ----------
    https://chromedevtools.github.io/devtools-protocol/, and ``--remote-debugging-pipe``: commands on descriptor 3,
    answers and events on 4, each JSON that ends with a zero byte.
    """

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory()
        self._numbers = count(1)
        self._events: list[dict] = []
        self._rest = b""
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        profile = f"--user-data-dir={self._profile.name}"
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(commands), str(answers)]
        self._process = subprocess.Popen(
            [*launch, PROGRAM, *_OPTIONS, profile, "--remote-debugging-pipe"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)

    def ask(self, method: str, tab: str | None = None, **params: object) -> dict:
        """The answer to a command; to one of a tab, if it is named."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params} | ({"sessionId": tab} if tab else {})
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while (said := self._next()).get("id") != number:
            self._events.append(said)
        assert "error" not in said, said
        return said["result"]

    def wait_for(self, event: str, tab: str) -> None:
        """Go on when it has happened in this tab."""
        while not any(said.get("method") == event and said.get("sessionId") == tab for said in self._events):
            self._events.append(self._next())
        self._events.clear()

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            is_there, _, _ = select([self._answers], [], [], _LIMIT_S)
            assert is_there, f"the browser said nothing for {_LIMIT_S:.0f} s"
            piece = os.read(self._answers, 1 << 16)
            assert piece, "the browser ended"
            self._rest += piece
        said, _, self._rest = self._rest.partition(b"\0")
        return json.loads(said)

    def end(self) -> None:
        os.close(self._commands)  # it ends with the pipe
        try:
            self._process.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)
        self._profile.cleanup()
