"""The image of the action, built from the Dockerfile as the runner builds it, with podman.

No registry is asked: a Debian of the same release takes the place of the base image, with the Python that it has. Such
an image is for these tests, not for publishing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
BASE = re.findall(r"^FROM (python:\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)[0]
STAND_IN = "localhost/stand-in-for-python:trixie"
"""Debian 13 has the Python of the base image."""
NAME, KEPT = "localhost/gate-under-test", 4
BUILT_FROM = (
    *("Dockerfile", ".dockerignore", "requirements.lock", "requirements-dev.lock", "pyproject.toml"),
    *("LICENSE", "README.md", "gate", "examples/shop"),
)
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_BUILD_LIMIT_S = 600


def missing() -> str:
    """Why no image can be built here; empty if one can."""
    if os.geteuid() != 0:
        return "podman without a network of its own needs root"
    for program in ("podman", "runc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if shutil.which("mmdebstrap") is None and not _exists(STAND_IN):
        return "mmdebstrap is not installed, which makes a base image"
    return ""


def settings(folder: Path) -> Path:
    """Settings of podman for machines whose limits and control groups it does not expect; for CONTAINERS_CONF."""
    path = folder / "containers.conf"
    path.write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\nnetns = "host"\n'
        '[engine]\nruntime = "runc"\n'
    )
    return path


def built() -> str:
    """Name of the image of this very tree; builds it if nobody has."""
    name = f"{NAME}:{_content()[:12]}"
    with _alone():
        if not _exists(name):
            if not _exists(STAND_IN):
                _make_stand_in()
            base = f"{BASE}=container-image://{STAND_IN}"
            options = ["--build-context", base, *_ways_out(), "--tag", name]
            _run("podman", "build", *options, "--file", str(ROOT / "Dockerfile"), str(ROOT))
            _remove_older()
    return name


def _remove_older() -> None:
    """Each state of the tree has an image of half a gigabyte: the newest few stay, and any that a container uses."""
    command = ["podman", "images", "--sort", "created", "--format", "{{.Tag}}", "--filter", f"reference={NAME}"]
    tags = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    for tag in tags[KEPT:]:
        subprocess.run(["podman", "rmi", f"{NAME}:{tag}"], capture_output=True, check=False)


def _content() -> str:
    digest = hashlib.sha256()
    for part in BUILT_FROM:
        path = ROOT / part
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _make_stand_in() -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "base.tar")
        # Python in /usr/local with a pip of its own, as in the base image: Debian's touches no package of Debian's.
        hook = 'chroot "$1" python3 -m venv /usr/local'
        options = ("--quiet", "--variant=minbase", "--include=ca-certificates,python3-venv", f"--customize-hook={hook}")
        _run("mmdebstrap", *options, "trixie", str(archive), *_mirror())
        _run("podman", "import", "--quiet", str(archive), STAND_IN)


def _mirror() -> list[str]:
    """Where this machine's own packages come from; nothing leaves it to the tool."""
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    said = "\n".join(path.read_text(encoding="utf-8") for path in lists if path.is_file())
    found = re.search(r"^(?:URIs: |deb (?:\[.*?\] )?)(\S+/debian/?)(?:\s|$)", said, re.M)
    return [found[1]] if found else []


def _ways_out() -> list[str]:
    """How pip inside a build reaches what pip outside reaches."""
    shown = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    index = re.search(r"^(?:global|:env:)\.index-url='(.*)'$", shown.stdout, re.M)
    options = ["--network", "host"]
    if Path(_CERTIFICATES).exists():
        options += ["--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro", "--env", f"PIP_CERT={_CERTIFICATES}"]
    if index:
        options += ["--env", f"PIP_INDEX_URL={index[1]}"]
    return options


def _exists(name: str) -> bool:
    return subprocess.run(["podman", "image", "exists", name], check=False).returncode == 0


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_LIMIT_S, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time, whoever runs tests beside us."""
    with Path(tempfile.gettempdir(), "gate-under-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    # Made while other tests run.
    with tempfile.TemporaryDirectory() as _folder:
        os.environ["CONTAINERS_CONF"] = str(settings(Path(_folder)))
        sys.stdout.write(built() + "\n")
