"""Bodies in a coding: text that is not all there proves nothing of what must not be in it."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.probes.bodies import UnreadableError, unpacked

MOST = 10_000


@given(st.binary(max_size=2000))
def test_what_is_packed_comes_back(text):
    assert unpacked(gzip.compress(text), "gzip", MOST) == text
    assert unpacked(zlib.compress(text), " Deflate ", MOST) == text
    assert unpacked(text, "", MOST) == text


@given(st.binary(min_size=1, max_size=2000), st.integers(min_value=1, max_value=2000))
def test_a_body_that_ends_too_soon_is_unreadable(text, missing):
    packed = gzip.compress(text)
    cut = packed[: max(1, len(packed) - missing)]
    with pytest.raises(UnreadableError):
        unpacked(cut, "gzip", MOST)


def test_more_behind_it_is_not_passed_over():
    with pytest.raises(UnreadableError, match="not one whole gzip"):
        unpacked(gzip.compress(b"harmless") + gzip.compress(b"<script>"), "gzip", MOST)


def test_what_unpacks_to_too_much_or_is_none_is_unreadable():
    with pytest.raises(UnreadableError, match="more than is read"):
        unpacked(gzip.compress(bytes(2 * MOST)), "gzip", MOST)
    with pytest.raises(UnreadableError, match="is no gzip"):
        unpacked(b"plain text", "gzip", MOST)
    with pytest.raises(UnreadableError, match="ask for gzip"):
        unpacked(b"x", "br", MOST)


def test_an_answer_without_a_body_has_an_empty_text():
    assert unpacked(b"", "gzip", MOST) == b""
