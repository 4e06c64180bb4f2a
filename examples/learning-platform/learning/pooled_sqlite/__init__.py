"""Django's SQLite backend with a bounded pool."""
