"""Django's commands for the learning platform: ``python manage.py check_indexes``, ``migrate --check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning.settings")
    execute_from_command_line(sys.argv)
