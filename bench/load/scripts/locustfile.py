"""Locust's FastHttpUser: as fast as it can, or at USER_RPS requests per second and user."""

import os

from locust import FastHttpUser, constant_throughput, task

RATE_RPS = float(os.environ.get("USER_RPS", "0"))


class Visitor(FastHttpUser):
    """Asks for one page."""

    if RATE_RPS:
        wait_time = constant_throughput(RATE_RPS)

    @task
    def page(self) -> None:
        """Ask."""
        self.client.get("/")
