"""Files beside the suite: every fault by the line of the suite and the line of the file; nothing else is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.measuring import load_suite
from gate.config import tables
from gate.config.plain import Refused
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.config.tables import read_table
from gate.errors import SuiteError
from gate.load.job import Request
from gate.measure.access import sources_of

BELOW = "; its path begins at the folder of the suite"


def read(folder: Path, data: str, request: str = "GET /") -> Suite:
    (folder / "gate.yml").write_text(f'endpoints: {{home: "{request}"}}\n{data}\n')
    return load_suite(folder / "gate.yml")


def said(folder: Path, data: str, request: str = "GET /") -> str:
    with pytest.raises(SuiteError) as caught:
        read(folder, data, request)
    assert caught.value.exit_code == 2
    return str(caught.value).removeprefix(f"{folder}/gate.yml:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory" + BELOW),
        (b"", "holds no rows; write one value on each line, a CSV file below a line that names its columns"),
        (b"id\n", "holds no rows; write one value on each line, a CSV file below a line that names its columns"),
        (b"id,name\n1,a\n2\n", "has 1 of the 2 values that the first line names"),
        (b"id,name\n1,a,b\n", "has 3 of the 2 values that the first line names"),
        (b"id,the name\n1,a\n", "names a column 'the name'"),
        (b"id,id\n1,a\n", "names one column twice; give each a name of its own"),
        (b'id\n1\n"a\n', "is no CSV: unexpected end of data; write it as RFC 4180 says"),
        (b'id\n1\n"a\nb"\n', "its 'id' holds a control character, or has more than 8192 characters"),
        (b"id\n1\n\xff\n", "is not UTF-8; save it as UTF-8"),
        (b"name\na\n", "has no 'id' here; there are: name"),
    ],
)
def test_a_csv_file_that_cannot_be_used(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.csv").write_bytes(content)
    line = {
        b"id,name\n1,a\n2\n": ":3",
        b"id,name\n1,a,b\n": ":2",
        b'id\n1\n"a\n': ":3",
        b'id\n1\n"a\nb"\n': ":4",
        b"id\n1\n\xff\n": ":3",
        b"name\na\n": ":2",
        None: "",
    }.get(content, ":1")
    text = said(tmp_path, "data: {n: {csv: a.csv, column: id}}")
    assert text.startswith(f"2: data.n.csv: a.csv{line}: {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1}\n{"id": }\n', "a.jsonl:2: is no JSON; write one JSON object on each line"),
        ('{"id": 1}\n\n17\n', 'a.jsonl:3: is no JSON object; write it like {"id": 1}'),
        ('{"id": true}\n', "a.jsonl:1: its 'id' is neither text nor number; write a text or a number"),
        ('{"id": null}\n', "a.jsonl:1: its 'id' is neither text nor number; write a text or a number"),
        ('{"id": NaN}\n', "a.jsonl:1: its 'id' is neither text nor number; write a text or a number"),
        ('{"id": 1}\n\n{"ID": 2}\n', "a.jsonl:3: has no 'id' here; there is none"),
    ],
)
def test_a_json_lines_file_that_cannot_be_used(tmp_path, content, message):
    (tmp_path / "a.jsonl").write_text(content)
    assert said(tmp_path, "data: {n: {jsonl: a.jsonl, column: id}}") == f"2: data.n.jsonl: {message}"


def test_a_file_may_not_be_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    (tmp_path / "a.csv").write_text("id\n1\n2\n3\n4\n")
    assert said(tmp_path, "data: {n: {csv: a.csv}}") == "2: data.n.csv: a.csv:5: has more than 3 rows; make it smaller"
    (tmp_path / "a.csv").write_bytes(b"id\n" + b"1\n" * 6_000_000)
    assert said(tmp_path, "data: {n: {csv: a.csv}}") == (
        "2: data.n.csv: a.csv:1: has 10,000,001 bytes or more; 10,000,000 are allowed; make it smaller"
    )


def test_nothing_outside_the_folder_is_read(tmp_path):
    folder = tmp_path / "suite"
    folder.mkdir()
    (tmp_path / "a.csv").write_text("id\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "a.csv")
    (folder / "dir.csv").mkdir()
    where = "a file is written products.csv or data/products.csv, from the folder of the suite downwards"
    for name in ("../a.csv", "/etc/passwd", "x/../../a.csv", "..", ".hidden"):
        assert said(folder, f'data: {{n: {{csv: "{name}"}}}}') == (
            f'2: data.n.csv: is no file beside the suite (seen: "{name}"); {where}'
        )
    reasons = {"link.csv": "it leads out of the folder of the suite", "dir.csv": "it is not a file"}
    for name, reason in reasons.items():
        assert (
            said(folder, f"data: {{n: {{csv: {name}}}}}") == f"2: data.n.csv: {name}: cannot be read: {reason}{BELOW}"
        )


def test_a_suite_that_stands_alone_has_no_files():
    with pytest.raises(SuiteError, match=r"a\.csv: cannot be read: there are no files beside this suite"):
        read_suite(b"endpoints: {home: GET /}\ndata: {n: {csv: a.csv}}\n", "gate.yml")


def test_a_column_that_a_template_asks_for_must_be_there(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    message = said(tmp_path, "data: {n: {csv: a.csv}}", "GET /{n.nam}")
    assert message == "1: endpoints.home: uses {n.nam}, but a.csv:2 has no 'nam' here; did you mean name?"
    message = said(tmp_path, "data: {n: {csv: a.csv}}", "GET /{n}")
    assert message == "1: endpoints.home: holds {n}, of which a.csv has several columns; name one, such as {n.id}"
    message = said(tmp_path, "data: {n: {csv: a.csv, column: id}}", "GET /{n.id}")
    assert message.endswith("asks for a column of n, which is a single value; write {n}")


def test_a_message_of_a_websocket_asks_for_columns_that_are_there(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    chat = "sockets: {chat: {connect: /ws, message: {a: '{n.nam}'}, answer: first}}"
    talk = "scenarios: {talk: {load: {users: 1, for: 1s}, mix: {chat: 1}}}"
    message = said(tmp_path, f"data: {{n: {{csv: a.csv}}}}\n{chat}\n{talk}")
    assert message == "3: sockets.chat: uses {n.nam}, but a.csv:2 has no 'nam' here; did you mean name?"


def test_certificates_must_be_some(tmp_path):
    (tmp_path / "ca.pem").write_text("hello")
    assert said(tmp_path, "preview: {ca: ca.pem}") == (
        "2: preview.ca: ca.pem:1: holds no PEM certificate; it must hold -----BEGIN CERTIFICATE-----"
    )


def test_rows_become_sources(tmp_path):
    (tmp_path / "a.csv").write_text('id,name\r\n1,"a, b"\r\n\r\n2,c\r\n')
    suite = read(tmp_path, "data: {n: {csv: a.csv, column: name, pick: order}, m: {csv: a.csv, pick: zipf}}")
    sources = sources_of(suite, [Request("GET", "/{n}/{m.id}")])
    assert (sources["n"].member, sources["n"].pick) == ("name", "order")
    assert [row["name"] for row in sources["n"].rows] == ["a, b", "c"]
    assert sources["n"].key == sources["m"].key != ""
    assert sources["m"].rows == ({"id": "1", "name": "a, b"}, {"id": "2", "name": "c"})
    assert sources_of(suite, [Request("GET", "/")]) == {}


@given(st.binary(max_size=200), st.sampled_from(["csv", "jsonl"]))
def test_any_bytes_end_in_rows_or_in_a_line(content, form):
    lines = content.count(b"\n") + content.count(b"\r") + 1
    try:
        found = read_table(content, form).lines
    except Refused as refused:
        found = (refused.line,)
    assert 1 <= min(found) <= max(found) <= lines
