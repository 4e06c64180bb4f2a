"""What is read: admins, permissions, departments, audit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, LiteralString

from psycopg import AsyncConnection

Row = dict[str, Any]
Connection = AsyncConnection[Row]
Lend = Callable[[], AbstractAsyncContextManager[Connection]]
"""Lends a connection of the pool."""

_BELOW_ROLE: LiteralString = """
WITH RECURSIVE below AS (
    SELECT role_id AS id FROM admins WHERE id = %(admin)s AND is_active
    UNION ALL SELECT roles.id FROM roles JOIN below ON roles.parent_id = below.id
)
SELECT code FROM permissions WHERE id IN (
    SELECT permission_id FROM role_permissions JOIN below ON role_id = below.id
    UNION SELECT permission_id FROM assignments WHERE admin_id = %(admin)s
) ORDER BY id
"""
"""A role has what it has itself and what the roles below it have."""

_BELOW_DEPARTMENT: LiteralString = """
WITH RECURSIVE below AS (
    SELECT id, 0 AS depth FROM departments WHERE id = %(department)s
    UNION ALL SELECT departments.id, depth + 1 FROM departments JOIN below ON departments.parent_id = below.id
)
"""


async def admin(connection: Connection, number: int) -> Row | None:
    """One admin, with the names of department and role."""
    cursor = await connection.execute(
        "SELECT admins.id, email, departments.name AS department, roles.name AS role, is_active FROM admins"
        " JOIN departments ON departments.id = department_id JOIN roles ON roles.id = role_id WHERE admins.id = %s",
        (number,),
    )
    return await cursor.fetchone()


async def admins(connection: Connection, department: int, after: int, limit: int) -> list[Row]:
    """Admins of a department in the order of their numbers, from the one after."""
    cursor = await connection.execute(
        "SELECT id, email, role_id, is_active FROM admins WHERE department_id = %s AND id > %s ORDER BY id LIMIT %s",
        (department, after, limit),
    )
    return await cursor.fetchall()


async def permissions_of(connection: Connection, number: int) -> list[str]:
    """What an admin may do, by role and by own assignment."""
    cursor = await connection.execute(_BELOW_ROLE, {"admin": number})
    return [row["code"] for row in await cursor.fetchall()]


async def department(connection: Connection, number: int) -> Row | None:
    """A department with all below it: how many, how deep, and their admins by role."""
    cursor = await connection.execute(
        _BELOW_DEPARTMENT + "SELECT count(*) AS departments, max(depth) AS depth FROM below", {"department": number}
    )
    found = await cursor.fetchone()
    if not found or not found["departments"]:
        return None
    cursor = await connection.execute(
        _BELOW_DEPARTMENT
        + "SELECT role_id AS role, count(*) AS admins FROM admins JOIN below ON department_id = below.id"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
        {"department": number},
    )
    return {**found, "roles": await cursor.fetchall()}


async def permission_report(connection: Connection, number: int) -> list[Row]:
    """The permissions most often assigned in a department and all below it."""
    cursor = await connection.execute(
        _BELOW_DEPARTMENT + "SELECT code, count(*) AS admins FROM below"
        " JOIN admins ON department_id = below.id AND is_active"
        " JOIN assignments ON admin_id = admins.id JOIN permissions ON permissions.id = permission_id"
        " GROUP BY code ORDER BY 2 DESC, code LIMIT 20",
        {"department": number},
    )
    return await cursor.fetchall()


async def audit_of(connection: Connection, number: int, limit: int) -> list[Row]:
    """The newest of what was done to an admin."""
    cursor = await connection.execute(
        "SELECT id, at::text, actor_id, action FROM audit WHERE subject_id = %s ORDER BY id DESC LIMIT %s",
        (number, limit),
    )
    return await cursor.fetchall()


async def audited(connection: Connection) -> int:
    """How many operations were written down since the rows were seeded."""
    cursor = await connection.execute("SELECT count(*) AS n FROM audit WHERE id > (SELECT last_audit FROM seeded)")
    row = await cursor.fetchone()
    return int(row["n"]) if row else 0
