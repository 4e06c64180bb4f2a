"""Requests that change nothing; asked by any admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response

import directory
from directory import Row
from parts import MOST_NUMBER, Actor, Having, Lent, Number, actor_of

router = APIRouter(prefix="/api", dependencies=[Depends(actor_of)])
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/admins/")
async def admins(
    connection: Lent,
    parts: Having,
    department: Annotated[int, Query(ge=1, le=MOST_NUMBER)],
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER)] = 0,
    limit: Limit = 50,
) -> list[Row]:
    """Admins of a department; in the variant ``n-plus-one`` each is asked for by itself."""
    found = await directory.admins(connection, department, after, limit)
    if parts.settings.variant == "n-plus-one":
        return [_there(await directory.admin(connection, each["id"])) for each in found]
    return found


@router.get("/admins/{number}/")
async def admin(number: Number, connection: Lent) -> Row:
    """One admin."""
    return _there(await directory.admin(connection, number))


@router.get("/admins/{number}/permissions/")
async def permissions(
    number: Number, parts: Having, response: Response, cache_control: Annotated[str, Header()] = ""
) -> Row:
    """What an admin may do; ``X-Cache`` says whether it was kept, ``Cache-Control: no-cache`` looks past that."""
    found, how = await parts.cache.of(number, parts.pool.connection, fresh=cache_control == "no-cache")
    response.headers["X-Cache"] = how
    return {"admin": number, "count": len(found), "permissions": found}


@router.get("/admins/{number}/audit/")
async def audit(number: Number, connection: Lent, limit: Limit = 20) -> list[Row]:
    """The newest of what was done to an admin."""
    return await directory.audit_of(connection, number, limit)


@router.get("/departments/{number}/")
async def department(number: Number, connection: Lent) -> Row:
    """A department with all below it."""
    return _there(await directory.department(connection, number))


@router.get("/departments/{number}/permissions/")
async def permission_report(number: Number, connection: Lent) -> list[Row]:
    """The permissions most often assigned in a department and below."""
    return await directory.permission_report(connection, number)


@router.get("/audit/count/")
async def audited(connection: Lent) -> Row:
    """How many operations were written down since the rows were seeded."""
    return {"count": await directory.audited(connection)}


@router.get("/me/")
async def me(actor: Actor, parts: Having) -> Row:
    """Who asks, and what they may do."""
    found, _ = await parts.cache.of(actor, parts.pool.connection)
    return {"admin": actor, "permissions": len(found)}


def _there(found: Row | None) -> Row:
    if found is None:
        raise HTTPException(404, "there is none of this number")
    return found
