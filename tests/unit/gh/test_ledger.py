"""The ledger: read back as written, none only where there is none, and never half believed."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gate.errors import DeliveryError, NotMeasured
from gate.gh.telling.ledger import MAX_CHARS, Acceptance, Ledger, MeasuredFile, measured_file, read, written
from gate.record.codec import dump

SHA = "c" * 40
LEDGER = Ledger(
    suite="shop",
    sha=SHA,
    run_id=42,
    attempt=1,
    verdict="APPROVED",
    exit_code=0,
    policy_sha="b" * 40,
    run_files=[MeasuredFile(name="run-c0.json", sha256="0" * 64, size_bytes=7)],
    acceptances=[
        Acceptance(row="shop/search/p50", ceiling_ratio=0.43, by="mona", reason="meant", at="2026-11-20T12:00:00Z")
    ],
)
ENTRY = dump(LEDGER.acceptances[0])
REASONS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def accepted(count: int, reason: str) -> Ledger:
    entry = LEDGER.acceptances[0].model_copy(update={"reason": reason})
    rows = [entry.model_copy(update={"row": f"shop/endpoint{n}/p50"}) for n in range(count)]
    return LEDGER.model_copy(update={"acceptances": rows})


@given(st.lists(REASONS, max_size=3), st.floats(0, 1e6), st.text(max_size=50))
def test_a_ledger_comes_back_from_the_end_of_any_text(reasons, ceiling, before):
    entry = LEDGER.acceptances[0].model_copy(update={"ceiling_ratio": ceiling})
    kept = LEDGER.model_copy(update={"acceptances": [entry.model_copy(update={"reason": r}) for r in reasons]})
    text = f"{before}\n\n{written(kept)}"
    assert read(text) == kept
    assert read(text.replace("\n", "\r\n")) == kept
    written(kept).encode("ascii")


@given(REASONS)
def test_nothing_in_it_ends_the_block_or_shows_as_anything_else(reason):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse("words\n\n" + written(accepted(1, reason)))
    assert [token.type for token in tokens][-2:] == ["html_block", "fence"]
    assert json.loads(tokens[-1].content)["acceptances"][0]["reason"] == reason


@pytest.mark.parametrize("text", ["", "words", "```json\n{}\n```", "&lt;!-- gate:ledger --&gt;"])
def test_no_ledger_is_none(text):
    assert read(text) is None


def test_a_ledger_cut_anywhere_is_an_error():
    text = written(LEDGER)
    begun = len("<!-- gate:ledger -->")
    for end in range(begun, len(text) - 1):
        with pytest.raises(NotMeasured, match="record in the check run"):
            read(text[:end])


def changed(**members: object) -> str:
    found = re.search(r"\{.*\}", written(LEDGER))
    assert found is not None
    return f"<!-- gate:ledger -->\n```json\n{json.dumps(json.loads(found[0]) | members)}\n```\n"


@pytest.mark.parametrize(
    "members",
    [
        {"schema": "gate.ledger/2"},
        {"more": 1},
        {"sha": "main"},
        {"sha": SHA[:12]},
        {"run_id": "42"},
        {"run_id": True},
        {"run_id": 0},
        {"attempt": 1.5},
        {"verdict": "approved"},
        {"suite": "../shop"},
        {"policy_sha": ""},
        {"run_files": [{"name": "../run.json", "sha256": "0" * 64, "size_bytes": 7}]},
        {"run_files": [{"name": "a/run.json", "sha256": "0" * 64, "size_bytes": 7}]},
        {"run_files": [{"name": "run.json", "sha256": "0" * 63, "size_bytes": 7}]},
        {"run_files": [{"name": "run.json", "sha256": "0" * 64, "size_bytes": 0}]},
        {"run_files": [{"name": "run.json", "sha256": "0" * 64}]},
        {"acceptances": [ENTRY | {"row": "search"}]},
        {"acceptances": [ENTRY | {"ceiling_ratio": -1}]},
        {"acceptances": [ENTRY | {"by": ""}]},
        {"acceptances": [ENTRY | {"reason": ""}]},
        {"acceptances": [ENTRY | {"at": "today"}]},
        {"acceptances": [ENTRY | {"until": "2026-12-01"}]},
    ],
)
def test_a_member_that_is_wrong_is_an_error(members):
    assert read(changed()) == LEDGER
    with pytest.raises(NotMeasured, match="not one that this gate writes"):
        read(changed(**members))


@pytest.mark.parametrize("content", ["", "null", "[]", '{"a": 1, "a": 2}', '{"ceiling_ratio": NaN}', "\ud800"])
def test_what_is_no_such_json_is_an_error(content):
    with pytest.raises(NotMeasured):
        read(f"<!-- gate:ledger -->\n```json\n{content}\n```\n")


def test_its_size_is_bounded():
    assert len(written(accepted(100, "x" * 200))) <= MAX_CHARS
    with pytest.raises(DeliveryError, match=str(MAX_CHARS)):
        written(accepted(100, "é" * 200))


def test_a_file_is_recorded_as_it_is_on_disk(tmp_path):
    path = tmp_path / "run-c0.json"
    path.write_bytes(b"{}\r\n")
    assert measured_file(path) == MeasuredFile(
        name="run-c0.json", sha256=hashlib.sha256(b"{}\r\n").hexdigest(), size_bytes=4
    )
    with pytest.raises(DeliveryError, match=r"run-c1\.json cannot be read"):
        measured_file(tmp_path / "run-c1.json")
