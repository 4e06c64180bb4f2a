"""The learning platform, a Django application."""
