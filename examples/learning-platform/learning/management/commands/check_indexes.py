"""``python manage.py check_indexes``: whether the database has every index and constraint that the models declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import CheckConstraint, Model, UniqueConstraint


class Command(BaseCommand):
    """Compares the models with the schema that SQLite tells."""

    help = "Says which declared indexes and constraints are there; exits with 1 when one is missing."

    def handle(self, **_options: object) -> None:
        """Print one line for each, and fail where one is missing."""
        missing = []
        for model in apps.get_app_config("learning").get_models(include_auto_created=True):
            with connection.cursor() as cursor:
                there = connection.introspection.get_constraints(cursor, model._meta.db_table)
            for name, found in _declared(model, there):
                self.stdout.write(f"{'ok' if found else 'MISSING'} {model._meta.db_table} {name}")
                if not found:
                    missing.append(f"{model._meta.db_table} {name}")
        if missing:
            raise CommandError(f"missing in the database: {', '.join(missing)}; run: python manage.py migrate")


def _declared(model: type[Model], there: dict[str, dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Name of each declaration, and whether the schema has it over the same columns in the same order."""
    columns = {field.name: field.column for field in model._meta.local_fields}
    for index in model._meta.indexes:
        declared = [columns[name.removeprefix("-")] for name in index.fields]
        found = there.get(index.name, {})
        yield index.name, bool(found.get("index")) and found["columns"] == declared
    for constraint in model._meta.constraints:
        found = there.get(constraint.name, {})
        if isinstance(constraint, UniqueConstraint):
            declared = [columns[name] for name in constraint.fields]
            yield constraint.name, bool(found.get("unique")) and found["columns"] == declared
        elif isinstance(constraint, CheckConstraint):
            yield constraint.name, bool(found.get("check"))
    for field in model._meta.local_fields:
        if field.db_index or (field.unique and not field.primary_key):
            # A column that is unique has an index that SQLite makes for it: told as unique, not as index.
            of_column = [found for found in there.values() if found["columns"] == [field.column]]
            yield field.column, any(found["unique"] if field.unique else found["index"] for found in of_column)
