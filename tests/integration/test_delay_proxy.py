"""The proxy that adds a network to loopback: how much it delays, and what it leaves alone."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from bench.decision.delay_proxy import delaying
from bench.decision.network import Delays, Network

ONE_WAY_S = 0.02
STEADY = Network(ONE_WAY_S, jitter_s=0.0)


@contextmanager
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets, and ends when the client does."""

    def answer(connection: socket.socket) -> None:
        with connection:
            while piece := connection.recv(65_536):
                connection.sendall(piece)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_every_trip_is_delayed_there_and_back_and_what_was_added_is_told():
    with echo() as port, delaying([port], STEADY, seed=1) as proxy, connect(proxy.ports[0]) as client:
        trips_s = []
        for _ in range(30):
            sent_s = time.perf_counter()
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            trips_s.append(time.perf_counter() - sent_s)
        client.close()
    assert proxy.measured["n"] == 60
    assert proxy.measured["min_s"] >= ONE_WAY_S * 0.999
    assert proxy.measured["p50_s"] < ONE_WAY_S * 1.5
    assert min(trips_s) >= 2 * ONE_WAY_S * 0.999
    assert statistics.median(trips_s) < 2 * ONE_WAY_S * 1.5


def test_a_stream_arrives_whole_in_order_and_at_full_rate():
    wild = Network(ONE_WAY_S, jitter_s=ONE_WAY_S / 2)
    sent = b"".join(f"{number:8}".encode() for number in range(20_000))
    pieces = [sent[at : at + 400] for at in range(0, len(sent), 400)]
    with echo() as port, delaying([port], wild, seed=2) as proxy, connect(proxy.ports[0]) as client:

        def send() -> None:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(ONE_WAY_S / 50)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        begun_s = time.perf_counter()
        sender.start()
        got = b""
        while piece := client.recv(65_536):  # until the end of the stream came through as well
            got += piece
        took_s = time.perf_counter() - begun_s
        sender.join()
    assert got == sent
    assert proxy.measured["n"] > 50, "the pieces were joined: nothing was there to be put out of order"
    one_by_one_s = proxy.measured["n"] * proxy.measured["p50_s"]
    assert took_s < one_by_one_s / 3


def test_each_port_leads_to_its_own_server_and_one_that_is_gone_ends_the_connection():
    with echo() as port, socket.create_server(("127.0.0.1", 0)) as gone:
        gone_port = gone.getsockname()[1]
        gone.close()
        with delaying([port, gone_port], STEADY, seed=3) as proxy:
            with connect(proxy.ports[1]) as client:
                assert client.recv(1) == b""
            with connect(proxy.ports[0]) as client:
                client.sendall(b"y")
                assert client.recv(1) == b"y"


def draws(network: Network, every_s: float, count: int = 20_000) -> list[float]:
    delays = Delays(network, Random(5))
    return [delays.draw(number * every_s) for number in range(count)]


def test_jitter_comes_on_top_and_has_the_mean_that_was_asked_for():
    added = [delay - ONE_WAY_S for delay in draws(Network(ONE_WAY_S, 0.003), 0.01)]
    assert min(added) >= 0
    assert statistics.fmean(added) == pytest.approx(0.003, rel=0.05)
    assert statistics.stdev(added) == pytest.approx(0.003 / 2**0.5, rel=0.05)
    assert set(draws(STEADY, 0.01)) == {ONE_WAY_S}


def test_jitter_drifts_as_a_sine():
    network = Network(ONE_WAY_S, 0.003, drift_ratio=0.5, drift_period_s=200.0)
    added = [delay - ONE_WAY_S for delay in draws(network, 0.01)]
    rising, falling = statistics.fmean(added[:10_000]), statistics.fmean(added[10_000:])
    wanted = 2 / 3.14159 * 0.5  # the mean of a half wave
    assert rising / 0.003 == pytest.approx(1 + wanted, rel=0.05)
    assert falling / 0.003 == pytest.approx(1 - wanted, rel=0.05)


def test_bursts_take_their_share_of_the_time():
    """A second of burst after nine seconds on average, in which jitter is ten times as large: the mean is 1.9 fold."""
    network = Network(ONE_WAY_S, 0.003, burst_every_s=9.0, burst_s=1.0, burst_factor=10.0)
    added = [delay - ONE_WAY_S for delay in draws(network, 0.2, 50_000)]
    assert statistics.fmean(added) / 0.003 == pytest.approx(1.9, rel=0.1)


def test_the_same_seed_gives_the_same_delays():
    network = Network(ONE_WAY_S, 0.003, 0.2, 60.0, 1.0)
    assert draws(network, 0.01, 500) == draws(network, 0.01, 500)
