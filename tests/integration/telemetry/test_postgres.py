"""A real PostgreSQL, watched while statements run on it: what is counted, what is planned, and that nothing is run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from gate.config.telemetry import Postgres
from gate.telemetry.plans import plan_of
from gate.telemetry.postgres import PostgresDatabase
from gate.telemetry.source import Unread
from tests.integration.processes import wait_for

WANTED = Postgres(dsn="unused")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Debian's, which has to prepare a statement for its plan, and the first version that explains it as it is."""
    if "dsn" in metafunc.fixturenames:
        metafunc.parametrize("dsn", ["installed", "younger"], indirect=True, scope="module")


@pytest.fixture
def database(dsn):
    watched = PostgresDatabase(dsn, WANTED)
    watched.begin()
    yield watched
    watched.close()


@pytest.fixture
def application(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def test_statements_of_the_run_are_counted_exactly_and_those_before_and_our_own_are_not(database, application):
    for state in range(17):
        application.execute("SELECT count(*) FROM parcels WHERE state = %s", (f"state {state}",))
    for number in range(5):
        application.execute("SELECT weight FROM parcels WHERE id = %s", (number,))
    database.read()
    found = {statement.text: statement for statement in database.end().statements}
    assert found["SELECT count(*) FROM parcels WHERE state = $1"].calls == 17
    assert found["SELECT weight FROM parcels WHERE id = $1"].calls == 5
    assert found["SELECT weight FROM parcels WHERE id = $1"].rows == 4  # there is no parcel 0
    assert not [text for text in found if "pg_stat" in text or "CREATE TABLE" in text]


def test_what_begins_and_ends_transactions_is_no_statement_of_the_application(database, application):
    for state in range(3):
        with application.transaction():
            application.execute("SET LOCAL work_mem = '8MB'")
            application.execute("SELECT count(*) FROM parcels WHERE state = %s", (f"state {state}",))
    with application.transaction(force_rollback=True), application.transaction():  # with a savepoint
        application.execute("SELECT name FROM zones")
    told = database.end().statements
    assert {statement.text.split()[0] for statement in told} == {"SELECT"}


def test_a_recursive_query_is_planned_though_its_constants_have_no_type_any_more(database, application):
    query = (
        "WITH RECURSIVE below AS (SELECT id, 0 AS depth FROM parcels WHERE state = %s"
        " UNION ALL SELECT parcels.id, depth + 1 FROM parcels JOIN below ON parcels.id = below.id - 900)"
        " SELECT count(*) FROM below WHERE depth < 3"
    )
    for number in range(2):
        application.execute(query, (f"state {number}",))
    findings = database.end()
    assert findings.unread == {}
    (found,) = [statement for statement in findings.statements if "RECURSIVE" in statement.text]
    assert any("Recursive Union" in line for line in found.plan)
    assert found.scans == ["parcels (30,000 rows): (state = $1)"]


def test_the_first_is_the_one_that_took_the_most_time(database, application):
    for number in range(30):
        application.execute("SELECT name FROM zones WHERE id = %s", (number,))
    application.execute("SELECT count(*), pg_sleep(0.3) FROM zones")
    statements = database.end().statements
    assert "pg_sleep" in statements[0].text
    assert [statement.total_s for statement in statements] == sorted((s.total_s for s in statements), reverse=True)


def test_a_plan_names_the_large_table_without_an_index_and_not_the_small_one(database, application):
    for number in range(3):
        application.execute("SELECT id FROM parcels WHERE state = %s", (f"state {number}",))
        application.execute("SELECT id FROM zones WHERE name = %s", (f"zone {number}",))
        application.execute("SELECT weight FROM parcels WHERE id = %s", (number,))
    database = database.end()
    found = {statement.text: statement for statement in database.statements}
    scanned = found["SELECT id FROM parcels WHERE state = $1"]
    assert scanned.scans == ["parcels (30,000 rows): (state = $1)"]
    assert any("Seq Scan on parcels" in line for line in scanned.plan)
    assert found["SELECT id FROM zones WHERE name = $1"].scans == []
    assert any(
        "Index Scan using parcels_pkey" in line for line in found["SELECT weight FROM parcels WHERE id = $1"].plan
    )


def test_where_no_index_would_help_none_is_missing(database, application):
    """What is asked for is all but a little, by its condition, by the planner's estimate, or by what came."""
    application.execute("SELECT count(*) FROM parcels WHERE state <> %s", ("state 1",))
    application.execute("SELECT id FROM parcels WHERE weight >= %s", (0,))
    application.execute("SELECT count(*) FROM parcels WHERE state = %s AND weight <> %s", ("state 1", 0))
    found = {statement.text: statement for statement in database.end().statements}
    all_but = found["SELECT count(*) FROM parcels WHERE state <> $1"]
    nearly_all = found["SELECT id FROM parcels WHERE weight >= $1"]
    a_few = found["SELECT count(*) FROM parcels WHERE state = $1 AND weight <> $2"]
    for statement in (all_but, nearly_all):
        assert statement.scans
        assert statement.unindexed == []
    assert a_few.unindexed == a_few.scans != []


def test_explaining_a_statement_that_changes_data_changes_nothing(database, application):
    application.execute("INSERT INTO zones VALUES (100, 'new')")
    application.execute("DELETE FROM zones WHERE id = %s", (100,))
    database._wanted = WANTED.model_copy(update={"plans": 20})
    statements = {statement.text: statement for statement in database.end().statements}
    assert any("Delete on zones" in line for line in statements["DELETE FROM zones WHERE id = $1"].plan)
    assert application.execute("SELECT count(*) FROM zones").fetchone() == (20,)


def test_all_partitions_are_in_a_plan_where_the_server_plans_without_values(database, application):
    application.execute("CREATE TABLE IF NOT EXISTS years (year int, bags int) PARTITION BY LIST (year)")
    for year in (2025, 2026):
        name = f"year_{year}"
        application.execute(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF years FOR VALUES IN ({year})")
    text = "SELECT sum(bags) FROM years WHERE year = $1 AND bags > $2::text::int"
    plan = "\n".join(plan_of(database._connection.ask, database._connection.server_version, text, 1.0).lines)
    is_younger = database._connection.server_version >= 160000
    assert [f"Seq Scan on year_{year}" in plan for year in (2025, 2026)] == [is_younger] * 2
    with pytest.raises(Unread, match="syntax error"):
        plan_of(database._connection.ask, database._connection.server_version, "SELECT FROM WHERE $1", 1.0)
    assert database.read()["postgres.active"].value == 0, "and goes on to be asked"


def test_a_statement_that_hides_a_second_one_is_not_run(database, application):
    version = database._connection.server_version
    for hidden in ("SELECT 1; DELETE FROM zones", "SELECT $1; COMMIT; BEGIN READ WRITE; DELETE FROM zones; COMMIT"):
        with pytest.raises(Unread, match="multiple commands"):
            plan_of(database._connection.ask, version, hidden, 1.0)
    with pytest.raises(Unread, match="no statement that has a plan"):
        plan_of(database._connection.ask, version, "DROP TABLE zones", 1.0)
    assert application.execute("SELECT count(*) FROM zones").fetchone() == (20,)


def test_the_connection_cannot_write(database):
    with pytest.raises(Unread, match="read-only transaction"):
        database._connection.ask("DELETE FROM zones")


def test_activity_waits_and_cache(database, application, dsn):
    with psycopg.connect(dsn) as holder, psycopg.connect(dsn) as waiter, ThreadPoolExecutor(1) as beside:
        holder.execute("LOCK TABLE zones")
        waiting = beside.submit(waiter.execute, "SELECT count(*) FROM zones")
        database.read()
        application.execute("SELECT sum(weight) FROM parcels")
        while not (values := database.read())["postgres.waiting_for_locks"].value:
            pass
        assert values["postgres.idle_in_transaction"].value == 1
        assert values["postgres.active"].value == 1
        assert values["postgres.connections"].value >= 3
        holder.rollback()
        waiting.result()
        ratios = []

        def has_ratio() -> bool:  # a session tells of its blocks once a second at most
            application.execute("SELECT sum(weight) FROM parcels")
            ratios.extend(reading.value for reading in [database.read().get("postgres.cache_hit")] if reading)
            return bool(ratios)

        wait_for(has_ratio, "the blocks of a statement")
        assert 0 < ratios[0] <= 1


def test_sizes_and_limits(database):
    findings = database.end()
    tables = {relation.name: relation for relation in findings.relations}
    assert tables["parcels"].rows == 30_000
    assert tables["parcels"].table_bytes > 1_000_000
    assert tables["parcels"].index_bytes > 400_000
    assert findings.facts["postgres.max_connections"] == 100
    assert findings.database_bytes > tables["parcels"].table_bytes


def test_a_table_that_is_not_there_is_told(dsn):
    watched = PostgresDatabase(dsn, WANTED.model_copy(update={"tables": ["zones", "nothing"]}))
    watched.begin()
    findings = watched.end()
    watched.close()
    assert [relation.name for relation in findings.relations] == ["zones"]
    assert findings.unread["postgres.relations"] == "not in the database: nothing"


def test_a_role_that_may_not_see_others_is_told_so(dsn, application):
    application.execute("CREATE ROLE narrow LOGIN PASSWORD 'narrow'")
    watched = PostgresDatabase(dsn.replace(dsn.split("//")[1].split("@")[0], "narrow:narrow"), WANTED)
    watched.begin()
    application.execute("SELECT max(weight) FROM parcels")
    findings = watched.end()
    watched.close()
    assert "pg_read_all_stats" in findings.unread["postgres.statements"]
    assert findings.statements == ()


def test_a_reset_of_the_counters_is_told_and_not_taken_for_a_difference(dsn, application):
    for number in range(3):
        application.execute("SELECT id FROM parcels WHERE weight = %s", (number,))
    other = PostgresDatabase(dsn, WANTED)
    other.begin()
    application.execute("SELECT pg_stat_statements_reset()")
    application.execute("SELECT id FROM parcels WHERE weight = 1")
    assert "reset" in other.end().unread["postgres.statements"]
    other.close()


def test_no_server_and_no_secret_in_the_reason():
    watched = PostgresDatabase("postgresql://gate:very-secret@127.0.0.1:1/shop", WANTED)
    with pytest.raises(Unread, match="no connection") as caught:
        watched.begin()
    assert "very-secret" not in caught.value.reason
    watched.close()
