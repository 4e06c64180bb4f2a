"""Lists of the API that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from pydantic import TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.failures import ApiError, Reason

PER_PAGE = 100
MAX_PAGES = 1000
T = TypeVar("T")
Item = TypeVar("Item")


def every(
    api: Api, call: Call, shape: TypeAdapter[T], items: Callable[[T], Sequence[Item]], most: int = MAX_PAGES
) -> Iterator[Item]:
    """All items of a list, page by page and only as many pages as are asked for.

    Parameters
    ----------
    call : Call
        Reading the list, without page and size.
    items : callable
        What of one page is listed: some answers hold their list as a member.
    most : int
        Pages after which the list is taken to be without end.

    Raises
    ------
    ApiError
        If a page cannot be read, or there is no end.
    """
    for page in count(1):
        if page > most:
            raise ApiError(Reason.UNREACHABLE, f"{call.what}: no end after {most} pages")
        parameters = {**call.parameters, "per_page": str(PER_PAGE), "page": str(page)}
        content, answer = api.get(replace(call, parameters=parameters), shape)
        found = items(content)
        yield from found
        if not found or (len(found) < PER_PAGE and 'rel="next"' not in answer.headers.get("link", "")):
            return
