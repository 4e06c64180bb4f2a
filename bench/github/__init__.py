"""How soon GitHub has the answer."""
