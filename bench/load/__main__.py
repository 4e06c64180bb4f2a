"""The load engine against its peers on this machine, goals L1 to L9 of its issue.

``bench/load/peers.sh`` makes the environment of the peers; then ``python -m bench.load``, about a quarter of an hour.
Needs two cores, and for L9 the right to real-time priority.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from bench.figures import RESULTS, Figure, publish, publish_part
from bench.load import added, cost, freeze, lag, memory, said, saturated
from bench.load.machine import say

REPEATS, RUNS = 5, 20


def studies(repeats: int, runs: int) -> dict[str, Callable[[], list[Figure]]]:
    """Each by the goals it covers."""
    return {
        "cost L1 L2 L3 L4": lambda: cost.run(repeats),
        "freeze L5": lambda: freeze.run(repeats),
        "added L6": lambda: added.run(repeats),
        "lag L7": lambda: lag.run(repeats),
        "memory L8": lambda: memory.run(repeats),
        "said": lambda: said.run(repeats),
        "saturated L9": lambda: saturated.run(runs),
    }


def main() -> int:
    """Measure and publish; what is done is published even if a later part breaks off."""
    options = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    names = sorted({word for name in studies(0, 0) for word in name.split()})
    options.add_argument("--only", choices=names, help="one part, by its name or one of its goals; shown, not stored")
    options.add_argument("--keep", action="store_true", help="store one part too; rows of the others stay as they are")
    options.add_argument("--repeats", type=int, default=REPEATS, help=f"of each measurement (default {REPEATS})")
    options.add_argument("--runs", type=int, default=RUNS, help=f"of L9, of each kind (default {RUNS})")
    chosen = options.parse_args()
    figures: list[Figure] = []
    try:
        for name, study in studies(chosen.repeats, chosen.runs).items():
            if chosen.only is None or chosen.only in name.split():
                say(name)
                figures += study()
    finally:
        is_met = bool(figures) and _tell(figures, is_whole=chosen.only is None, is_kept=chosen.keep)
    return 0 if is_met else 1


def _tell(figures: list[Figure], *, is_whole: bool, is_kept: bool) -> bool:
    if is_whole:
        return publish("load", figures)
    if is_kept:
        return publish_part("load", figures)
    for figure in figures:
        print(f"{figure.id or '':3} {figure.figure}: {figure.value:.4g} {figure.unit} {figure.goal or ''} {figure.met}")
        print(f"    {figure.interval} {json.dumps(figure.peers)}")
    print(f"not stored; a whole run, or --keep, writes {RESULTS.name}/load.json")
    return all(figure.met is not False for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
