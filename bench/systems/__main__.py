"""``python -m bench.systems [STUDY ...]``: all of them, or only those; rows of the others stay as they are.

``variants`` stands for all broken variants. Each study is published as soon as it is done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.figures import Figure, publish_part
from bench.systems import leaks, pools, queries, variants

STUDIES: dict[str, Callable[[], list[Figure]]] = {
    "leaks": leaks.study,
    "pools": pools.study,
    "queries": queries.study,
    **variants.STUDIES,
}

if __name__ == "__main__":
    asked = sys.argv[1:] or list(STUDIES)
    names = [name for one in asked for name in (variants.STUDIES if one == "variants" else [one])]
    met = [publish_part("systems", STUDIES[name]()) for name in names]
    sys.exit(0 if all(met) else 1)
