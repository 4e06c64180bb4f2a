"""Headers of every answer: which commit serves it, and who may read it from a browser (CORS)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PREFLIGHT_LASTS_S = 600


class Headers:
    """Answers preflight requests, and names origin and commit in all answers."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # https://fetch.spec.whatwg.org/#cors-preflight-request
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response["Access-Control-Max-Age"] = str(PREFLIGHT_LASTS_S)
        else:
            response = self._get_response(request)
        response["Access-Control-Allow-Origin"] = settings.CORS_ORIGIN
        response["X-Commit"] = settings.COMMIT
        return response
