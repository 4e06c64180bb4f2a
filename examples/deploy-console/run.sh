#!/bin/sh
# For preview.serve: serves on $PORT over $DATABASE_URL until SIGTERM.
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" serve.py --port "${PORT:-8000}"
