"""Run files: what is written is what is read, and nothing else is read."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gate.record.codec import MAX_BYTES, RecordError, canonical, decode_run, encode_run, load_json
from gate.record.endpoint import Block
from gate.record.run import Run
from tests.builders import ONE_HOST, World, run_of, suite_of

SUITE = suite_of(names=("home", "list"))
RUN = run_of(SUITE, base=World(), rounds=3, environment=ONE_HOST)


def envelope(run: object) -> bytes:
    """A run with a true hash, whatever it holds."""
    return canonical({"run": run, "sha256": hashlib.sha256(canonical(run).encode()).hexdigest()}).encode()


def changed(**members: object) -> bytes:
    return envelope(json.loads(encode_run(RUN))["run"] | members)


def test_a_run_comes_back_as_it_was():
    assert decode_run(encode_run(RUN)) == RUN


def test_equal_runs_are_equal_bytes_whatever_the_order_of_their_parts():
    turned = RUN.model_copy(update={"endpoints": dict(reversed(RUN.endpoints.items()))})
    assert list(turned.endpoints) != list(RUN.endpoints)
    assert encode_run(turned) == encode_run(RUN)


@pytest.mark.parametrize("cut", [2, 3, 100, 2000])  # the last byte is a line end
def test_a_truncated_file_is_refused(cut):
    with pytest.raises(RecordError, match="is not JSON"):
        decode_run(encode_run(RUN)[:-cut])


@given(st.data())
def test_a_file_with_one_changed_byte_is_refused_or_means_the_same(data):
    good = encode_run(RUN)
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[place]))
    try:
        read = decode_run(good[:place] + bytes([byte]) + good[place + 1 :])
    except RecordError:
        return
    assert read == RUN, "white space may differ, the run may not"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused_and_never_crash(data):
    with pytest.raises(RecordError):
        decode_run(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not UTF-8 at byte 0"),
        (b"null", "is not a run of this gate"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"run": {}, "run": {}, "sha256": ""}', "has the member 'run' twice"),
        (b'{"run": {"a": NaN}, "sha256": ""}', "holds NaN"),
        (b'{"run": {"a": -Infinity}, "sha256": ""}', "holds -Infinity"),
        (b'{"run": {"schema": "gate.run/1", "a": 1e999}, "sha256": ""}', "which no float can hold"),
        (b'{"run": {"a": ' + b"9" * 5000 + b'}, "sha256": ""}', "a number of 5000 digits"),
        (b'{"run": {"schema": "gate.run/1", "a": "\\ud800"}, "sha256": ""}', "not Unicode"),
        (b'{"run": {"schema": "gate.run/2"}, "sha256": ""}', "has schema 'gate.run/2', this gate reads 'gate.run/1'"),
        (b'{"run": {}, "sha256": "", "more": 1}', "is not a run of this gate"),
        (b" " * (MAX_BYTES + 1), "more than the"),
    ],
)
def test_what_a_careless_reader_would_let_pass_is_refused(data, words):
    with pytest.raises(RecordError, match=words):
        decode_run(data)


def test_a_run_that_was_changed_after_it_was_written_is_refused():
    data = encode_run(RUN).replace(b'"commit":"', b'"commit":"0', 1)
    with pytest.raises(RecordError, match="does not match its own sha256"):
        decode_run(data)


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"created": "yesterday"}, "created"),
        ({"created": "2026-02-30T00:00:00Z"}, "created"),
        ({"created": "2026-11-20T12:00:00"}, "created"),
        ({"run_id": "../../etc"}, "run_id"),
        ({"unknown": 1}, "unknown"),
        ({"complete": "yes"}, "complete"),
        ({"endpoints": None}, "endpoints"),
        ({"elapsed_s": "12"}, "elapsed_s"),
    ],
)
def test_a_wrong_member_is_named_even_if_the_hash_is_right(members, where):
    with pytest.raises(RecordError, match=f"has a wrong member {where}"):
        decode_run(changed(**members))


def test_a_long_wrong_value_is_not_repeated_in_full():
    with pytest.raises(RecordError) as refused:
        load_json(b'{"' + b"k" * 10_000 + b'": 1, "' + b"k" * 10_000 + b'": 2}')
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "counts",
    [
        {"sent": 50, "n": 0, "errors": 0},
        {"sent": 50, "n": 50, "errors": 1},
        {"sent": 49, "n": 49, "errors": 0},
        {"sent": 50, "n": 50, "errors": 0, "dropped": 1},
    ],
)
def test_a_block_whose_counts_do_not_add_up_is_no_block(counts):
    """An answer that is neither right nor wrong was not measured; it must not vanish between the two."""
    with pytest.raises(ValidationError, match="cannot have"):
        Block(round=0, order=0, start_s=0.0, planned=50, **{"dropped": 0, **counts})


def test_a_run_holds_no_nan():
    with pytest.raises(ValidationError):
        Run.model_validate(RUN.model_dump(by_alias=True) | {"elapsed_s": float("nan")})
