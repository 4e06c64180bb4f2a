"""The distribution by itself: nothing comes with it, and a fork begins anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "instrument"


def said_by(code: str) -> str:
    """What a bare interpreter prints that knows nothing but the standard library and this distribution."""
    text = f"import sys; sys.path.insert(0, {str(FOLDER)!r})\n{code}"
    return subprocess.run([sys.executable, "-I", "-S", "-c", text], check=True, capture_output=True, text=True).stdout


def test_importing_it_imports_nothing_but_the_standard_library():
    code = (
        "import gate_instrument, gate_instrument.dbapi, gate_instrument.psycopg, gate_instrument.psycopg_pool\n"
        "import gate_instrument.sqlalchemy\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    names = set(said_by(code).split()) - {"__main__", "__mp_main__"}
    assert names - sys.stdlib_module_names == {"gate_instrument"}


def test_a_fork_begins_anew():
    code = (
        "import os\n"
        "from gate_instrument.totals import TOTALS\n"
        "TOTALS.add_query('GET /', 0.5)\n"
        "TOTALS.lock.acquire()\n"
        "if os.fork() == 0:\n"
        "    TOTALS.add_query('GET /child', 0.5)\n"
        "    print(*TOTALS.rows, flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    assert said_by(code) == "GET /child\n"
