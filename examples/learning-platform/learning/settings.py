"""Settings as in production; what differs from place to place comes from the environment (see the README)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from learning.instrumented import middleware
from learning.variants import N_PLUS_ONE, VARIANTS, chosen_variant


def _positive(name: str, default: str) -> float:
    text = os.environ.get(name, default)
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not number > 0:
        raise ImproperlyConfigured(f"{name}={text}: give a number above zero, such as {default}")
    return number


BASE_DIR = Path(__file__).resolve().parent

DEBUG = os.environ.get("LEARNING_DEBUG") == "1"
# Nothing is signed that outlives the server: tokens are rows. serve.py makes one key for all workers.
SECRET_KEY = os.environ.get("LEARNING_SECRET") or secrets.token_hex(32)
ALLOWED_HOSTS = os.environ.get("LEARNING_HOSTS", "127.0.0.1,localhost").split(",")
COMMIT = os.environ.get("LEARNING_COMMIT", "unknown")
CORS_ORIGIN = os.environ.get("LEARNING_CORS_ORIGIN", "*")
"""Who may read answers from a browser; ``*`` is safe here, because no cookie identifies anybody."""

VARIANT = chosen_variant(os.environ)
ONE_BY_ONE = VARIANT == N_PLUS_ONE

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "channels",
    "learning",
]

MIDDLEWARE = [
    *middleware(),
    *VARIANTS[VARIANT].middleware,
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    # The innermost one is for threads only, so Django runs all of them in the thread of the view; else each would cost
    # a change of threads. https://docs.djangoproject.com/en/5.2/topics/async/#async-views
    "learning.headers.Headers",
]
APPEND_SLASH = False  # a path is there or it is not

ROOT_URLCONF = "learning.urls"
ASGI_APPLICATION = "learning.asgi.application"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "learning.pooled_sqlite",
        "NAME": os.environ.get("LEARNING_DB", "learning.sqlite3"),
        "OPTIONS": {
            "timeout": 20,
            # A transaction that reads first and writes later would fail at once where another writes: SQLITE_BUSY
            # without waiting. https://www.sqlite.org/isolation.html
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000",
            "pool": {
                "size": round(_positive("LEARNING_POOL", "10")),
                "timeout_s": _positive("LEARNING_POOL_TIMEOUT", "5"),
            },
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    }
}

# Real, but few rounds: a login costs about 15 ms of one core. Production has a hundred times as many.
PASSWORD_HASHERS = ["learning.hashing.FewRounds"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "learning.paging.Pages",
    "EXCEPTION_HANDLER": VARIANTS[VARIANT].exception_handler,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "ERROR"},
    "loggers": {"django": {"level": "ERROR"}},  # else a line for every 401 and 404
}
