"""Every error is JSON, ``{"detail": ...}``, with the status that says whose mistake it was."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, JsonResponse
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from learning.pooled_sqlite.pool import PoolExhausted


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """As the REST framework answers; a conflict where a constraint of the database refused, 503 where it is busy."""
    if isinstance(error, OperationalError) and isinstance(error.__cause__, PoolExhausted):
        # Without Retry-After, which would say that the client asked too often.
        return Response({"detail": str(error)}, status.HTTP_503_SERVICE_UNAVAILABLE)
    if isinstance(error, IntegrityError):
        return Response({"detail": f"conflicts with what is stored: {error}"}, status.HTTP_409_CONFLICT)
    return exception_handler(error, context)


def answer_everything_as_500(error: Exception, _context: dict[str, Any]) -> Response:
    """The variant error_contract: whoever made the mistake, the server takes the blame."""
    return Response({"detail": str(error)}, status.HTTP_500_INTERNAL_SERVER_ERROR)


def not_found(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 (Django names it)
    """No view has this path."""
    return JsonResponse({"detail": "there is nothing at this path"}, status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 (Django names it)
    """Django itself refused the request, such as one for another host."""
    return JsonResponse({"detail": "the request was refused"}, status=400)


def server_error(_request: HttpRequest) -> JsonResponse:
    """An exception that nobody caught; the log has it."""
    return JsonResponse({"detail": "the server failed; its log says why"}, status=500)
