"""Redis by its INFO, over the client of the extra ``redis``.

https://redis.io/docs/latest/commands/info/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate.config.quantities import REDIS
from gate.record.telemetry import Source
from gate.telemetry.source import Findings, Reading, Unread

READ_S = 2.0
_LENGTHS = {b"list": "llen", b"stream": "xlen", b"zset": "zcard", b"none": None}
_PLAIN = {
    "redis.memory": "used_memory",
    "redis.clients": "connected_clients",
    "redis.blocked_clients": "blocked_clients",
    "redis.evicted": "evicted_keys",
    "redis.commands": "total_commands_processed",
}


class RedisServer:
    """Watches one server.

    The hit ratio is that of the look-ups since the reading before; where there were none, there is no ratio.

    Parameters
    ----------
    queues : sequence of str
        Keys of lists, streams or sorted sets whose length is watched.
    """

    source: Source = "redis"

    def __init__(self, url: str, queues: Sequence[str]) -> None:
        self._url = url
        self._queues = queues
        self._client: Any = None
        self._before: tuple[int, int] | None = None
        self._odd: dict[str, str] = {}
        self._facts: dict[str, float] = {}

    def begin(self) -> None:
        """Connect, and note what was looked up before the load."""
        try:
            import redis
        except ImportError:
            raise Unread("the client of Redis is not installed; install perf-gate[redis]") from None
        try:
            self._client = redis.Redis.from_url(
                self._url, socket_timeout=READ_S, socket_connect_timeout=READ_S, protocol=2, client_name="gate"
            )
        except ValueError:
            raise Unread("its url is none; write it like redis://host:6379/0") from None
        self.read()

    def read(self) -> Mapping[str, Reading]:
        """INFO, and the length of each queue."""
        info = self._ask("info")
        found = {name: self._reading(name, info.get(key)) for name, key in _PLAIN.items()}
        found["redis.hit_ratio"] = self._reading("redis.hit_ratio", self._hit_ratio(info))
        for name in self._queues:
            length = self._length(name)
            found[f"redis.queue.{name}"] = None if length is None else Reading(float(length), "count")
        for fact, key in (("redis.max_memory", "maxmemory"), ("redis.max_clients", "maxclients")):
            if isinstance(info.get(key), int) and info[key] > 0:
                self._facts[fact] = float(info[key])
        return {name: reading for name, reading in found.items() if reading is not None}

    def end(self) -> Findings:
        """Limits of the server, and queues that are none."""
        return Findings(facts=self._facts, unread=self._odd)

    def renew(self) -> None:
        """Nothing is remembered of single processes of the preview."""

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()

    @staticmethod
    def _reading(name: str, value: object) -> Reading | None:
        return Reading(float(value), *REDIS[name]) if isinstance(value, int | float) else None

    def _hit_ratio(self, info: Mapping[str, Any]) -> float | None:
        hits, misses = info.get("keyspace_hits"), info.get("keyspace_misses")
        if not isinstance(hits, int) or not isinstance(misses, int):
            return None
        before, self._before = self._before, (hits, misses)
        if before is None:
            return None
        found, missed = hits - before[0], misses - before[1]
        return found / (found + missed) if found >= 0 and missed >= 0 and found + missed > 0 else None

    def _length(self, name: str) -> int | None:
        kind = self._ask("type", name)
        if kind not in _LENGTHS:
            self._odd[f"redis.queue.{name}"] = "it is neither list, stream nor sorted set"
            return None
        command = _LENGTHS[kind]
        return 0 if command is None else int(self._ask(command, name))

    def _ask(self, command: str, *arguments: str) -> Any:  # noqa: ANN401 - whatever the server says
        import redis

        try:
            return getattr(self._client, command)(*arguments)
        except (redis.RedisError, OSError, ValueError) as error:
            raise Unread(f"{command.upper()} failed: {error}") from None
