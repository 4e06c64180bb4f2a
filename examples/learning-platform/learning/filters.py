"""Filters in the query of a list."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request


def number_asked(request: Request, name: str) -> int | None:
    """The number after ``?name=``; None where it is not asked for.

    Raises
    ------
    serializers.ValidationError
        When it is no number from 1 on; answered with 400.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        number: int = serializers.IntegerField(min_value=1).run_validation(text)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from error
    return number
