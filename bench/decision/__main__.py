"""How often the gate blocks what is harmless and catches what is not, in a world where the truth is known.

So far the world alone: ``python -m bench.decision`` measures rows of an earlier study of the same model again and
writes ``bench/results/decision.json``; half a minute.
"""

from __future__ import annotations

import argparse
import sys

from bench.decision import reproduce
from bench.figures import publish

SEED = 1


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.decision", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--prs", type=int, default=reproduce.PRS, help="simulated pull requests of each row")
    chosen = options.parse_args()
    return 0 if publish("decision", reproduce.run(chosen.seed, chosen.prs)) else 1


if __name__ == "__main__":
    sys.exit(main())
