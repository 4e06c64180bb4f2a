"""Requests that change something; asked by who may manage admins. Each leaves one row of audit and one job."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator

import changes
import directory
from directory import Row
from parts import MOST_NUMBER, Having, Lent, Manager, Number
from schema import ROLES

router = APIRouter(prefix="/api")
Given = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
MOST_AT_ONCE = 100


class NewAdmin(BaseModel):
    """Who is to be made an admin."""

    model_config = ConfigDict(extra="forbid")
    email: str = Field(pattern=r"^[0-9A-Za-z._+-]{1,64}@[0-9A-Za-z.-]{1,100}$")
    department: Given
    role: Annotated[int, Field(ge=2, le=ROLES)]
    """Nobody is made an owner here."""


class Move(BaseModel):
    """Where an admin goes."""

    model_config = ConfigDict(extra="forbid")
    department: Given


class BulkGrant(BaseModel):
    """To whom a permission is granted: admins by number, or the first hundred of a department."""

    model_config = ConfigDict(extra="forbid")
    admins: list[Given] | None = Field(default=None, min_length=1, max_length=MOST_AT_ONCE)
    department: Given | None = None
    permission: Given

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.admins is None) == (self.department is None):
            raise ValueError("give admins or a department, not both")
        return self


@router.post("/admins/", status_code=201)
async def create_admin(given: NewAdmin, actor: Manager, connection: Lent, parts: Having) -> Row:
    """Make an admin."""
    number = await changes.create_admin(connection, parts.audit, actor, given.email, given.department, given.role)
    await parts.jobs.put("created", [number])
    return {"id": number}


@router.patch("/admins/{number}/")
async def move_admin(number: Number, given: Move, actor: Manager, connection: Lent, parts: Having) -> Row:
    """Put an admin into another department."""
    if not await changes.move_admin(connection, parts.audit, actor, number, given.department):
        raise HTTPException(404, "there is none of this number")
    await parts.jobs.put("moved", [number])
    return {"id": number, "department": given.department}


@router.put("/admins/{number}/permissions/{permission}/")
async def grant(number: Number, permission: Number, actor: Manager, connection: Lent, parts: Having) -> Row:
    """Grant a permission, once or again."""
    granted = await changes.grant(connection, parts.audit, actor, [number], permission)
    await _told(parts, "granted", [number])
    return {"granted": granted}


@router.delete("/admins/{number}/permissions/{permission}/")
async def revoke(number: Number, permission: Number, actor: Manager, connection: Lent, parts: Having) -> Row:
    """Take a permission away, there or not."""
    revoked = await changes.revoke(connection, parts.audit, actor, number, permission)
    await _told(parts, "revoked", [number])
    return {"revoked": revoked}


@router.post("/bulk/grants/")
async def bulk_grant(given: BulkGrant, actor: Manager, connection: Lent, parts: Having) -> Row:
    """Grant a permission to up to a hundred admins, all or none."""
    admins = given.admins
    if admins is None:
        found = await directory.admins(connection, given.department or 0, after=0, limit=MOST_AT_ONCE)
        admins = [row["id"] for row in found]
    if not admins:
        raise HTTPException(404, "there is nobody in this department")
    granted = await changes.grant(connection, parts.audit, actor, admins, given.permission, kind="bulk grant")
    await _told(parts, "granted", admins)
    return {"admins": len(admins), "granted": granted}


@router.delete("/made/")
async def remove_made(actor: Manager, connection: Lent, parts: Having) -> Row:
    """Take away admins that were made, and what this admin granted."""
    return await changes.remove_made(connection, parts.audit, actor)


async def _told(parts: Having, kind: str, admins: list[int]) -> None:
    await parts.cache.forget(*admins)
    await parts.jobs.put(kind, admins)
