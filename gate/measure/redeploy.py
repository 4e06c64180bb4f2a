"""Fresh deployments by the hook of the host: asked once, then waited for until another instance answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gate.config.preview import Redeploy, Revealed
from gate.config.suite import Suite
from gate.config.templates import fill
from gate.errors import NotMeasured, UsageError
from gate.load.job import Expectation, Request
from gate.load.kinds import in_words
from gate.measure.access import wire_of
from gate.measure.driver import deployment
from gate.measure.network import Network, fetch_resolving
from gate.measure.ready import Clock, revealed
from gate.measure.single import Fetch, tokens
from gate.record.value import Arm

SETTLED = 3
"""Answers in a row that must come from the new deployment: while one replaces the other, both answer."""
_PAUSE_S = 1.0
_HOOK_TIMEOUT_S = 30.0
_TAKEN = tuple(range(200, 300))


@dataclass(frozen=True)
class Redeployer:
    """Makes a fresh deployment where an old one is.

    Nothing that a hook is sent or answers is ever told: its address is a secret.
    """

    suite: Suite
    settings: Redeploy
    environment: Mapping[str, str]
    network: Network
    clock: Clock
    run_id: str

    def redeploy(self, arm: Arm, origin: str, hook: str) -> None:
        """Ask a hook and wait until the new deployment answers.

        Raises
        ------
        NotMeasured
            If the hook refuses, if the deployment cannot be told from others, or if none came in time.
        """
        settings = self.settings
        unique = tokens(f"{self.run_id}-redeploy")
        # Not pinned for good: the new deployment may have another address.
        fetch = fetch_resolving(self.network, wire_of(self.suite, self.environment), origin)
        before = {self._instance(settings.fresh, origin, fetch, unique) for _ in range(SETTLED)}
        if None in before:
            raise NotMeasured(
                f"the {deployment(arm)} does not tell which deployment it is: {_named(settings.fresh)} is missing",
                "see preview.redeploy.fresh in the suite",
            )
        self._ask(hook, arm)
        until_s = self.clock.now_s() + settings.timeout_s
        settled = 0
        while settled < SETTLED:
            if not self.clock.now_s() < until_s:
                raise NotMeasured(
                    f"no new deployment of the {deployment(arm)} answered within {settings.timeout_s:g} s:"
                    f" {_named(settings.fresh)} has the value it had",
                    "see the log of the host, or raise preview.redeploy.timeout",
                )
            now = self._instance(settings.fresh, origin, fetch, unique)
            settled = settled + 1 if now is not None and now not in before else 0
            if settled < SETTLED:
                self.clock.sleep(_PAUSE_S / SETTLED if settled else _PAUSE_S)

    def check(self) -> None:
        """See beforehand that every hook can be asked.

        Raises
        ------
        UsageError
            If one is no web address, by its name in the suite; its value is not repeated.
        """
        for hook in self.hooks().values():
            self._address(hook)

    def hooks(self) -> dict[Arm, str]:
        """Hooks by arm, of arms that have one."""
        found: dict[Arm, str] = {"candidate": self.settings.url}
        if self.settings.base_url is not None:
            found["base"] = self.settings.base_url
        return found

    def _instance(self, source: Revealed, origin: str, fetch: Fetch, unique: Iterator[str]) -> str | None:
        value = revealed(self.suite, source, origin, self.environment, fetch, unique)
        return str(value) if isinstance(value, str | int) and value != "" else None

    def _address(self, hook: str) -> str:
        url = fill(hook, environment=self.environment)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"the hook {hook} is no address like https://host/path", "see preview.redeploy")
        return url

    def _ask(self, hook: str, arm: Arm) -> None:
        url = self._address(hook)
        fetch = fetch_resolving(self.network, wire_of(self.suite, self.environment), url)
        # Not with the headers of the preview: they may hold its keys, and the hook is someone else.
        answer = fetch(replace(Request("POST", url), timeout_s=_HOOK_TIMEOUT_S), Expectation(_TAKEN)).answer
        if answer.kind is not None:
            raise NotMeasured(
                f"the hook that deploys the {deployment(arm)} again was refused: {in_words(answer.kind)}",
                "see preview.redeploy in the suite, and the value it takes from the environment",
            )


def _named(source: Revealed) -> str:
    """The place of a value in words."""
    where = f"the header {source.header}" if source.header is not None else f"{source.json_path} of the answer"
    return where if source.path is None else f"{where} at {source.path}"
