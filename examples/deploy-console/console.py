"""What the console does, statement by statement."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

Connection = AsyncConnection[dict[str, Any]]
Row = dict[str, Any]
MOST_LISTED = 20


async def deploy(connection: Connection, project: int, version: str, user: str, cluster_ms: int) -> Row:
    """Start a deployment; the caller knows it as running once the cluster has accepted it.

    Raises
    ------
    psycopg.errors.ForeignKeyViolation
        If there is no such project; nothing is kept then.
    """
    async with connection.transaction():
        started = await _one(
            connection,
            "INSERT INTO deployments (project_id, version, state, started_by) VALUES (%s, %s, 'starting', %s)"
            " RETURNING id",
            (project, version, user),
        )
        # Stands for the call to the cluster, another machine: the connection is held while that one answers. It is what
        # the console does wrong, and why the pool, not a processor, is what a burst uses up.
        await connection.execute("SELECT pg_sleep(%s)", (cluster_ms / 1000,))
        return await _one(
            connection, "UPDATE deployments SET state = 'running' WHERE id = %s RETURNING id, state", (started["id"],)
        )


async def approve(connection: Connection, deployment: int, user: str) -> Row:
    """Approve a deployment, once or again; returns how many have.

    Raises
    ------
    psycopg.errors.ForeignKeyViolation
        If there is no such deployment.
    """
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO approvals (deployment_id, approver) VALUES (%s, %s)"
            " ON CONFLICT (deployment_id, approver) DO UPDATE SET approved_at = excluded.approved_at",
            (deployment, user),
        )
        return await _one(
            connection, "SELECT count(*) AS approvals FROM approvals WHERE deployment_id = %s", (deployment,)
        )


async def connector(connection: Connection, number: int) -> Row | None:
    """One connector with its newest check."""
    cursor = await connection.execute(
        "SELECT id, kind, checked_at::text, is_up FROM connectors JOIN LATERAL ("
        " SELECT checked_at, is_up FROM checks WHERE connector_id = id ORDER BY checked_at DESC LIMIT 1"
        ") AS newest ON true WHERE id = %s",
        (number,),
    )
    return await cursor.fetchone()


async def connectors(connection: Connection, project: int) -> list[Row]:
    """The connectors of a project, with the share of checks that found them up."""
    cursor = await connection.execute(
        "SELECT id, kind, avg(is_up::int)::float AS up_ratio FROM connectors JOIN checks ON connector_id = id"
        " WHERE project_id = %s GROUP BY id ORDER BY id LIMIT %s",
        (project, MOST_LISTED),
    )
    return await cursor.fetchall()


async def remove(connection: Connection, user: str) -> Row:
    """Take away what a user deployed and approved."""
    deployments = await connection.execute("DELETE FROM deployments WHERE started_by = %s", (user,))
    approvals = await connection.execute("DELETE FROM approvals WHERE approver = %s", (user,))
    return {"deployments": deployments.rowcount, "approvals": approvals.rowcount}


async def _one(connection: Connection, statement: str, values: tuple[object, ...]) -> Row:
    row = await (await connection.execute(statement, values)).fetchone()  # type: ignore[arg-type]
    if row is None:
        raise LookupError(f"no row of {statement!r}")
    return row
