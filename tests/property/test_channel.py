"""Messages come out of a WebSocket as they were sent, however server and network cut them."""

from __future__ import annotations

from types import SimpleNamespace

import pycurl
from hypothesis import given
from hypothesis import strategies as st

from gate.load.channel import Channel


class Handle:
    """libcurl's side: gives frames piece by piece, takes what is sent in portions it likes."""

    def __init__(self, pieces, portions):
        self.pieces, self.portions, self.sent = list(pieces), list(portions), []

    def getinfo(self, _what):
        return 3

    def ws_recv_into(self, buffer):
        if not self.pieces:
            raise BlockingIOError
        piece, flags, left = self.pieces.pop(0)
        buffer[: len(piece)] = piece
        return len(piece), SimpleNamespace(flags=flags, bytesleft=left)

    def ws_send(self, data, kind):
        portion = self.portions.pop(0) if self.portions else len(data)
        if portion == 0 and data:
            raise BlockingIOError
        taken = data[:portion]
        self.sent.append((kind, taken))
        return len(taken)

    def ws_close(self, code):
        self.sent.append((pycurl.WS_CLOSE, code))


def cut(data, place):
    """A frame as pieces with what is left of it after each."""
    at = min(place, len(data))
    parts = [data[:at], data[at:]] if 0 < at < len(data) else [data]
    return [(part, len(data) - sum(map(len, parts[: n + 1]))) for n, part in enumerate(parts)]


fragments = st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 40), st.booleans()), min_size=1, max_size=4)


@given(st.lists(fragments, max_size=6), st.lists(st.integers(0, 3), max_size=10))
def test_messages_are_whole_and_every_ping_between_their_fragments_is_answered(messages, portions):
    pieces, pings = [], 0
    for message in messages:
        for number, (data, place, is_pinged) in enumerate(message):
            flags = pycurl.WS_TEXT | (pycurl.WS_CONT if number + 1 < len(message) else 0)
            pieces += [(part, flags, left) for part, left in cut(data, place)]
            if is_pinged:
                pieces.append((b"ping", pycurl.WS_PING, 0))
                pings += 1
    handle = Handle(pieces, portions)
    channel, got = Channel(handle), []
    while handle.pieces:
        got += channel.receive(1.0)
    while not channel.flush():
        pass
    assert [message.body for message in got] == [b"".join(data for data, *_ in message) for message in messages]
    assert b"".join(data for kind, data in handle.sent if kind == pycurl.WS_PONG) == b"ping" * pings
    assert channel.end is None


@given(st.binary(max_size=125), st.integers(0, 125))
def test_a_close_frame_ends_it_by_its_code_and_is_answered(payload, place):
    handle = Handle([(part, pycurl.WS_CLOSE, left) for part, left in cut(payload, place)], [])
    channel = Channel(handle)
    assert channel.receive(1.0) == []
    code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
    assert channel.end == f"closed_{code}"
    assert handle.sent == [(pycurl.WS_CLOSE, None if code == 1005 else code)]


@given(st.lists(st.integers(0, 5), max_size=20), st.binary(max_size=60))
def test_what_is_sent_goes_whole_and_in_order_whatever_room_there_is(portions, message):
    handle = Handle([], portions)
    channel = Channel(handle)
    channel.send(message)
    while not channel.flush():
        pass
    assert b"".join(data for _, data in handle.sent) == message


def test_after_a_close_frame_nothing_is_sent():
    handle = Handle([(b"ping", pycurl.WS_PING, 0), (b"\x03\xe8", pycurl.WS_CLOSE, 0)], [])
    channel = Channel(handle)
    assert channel.say_goodbye()
    channel.receive(1.0)
    assert channel.end == "closed_1000"
    assert handle.sent == [(pycurl.WS_CLOSE, 1000)]
