#!/bin/sh
# Serves on $PORT, as a gate that starts its preview itself asks for (preview.serve).
cd "$(dirname "$0")" || exit 1
exec "${PYTHON:-python3}" serve.py --port "${PORT:-8000}" --db "${LEARNING_DB:-learning.sqlite3}" --workers "${WORKERS:-2}"
