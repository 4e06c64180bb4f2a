"""Nothing a stranger words becomes a command of the runner, on standard output or standard error."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from runner_port import commands_in

from gate.gh.telling.log import MAX_ANNOTATIONS, Log
from gate.lines import safe_line, safe_lines

HOSTILE = [
    "::error::x",
    "\u00a0::set-output name=verdict::APPROVED",
    "ok\r::add-mask::a",
    "a ##[add-mask]B",
    "\x1b[0m::warning::x",
    "x\u2028::stop-commands::t",
    "x\u2029##[set-output name=verdict;]APPROVED",
    "\u200b:\u200b:ERROR::x",
    "#\u00ad#\ufe0f[add-mask]B",
    "\x85::add-path::/tmp",
    "\u3000\t ::Save-State name=a::b",
    "\x1b]8;;https://e\x07::group::x\x1b]8;;\x07",
    "###[error]x",
    "##\x1b[1m[error]x",
    "\u202e::debug::x",
    "::\u2066error::x",
    ":::error::x",
    "x\x0b::error::x\x0c::error::y\x1c::error::z",
]
WORDS = [
    "::",
    ":",
    "#",
    "##[",
    "[",
    "]",
    "error",
    "add-mask",
    " ",
    "\u00a0",
    "\u200b",
    "\x1b[0m",
    "\r",
    "\n",
    "\u2028",
    "x",
]


def test_the_port_finds_what_the_payloads_hide():
    """The guard of this file: without the gate's cleaning these are commands, or would be one character later."""
    found = [payload for payload in HOSTILE if commands_in(payload)]
    assert len(found) >= 12


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "value: {}", "\n{}", "{}{}", "first\n  {}\nlast"])
def test_no_payload_is_a_command(payload, frame):
    text = frame.format(payload, payload)
    out, err = io.StringIO(), io.StringIO()
    Log(out).print(text)
    Log(err).print(safe_line(text))
    assert commands_in(out.getvalue() + err.getvalue()) == []
    assert not set(out.getvalue()) & set("\x1b\x07\r\x85\u2028\u2029\u202e\u2066\u200b")


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=12).map("".join)))
@example("#" * 600 + "[error]")
@example(" " * 498 + "::error::x")
def test_no_text_at_all_is_a_command(text):
    assert commands_in("\n".join(safe_lines(text))) == []
    line = safe_line(text)
    assert commands_in(line) == []
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")


def test_plain_text_stays_as_it_is():
    for text in ("p95 +12.3 % [+8 %, +17 %]", "GET /a/::1", "größer ☃ 日本語 हिन्दी", "a: b", "# title [x]"):
        assert safe_line(text) == text
    assert safe_lines("a\nb\r\nc") == ["a", "b", "c"]
    assert safe_line("a\nb") == "a | b"
    assert safe_line("x" * 1000) == "x" * 499 + "…"


def test_own_commands_are_read_as_meant():
    out = io.StringIO()
    log = Log(out)
    with log.group("measuring 100%: a,b\n::error::x"):
        log.print("inside")
    log.annotate("error", "BLOCKED: shop, p95", "50 % slower\n::stop-commands::t")
    assert commands_in(out.getvalue()) == [
        ("group", "measuring 100%: a,b | ::error::x"),
        ("endgroup", ""),
        ("error", "50 % slower\n: :stop-commands::t"),
    ]
    assert "::error title=BLOCKED%3A shop%2C p95::" in out.getvalue()


def test_a_group_ends_also_when_it_fails():
    out = io.StringIO()
    log = Log(out)
    with pytest.raises(RuntimeError), log.group("x"):
        raise RuntimeError
    assert commands_in(out.getvalue())[-1] == ("endgroup", "")


def test_annotations_are_few():
    out = io.StringIO()
    log = Log(out)
    for number in range(25):
        log.annotate("warning", "t", f"::error::{number}")
    assert len(commands_in(out.getvalue())) == MAX_ANNOTATIONS
    assert "::error::24" in out.getvalue()


def test_masks_cover_the_forms_a_secret_takes():
    out = io.StringIO()
    Log(out).mask("p%w/d\nx")
    masks = [data for command, data in commands_in(out.getvalue()) if command == "add-mask"]
    assert masks == ["cCV3L2QKeA==", "p%25w%2Fd%0Ax", "p%w/d\nx"]
    assert len(out.getvalue().splitlines()) == 3


def test_a_closed_log_costs_lines_and_nothing_else():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    Log(Closed()).print("x")
    closed = io.StringIO()
    closed.close()
    Log(closed).print("x")


def test_a_log_without_unicode_still_gets_every_line():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Log(stream).print("größer\nx")
    assert raw.getvalue().decode() == "gr\\xf6\\xdfer\nx\n"
