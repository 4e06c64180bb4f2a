"""Counts beside each row of a list, made for the rows of the page alone."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce


def how_many(rows: QuerySet, of: str, outer: str = "pk") -> Coalesce:
    """Number of ``rows`` whose field ``of`` is the outer row's ``outer``; 0 where there are none.

    A join and GROUP BY would count for the whole table before the page is cut out of it.
    """
    counted = rows.filter(**{of: OuterRef(outer)}).order_by().values(of).annotate(counted=Count("pk"))
    return Coalesce(Subquery(counted.values("counted")), 0, output_field=IntegerField())
