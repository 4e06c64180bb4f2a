"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FewRounds(PBKDF2PasswordHasher):
    """PBKDF2 with SHA-256 and fewer rounds than Django's own, so that an example's logins fit two shared cores."""

    algorithm = "pbkdf2_sha256_few"
    iterations = 30_000
