"""Django's models on SQLite: a list that asks once for each item, and one that asks once for all."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.db.backends.signals import connection_created
from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench.systems.counting import ledger

settings.configure(
    SECRET_KEY="a-benchmark",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=["gate_instrument.django.Middleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ledger.database()}},
    LOGGING_CONFIG=None,
)
django.setup()
connection_created.connect(lambda connection, **_: ledger.watch(connection.connection), weak=False)


class Shelf(models.Model):
    """Where books stand."""

    name = models.TextField()

    class Meta:
        """As the ledger made it."""

        app_label, db_table, managed = "counting", "shelf", False


class Book(models.Model):
    """One of them."""

    shelf = models.ForeignKey(Shelf, models.CASCADE)

    class Meta:
        """As the ledger made it."""

        app_label, db_table, managed = "counting", "book", False


def each(request: HttpRequest) -> JsonResponse:
    """N+1."""
    return _listed(request, Book.objects.all())


def joined(request: HttpRequest) -> JsonResponse:
    """One."""
    return _listed(request, Book.objects.select_related("shelf"))


def seen(_: HttpRequest) -> JsonResponse:
    """What the database saw."""
    return JsonResponse(ledger.told())


def _listed(request: HttpRequest, books: Any) -> JsonResponse:  # noqa: ANN401 - Django ships no types
    with ledger.counted(request.get_full_path()):
        items = [book.shelf.name for book in books[: int(request.GET["n"])]]
    return JsonResponse({"items": items})


urlpatterns = [path("each", each), path("joined", joined), path(ledger.SEEN[1:], seen)]
app = get_wsgi_application()
