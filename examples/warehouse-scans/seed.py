"""The rows of a warehouse: the same for the same number of bags."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from random import Random

import psycopg

import schema

SEED = 6
DAYS = 60
END = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
"""The last bag arrived just before."""
STATES = ("claimed", "loaded", "sorted", "arrived")
STATE_WEIGHTS = (90, 5, 3, 2)
ZONES = tuple(f"{hall}{gate}" for hall in "ABCDEF" for gate in range(1, 9))
FIRST_TAG = 10_000_000
SCANNERS = tuple(f"S{number:02d}" for number in range(1, 41))
ROUNDS = 60
"""Scans of the first bag besides that of its arrival: a list that can be long."""
_ROWS_AT_ONCE = 10_000


def tag_of(bag: int) -> str:
    """Return what is printed on the tag of a bag, the first of which has number 0."""
    return f"WB{FIRST_TAG + bag}"


def fill(connection: psycopg.Connection, bags: int) -> None:
    """Make the tables with their rows, all in one transaction, so that they are written as if vacuumed already."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(schema.TABLES)
        with cursor.copy("COPY bags (id, tag, state, zone, weight_g, arrived_at) FROM STDIN (FREEZE)") as copy:
            for block in _blocks(_bags(bags)):
                copy.write(block)
        with cursor.copy("COPY scans (bag_id, zone, scanner, scanned_at) FROM STDIN (FREEZE)") as copy:
            for block in _blocks(_scans(bags)):
                copy.write(block)
        cursor.execute(schema.CONSTRAINTS)
        cursor.execute("INSERT INTO seeded VALUES (%s, %s)", (schema.VERSION, bags))
    connection.execute("ANALYZE")


def _bags(bags: int) -> Iterator[str]:
    random, times = Random(SEED), _arrivals(bags)
    for bag in range(bags):
        (state,) = random.choices(STATES, STATE_WEIGHTS)
        zone, weight_g = ZONES[int(random.random() * len(ZONES))], 4_000 + int(random.random() * 28_000)
        yield f"{bag}\t{tag_of(bag)}\t{state}\t{zone}\t{weight_g}\t{next(times)}\n"


def _scans(bags: int) -> Iterator[str]:
    """Of every bag the scan of its arrival; the first has gone round ever since."""
    random, times = Random(SEED + 1), _arrivals(bags)
    for bag in range(bags):
        zone, scanner = ZONES[int(random.random() * len(ZONES))], SCANNERS[int(random.random() * len(SCANNERS))]
        yield f"{bag}\t{zone}\t{scanner}\t{next(times)}\n"
    for number in range(ROUNDS):
        yield f"0\t{ZONES[number % len(ZONES)]}\t{SCANNERS[0]}\t{(END - dt.timedelta(hours=number)).isoformat()}\n"


def _arrivals(bags: int) -> Iterator[str]:
    """Evenly over the days; written once a minute's worth, which is what takes the time."""
    span_s, begin = DAYS * 86_400, END - dt.timedelta(days=DAYS)
    for minute, group in itertools.groupby(range(bags), key=lambda bag: bag * span_s // bags // 60):
        text = (begin + dt.timedelta(minutes=minute)).isoformat()
        for _ in group:
            yield text


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    while block := "".join(itertools.islice(lines, _ROWS_AT_ONCE)):
        yield block
