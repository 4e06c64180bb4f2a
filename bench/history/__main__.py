"""How well a history tells lasting changes and creep: ``python -m bench.history``, about ten minutes of one core.

Compares the gate's change points with other published ways on simulated histories, and measures after how many merges
a slow creep is found. With ``--state FILE`` finished figures are kept there and not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Figure, publish
from bench.history import creep, points, real

SEED = 1


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--scale", type=float, default=1.0, help="share of the simulated histories, for a quick look")
    options.add_argument("--state", type=Path, help="keep finished figures here, and go on from there")
    chosen = options.parse_args()
    figures = run(chosen.seed, chosen.scale, chosen.state)
    if chosen.scale != 1:
        return 0 if all(figure.met is not False for figure in figures) else 1
    return 0 if publish("history", figures) else 1


def run(seed: int, scale: float, state: Path | None) -> list[Figure]:
    """Every figure; each has random numbers of its own, so that none depends on which were made before."""
    done = _read(state)
    figures = []
    for name, measure in (*points.cells(seed, scale), *real.cells(seed, scale), *creep.cells(seed, scale)):
        key = f"{seed} {scale} {name}"
        if key not in done:
            made = measure(np.random.default_rng([seed, zlib.crc32(name.encode())]))
            for figure in made:
                print(f"{figure.value:.4f}  {figure.figure}", file=sys.stderr, flush=True)
            done[key] = [asdict(figure) for figure in made]
            if state is not None:
                with state.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({key: done[key]}) + "\n")
        figures += [Figure(**members) for members in done[key]]
    return figures


def _read(state: Path | None) -> dict[str, list[dict[str, Any]]]:
    if state is None or not state.exists():
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for line in state.read_text(encoding="utf-8").splitlines():
        found |= json.loads(line)
    return found


if __name__ == "__main__":
    sys.exit(main())
