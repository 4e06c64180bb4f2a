"""A real Redis, watched: ratios by difference, queues by their kind."""

from __future__ import annotations

import pytest
import redis

from gate.telemetry.redis import RedisServer
from gate.telemetry.source import Unread


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


def test_the_hit_ratio_is_that_of_the_look_ups_since_the_reading_before(redis_url, client):
    client.set("there", "1")
    for _ in range(100):
        client.get("missing")  # before the first reading: not counted
    watched = RedisServer(redis_url, [])
    watched.begin()
    assert "redis.hit_ratio" not in watched.read()
    for name in ("there", "there", "there", "missing"):
        client.get(name)
    assert watched.read()["redis.hit_ratio"].value == 0.75
    assert watched.end().facts["redis.max_memory"] == 100 * 2**20
    watched.close()


def test_queues_of_three_kinds_and_what_is_none(redis_url, client):
    client.rpush("mails", "a", "b", "c")
    client.xadd("events", {"a": "b"})
    client.set("text", "x")
    watched = RedisServer(redis_url, ["mails", "events", "empty", "text"])
    watched.begin()
    found = {name: reading.value for name, reading in watched.read().items() if name.startswith("redis.queue.")}
    assert found == {"redis.queue.mails": 3, "redis.queue.events": 1, "redis.queue.empty": 0}
    assert watched.end().unread == {"redis.queue.text": "it is neither list, stream nor sorted set"}
    watched.close()


def test_memory_and_clients_are_of_the_server(redis_url, client):
    watched = RedisServer(redis_url, [])
    watched.begin()
    before = watched.read()
    client.set("large", "x" * 5_000_000)
    after = watched.read()
    watched.close()
    assert after["redis.memory"].value - before["redis.memory"].value > 4_000_000
    assert after["redis.clients"].value >= 2
    assert after["redis.commands"].is_counter


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "http://127.0.0.1"])
def test_no_server_is_told(url):
    watched = RedisServer(url, [])
    with pytest.raises(Unread):
        watched.begin()
    watched.close()
