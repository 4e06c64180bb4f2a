"""What is written: each operation in one transaction with its one row of audit."""

from __future__ import annotations

from collections.abc import Sequence

from audit import Audit
from directory import Connection, Row


async def create_admin(connection: Connection, audit: Audit, actor: int, email: str, department: int, role: int) -> int:
    """Make an admin, and return its number.

    Raises
    ------
    psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation
        If there is one of this address, or no such department or role; nothing is kept then.
    """
    async with connection.transaction():
        cursor = await connection.execute(
            "INSERT INTO admins (email, department_id, role_id) VALUES (%s, %s, %s) RETURNING id",
            (email, department, role),
        )
        row = await cursor.fetchone()
        number = int(row["id"]) if row else 0
        await audit.note(connection, actor, "create", number)
    return number


async def move_admin(connection: Connection, audit: Audit, actor: int, number: int, department: int) -> bool:
    """Put an admin into another department; whether there is such an admin."""
    async with connection.transaction():
        cursor = await connection.execute("UPDATE admins SET department_id = %s WHERE id = %s", (department, number))
        if cursor.rowcount:
            await audit.note(connection, actor, "move", number, department=department)
        return bool(cursor.rowcount)


async def grant(
    connection: Connection, audit: Audit, actor: int, numbers: Sequence[int], permission: int, kind: str = "grant"
) -> int:
    """Grant a permission to admins, all or none; returns to how many it was new.

    One row of audit, however many they are: it is one operation.
    """
    async with connection.transaction():
        cursor = await connection.execute(
            # In one order, whoever else grants to some of them: two must not wait for each other.
            "INSERT INTO assignments"
            " SELECT id, %s, %s FROM (SELECT DISTINCT unnest(%s::int[]) AS id) AS given ORDER BY id"
            " ON CONFLICT (admin_id, permission_id) DO NOTHING",
            (permission, actor, list(numbers)),
        )
        subject = numbers[0] if len(numbers) == 1 else None
        await audit.note(connection, actor, kind, subject, permission=permission, admins=list(numbers))
        return cursor.rowcount


async def revoke(connection: Connection, audit: Audit, actor: int, number: int, permission: int) -> int:
    """Take a permission away, there or not; returns how many assignments that were."""
    async with connection.transaction():
        cursor = await connection.execute(
            "DELETE FROM assignments WHERE admin_id = %s AND permission_id = %s", (number, permission)
        )
        await audit.note(connection, actor, "revoke", number, permission=permission)
        return cursor.rowcount


async def remove_made(connection: Connection, audit: Audit, actor: int) -> Row:
    """Take away admins beyond those seeded, and what this actor granted; audit stays."""
    async with connection.transaction():
        made = await connection.execute("DELETE FROM admins WHERE id > (SELECT admins FROM seeded)")
        granted = await connection.execute("DELETE FROM assignments WHERE granted_by = %s", (actor,))
        await audit.note(connection, actor, "remove", None)
        return {"admins": made.rowcount, "assignments": granted.rowcount}
