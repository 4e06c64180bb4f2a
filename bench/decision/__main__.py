"""How often the gate blocks what is harmless and catches what is not, in a world where the truth is known.

Each study is one command and writes ``bench/results/<study>.json``: ``python -m bench.decision STUDY``.

- ``reproduce`` (also without a name; half a minute) measures rows of an earlier study of the same model again and
  writes ``reproduce.json``.
- ``ours``: the figures that the gate's own procedures have to reach, D1 to D8, in ``decision.json``.
- ``standard`` (half an hour): the gate's own procedures in the standard table, and where the world is another than was
  learnt.
- ``constants``: limits of every design, written into ``gate/stats/constants.py``.
- ``peers`` (a quarter of an hour): the rules of other tools in the standard table.
- ``oracle`` (half an hour): what could be seen by somebody who knows every variance, with the requests of our plans.

Those but the first keep what is finished in ``bench/results/<study>.cells.json`` and go on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from bench.decision import constants, goals, reproduce
from bench.decision.oracle import PLANS, Oracle
from bench.decision.peers.catalogue import KAYENTA, ON_DEPLOYMENTS, ON_RUNNERS, PEERS
from bench.decision.procedures import Duet, Stored
from bench.decision.sheet import Line, publish_standard
from bench.decision.table import ENDPOINTS, Cells
from bench.decision.world import Noise
from bench.figures import RESULTS, publish

SEED = 1
PRS = {"reproduce": reproduce.PRS, "ours": 1_000, "standard": 500, "constants": 2_000, "peers": 1_000, "oracle": 4_000}


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
    elif chosen.study == "standard":
        met = publish_standard("standard", standard_lines(), prs, chosen.seed)
    elif chosen.study == "oracle":
        met = publish_standard("oracle", oracle_lines(chosen.seed), prs, chosen.seed)
    elif chosen.study == "constants":
        constants.write(prs, chosen.seed, RESULTS / "constants.cells.json")
        met = True
    elif chosen.study == "ours":
        cells = Cells(RESULTS / "ours.cells.json")
        found = [*goals.figures(prs, chosen.seed, cells), *goals.shares_of_oracle(prs, chosen.seed, cells, _oracle())]
        met = publish("decision", found)
    else:
        met = publish("reproduce", reproduce.run(chosen.seed, prs))
    return 0 if met else 1


def _oracle() -> dict[str, float]:
    """What its last results say of +10 %, by plan."""
    rows = json.loads((RESULTS / "oracle.json").read_text(encoding="utf-8"))
    return {row["figure"].rpartition(", 20 endpoints")[0]: row["peers"]["one endpoint +10%"] for row in rows}


def peer_lines() -> list[Line]:
    """Every peer with every number of endpoints; with twenty also where what disturbs it is smaller or larger."""
    lines = [Line(peer, count) for peer in PEERS for count in ENDPOINTS]
    for runner in (0.03, 0.15):
        lines += [Line(peer, noise=Noise(runner=runner), where=f"runners {runner:.0%}") for peer in ON_RUNNERS]
    loud = Noise(deployment=(0.03, 0.06))
    lines += [Line(peer, noise=loud, where="deployments 3/6 %") for peer in ON_DEPLOYMENTS]
    # Kayenta sorts 2,500 differences a row.
    return [replace(line, prs_ratio=0.2) if line.procedure in KAYENTA else line for line in lines]


def standard_lines() -> list[Line]:
    """Our procedures with every number of endpoints; with twenty also in worlds that nobody told them of."""
    quick, confirm, one = Duet("quick 1+1", goals.SAFE), Stored("confirm", 10), Stored("one", 10)
    lines = [Line(procedure, count) for procedure in (quick, confirm, one) for count in ENDPOINTS]
    lines += [Line(Duet(name, goals.SAFE)) for name in ("thorough 1+1", "quick 1+0", "short 1+1", "short 1+0")]
    lines += [Line(Stored(design, runs)) for design in ("one", "confirm", "confirm_more") for runs in (5, 20)]
    others = {
        "deployments differ in all endpoints by 2 %": Noise(common_deployment=0.02),
        "host 10 % slower, not learnt": Noise(host=0.0953),
        "blocks 4 % noisier": Noise(block=0.045),
        "t3": Noise(tails=3.0),
    }
    lines += [Line(quick, noise=noise, where=where) for where, noise in others.items()]
    runners = {
        "runners of two kinds, 20 % apart": Noise(second_kind=0.182),
        "drift twice as large": Noise(drift=0.05),
        "runs twice as noisy": Noise(run=(0.04, 0.08)),
        "t3": Noise(tails=3.0),
    }
    return lines + [Line(rule, noise=noise, where=where) for rule in (confirm, one) for where, noise in runners.items()]


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
