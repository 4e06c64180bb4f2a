"""``python manage.py seed``: fill an empty database; one that has users stays as it is."""

from __future__ import annotations

import os

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from learning.seed import seed


class Command(BaseCommand):
    """Fills an empty database."""

    help = "Fills an empty database with LEARNING_SIZE materials and what belongs to them."

    def handle(self, **_options: object) -> None:
        """Seed, unless there is somebody already."""
        if User.objects.exists():
            return
        size = os.environ.get("LEARNING_SIZE", "2000")
        try:
            seed(int(size), os.environ.get("LEARNING_PASSWORD", "demo-password"))
        except ValueError as error:
            raise CommandError(f"LEARNING_SIZE={size}: {error}") from error
