"""What a probe was when it was made: judged by another suite, a record of it means nothing. Pure."""

from __future__ import annotations

from gate.config.probes import Probe
from gate.config.suite import Suite
from gate.record.codec import digest


def probe_hash(suite: Suite, probe: Probe) -> str:
    """Identity of a probe: everything but whether it blocks and what it is counted as; templates stay unfilled."""
    own = probe.model_dump(mode="json", exclude_defaults=True, exclude={"advisory", "category"})
    endpoint = probe.growth.endpoint if probe.growth is not None else None
    grown = (
        suite.endpoints[endpoint].model_dump(mode="json", include={"request", "headers", "identity"})
        if endpoint
        else None
    )
    return digest([own, grown])[:32]
