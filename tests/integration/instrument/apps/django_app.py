"""Django with SQLite in a file, under WSGI and ASGI; `n` queries at /queries/n and /async/n."""

import os

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="test",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=["gate_instrument.django.Middleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE_FILE"]}},
    LOGGING_CONFIG=None,
)
django.setup()


def ask(number: int) -> None:
    for place in range(number):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [place])
            cursor.fetchone()


def queries(_: HttpRequest, number: int) -> JsonResponse:
    ask(number)
    return JsonResponse({"number": number})


async def async_queries(_: HttpRequest, number: int) -> JsonResponse:
    await sync_to_async(ask)(number)
    return JsonResponse({"number": number})


def stream(_: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a", b"b"]))


def raises(_: HttpRequest) -> None:
    ask(1)
    raise LookupError


urlpatterns = [
    path("queries/<int:number>", queries),
    path("async/<int:number>", async_queries),
    path("stream", stream),
    path("raises", raises),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
