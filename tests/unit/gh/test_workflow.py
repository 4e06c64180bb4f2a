"""The files shared with the runner: exact outputs, verdict last, a bounded summary, no way through a link."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_port import outputs_in

from gate.errors import DeliveryError, UsageError
from gate.gh.telling import workflow
from gate.gh.telling.workflow import OUTPUTS, append_summary, output_entry, read_event, results_folder, write_outputs

VALUES = {
    "verdict": "APPROVED",
    "exit-code": 0,
    "regressed": 0,
    "improved": 1,
    "unchanged": 20,
    "inconclusive": 3,
    "not-measured": 0,
    "suspected": 0,
    "report": "gate-out/comment.md",
    "verdict-file": "gate-out/verdict.json",
    "run-files": "gate-out/run-1.json\ngate-out/run-2.json",
}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was_and_nothing_else_does(one, other):
    assert outputs_in(output_entry("one", one, "0123") + output_entry("other", other, "0123")) == {
        "one": one,
        "other": other,
    }


def test_ten_thousand_values_made_of_what_the_format_is_made_of():
    random = Random(1)
    pieces = [
        "\n",
        "\r",
        "=",
        "<<",
        "EOF",
        "gate_",
        "gate_0123"[:-1],
        "verdict",
        "APPROVED",
        "\ufeff",
        "\x85",
        "\u2028",
        "é",
        "",
    ]
    for _ in range(10_000):
        value = "".join(random.choices(pieces, k=random.randrange(12)))
        assert outputs_in(output_entry("a", value, "0123") + "z<<E\nend\nE\n") == {"a": value, "z": "end"}


@pytest.mark.parametrize("value", ["x\nverdict=APPROVED", "x\ngate_\nverdict<<E\nAPPROVED\nE", "", "\n", "\r\n=<<\r"])
def test_a_value_cannot_bring_an_output_of_its_own(value):
    assert outputs_in(output_entry("a", value, "0123") + output_entry("verdict", "BLOCKED", "4567")) == {
        "a": value,
        "verdict": "BLOCKED",
    }


def test_a_value_that_holds_the_delimiter_is_an_error():
    with pytest.raises(ValueError, match="delimiter"):
        output_entry("a", "x\ngate_0123\ny", "0123")
    with pytest.raises(ValueError, match="delimiter"):
        output_entry("gate_0123", "x", "0123")


def test_outputs_reach_the_runner_with_the_verdict_last(tmp_path):
    path = tmp_path / "output"
    path.write_text("earlier=1\n")
    write_outputs(path, VALUES)
    found = outputs_in(path.read_text())
    assert found == {"earlier": "1", **{name: str(value) for name, value in VALUES.items()}}
    assert list(found)[-1] == "verdict"


def test_no_two_outputs_end_alike(tmp_path):
    path = tmp_path / "output"
    write_outputs(path, VALUES)
    delimiters = [line.split("<<")[1] for line in path.read_text().splitlines() if "<<" in line]
    assert len(set(delimiters)) == len(OUTPUTS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verdict", "APPROVED\n"),
        ("verdict", "approved"),
        ("verdict", "BLOCKED - not measured"),
        ("exit-code", -1),
        ("regressed", "1\nverdict=APPROVED"),
        ("report", "a\rb"),
        ("verdict-file", "a\x1bb"),
        ("run-files", "a\r\nb"),
    ],
)
def test_an_output_holds_only_what_it_may(tmp_path, name, value):
    with pytest.raises(ValueError, match=name):
        write_outputs(tmp_path / "output", {**VALUES, name: value})
    assert not (tmp_path / "output").exists()


def test_all_outputs_or_none(tmp_path):
    for values in ({}, {**VALUES, "more": "1"}, {k: v for k, v in VALUES.items() if k != "verdict"}):
        with pytest.raises(ValueError, match="outputs are"):
            write_outputs(tmp_path / "output", values)


def test_outputs_that_cannot_be_written_are_a_delivery_error(tmp_path):
    with pytest.raises(DeliveryError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path, VALUES)
    with pytest.raises(DeliveryError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path / "output", {**VALUES, "report": "\ud800"})


def test_the_summary_is_added_and_bounded(tmp_path, monkeypatch):
    path = tmp_path / "summary"
    append_summary(path, "# one")
    append_summary(path, "# two é \ud800")
    assert path.read_text() == "# one\n# two é ?\n"
    with pytest.raises(DeliveryError, match="1048"):
        append_summary(path, "x" * 2**20)
    assert path.read_text() == "# one\n# two é ?\n"
    with pytest.raises(DeliveryError, match="summary"):
        append_summary(tmp_path, "x")


def test_the_event_is_read(tmp_path, monkeypatch):
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"action": "opened"}))
    assert read_event(path) == {"action": "opened"}
    for content in (b"", b"{", b"[]", b"1", b"\xff\xfe{", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(UsageError, match="GITHUB_EVENT_PATH"):
            read_event(path)
    monkeypatch.setattr(workflow, "MAX_EVENT_BYTES", 10)
    path.write_text(json.dumps({"action": "opened"}))
    with pytest.raises(UsageError, match="more than 10"):
        read_event(path)
    for wrong in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match="GITHUB_EVENT_PATH"):
            read_event(wrong)


def test_results_go_into_a_real_folder(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    assert results_folder(workspace, "a/b") == workspace / "a" / "b"
    assert results_folder(workspace, "a/b").is_dir()


def test_a_link_in_the_workspace_leads_nowhere(tmp_path):
    workspace, secret = tmp_path / "workspace", tmp_path / "file_commands"
    workspace.mkdir()
    secret.mkdir()
    (workspace / "gate-out").symlink_to(secret)
    with pytest.raises(UsageError, match="is a link"):
        results_folder(workspace, "gate-out")
    with pytest.raises(UsageError, match="is a link"):
        results_folder(workspace, "gate-out/deeper")
    (workspace / "planted").mkdir()
    (workspace / "planted" / "comment.md").symlink_to(secret / "output")
    with pytest.raises(UsageError, match=r"holds links: comment\.md"):
        results_folder(workspace, "planted")
    (workspace / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        results_folder(workspace, "file/x")
    assert list(secret.iterdir()) == []
