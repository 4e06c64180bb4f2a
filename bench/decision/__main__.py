"""How often the gate blocks what is harmless and catches what is not, in a world where the truth is known.

Each study is one command and writes ``bench/results/<study>.json``: ``python -m bench.decision STUDY``.

- ``reproduce`` (also without a name; half a minute) measures rows of an earlier study of the same model again and
  writes ``reproduce.json``.
- ``ours``: the figures that the gate's own procedures have to reach, D1 to D8, in ``decision.json``.
- ``constants``: limits of every design, written into ``gate/stats/constants.py``.
- ``peers`` (a quarter of an hour): the rules of other tools in the standard table.
- ``oracle`` (half an hour): what could be seen by somebody who knows every variance, with the requests of our plans.

Those but the first keep what is finished in ``bench/results/<study>.cells.json`` and go on from there.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from bench.decision import constants, goals, reproduce
from bench.decision.oracle import PLANS, Oracle
from bench.decision.peers.catalogue import KAYENTA, ON_DEPLOYMENTS, ON_RUNNERS, PEERS
from bench.decision.sheet import Line, publish_standard
from bench.decision.table import ENDPOINTS, Cells
from bench.decision.world import Noise
from bench.figures import RESULTS, publish

SEED = 1
PRS = {"reproduce": reproduce.PRS, "ours": 1_000, "constants": 2_000, "peers": 1_000, "oracle": 4_000}


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(
        prog="python -m bench.decision", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("study", nargs="?", default="reproduce", choices=PRS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--prs", type=int, help="simulated pull requests of each cell")
    chosen = options.parse_args()
    prs = chosen.prs or PRS[chosen.study]
    if chosen.study == "peers":
        met = publish_standard("peers", peer_lines(), prs, chosen.seed)
    elif chosen.study == "oracle":
        met = publish_standard("oracle", oracle_lines(chosen.seed), prs, chosen.seed)
    elif chosen.study == "constants":
        constants.write(prs, chosen.seed, RESULTS / "constants.cells.json")
        met = True
    elif chosen.study == "ours":
        met = publish("decision", list(goals.figures(prs, chosen.seed, Cells(RESULTS / "ours.cells.json"))))
    else:
        met = publish("reproduce", reproduce.run(chosen.seed, prs))
    return 0 if met else 1


def peer_lines() -> list[Line]:
    """Every peer with every number of endpoints; with twenty also where what disturbs it is smaller or larger."""
    lines = [Line(peer, count) for peer in PEERS for count in ENDPOINTS]
    for runner in (0.03, 0.15):
        lines += [Line(peer, noise=Noise(runner=runner), where=f"runners {runner:.0%}") for peer in ON_RUNNERS]
    loud = Noise(deployment=(0.03, 0.06))
    lines += [Line(peer, noise=loud, where="deployments 3/6 %") for peer in ON_DEPLOYMENTS]
    # Kayenta sorts 2,500 differences a row.
    return [replace(line, prs_ratio=0.2) if line.procedure in KAYENTA else line for line in lines]


def oracle_lines(seed: int) -> list[Line]:
    """Every plan's oracle, with what an earlier study's reached beside it."""
    return [
        Line(
            Oracle(plan, seed),
            noise=plan.noise,
            beside={} if plan.published is None else {"published, one endpoint +10%": plan.published},
        )
        for plan in PLANS
    ]


if __name__ == "__main__":
    sys.exit(main())
