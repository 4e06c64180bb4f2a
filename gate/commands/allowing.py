"""What a suite may not do on GitHub, where a pull request may have written it or what it is aimed at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gate.config.suite import Suite
from gate.config.templates import environment_names, fill
from gate.errors import UsageError
from gate.measure.access import check_allowed, origin_of
from gate.measure.guard import guard
from gate.measure.network import Network, pins

_OF_RUNNER = re.compile(r"INPUT_.*|ACTIONS_.*|GITHUB_TOKEN|GH_TOKEN")
"""Tokens, and the inputs with a token among them."""


def allowed_origin(suite: Suite, url: str, environment: Mapping[str, str], *, hosts_required: bool) -> str:
    """Origin of a URL whose host the suite names; with ``hosts_required`` it has to name some.

    Raises
    ------
    UsageError
        If the URL is none, or its host is not named.
    """
    origin = origin_of(fill(url, environment=environment))
    check_allowed(suite, origin, url if environment_names(url) else origin, hosts_required=hosts_required)
    return origin


def guarded(network: Network, suite: Suite, origins: Iterable[str]) -> Network:
    """The network without addresses that are private or special, but for those that the suite names.

    Raises
    ------
    UsageError
        If an origin has such an address by now; what has none yet is refused when it has.
    """
    network = replace(network, check=guard(suite.preview.hosts))
    pins(origins, network.resolve, network.check)
    return network


def refuse_runners_own(names: Iterable[str]) -> None:
    """Refuse values that no preview ever gets, whatever a suite says.

    Raises
    ------
    UsageError
        With their names.
    """
    own = [name for name in names if _OF_RUNNER.fullmatch(name)]
    if own:
        raise UsageError(
            f"the suite sends {', '.join(own)} to the preview, which is the runner's own",
            "pass what the preview is to get under a name of its own, as env of the step",
        )
