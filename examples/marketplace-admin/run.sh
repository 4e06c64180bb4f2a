#!/bin/sh
# For preview.serve: serves on $PORT over $DATABASE_URL and $REDIS_URL until SIGTERM, with $WORKERS processes.
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" serve.py --port "${PORT:-8000}" --workers "${WORKERS:-1}"
