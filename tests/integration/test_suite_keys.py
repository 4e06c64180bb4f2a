"""Keys of the suite at work: `gate run` against a real server that sees what they do."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import shutil
import socket
import ssl
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gate.cli import main
from gate.load import health
from gate.load.histogram import Histogram
from gate.measure import rounds
from tests.integration.load.servers import Behaviour, Server, answer, serving, steady

POLICY = "policy: {max_rate: 400/s, budget: {time: 2s}}\n"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a late generator is noticed is tested elsewhere, and by itself."""
    for limit in ("SPOILING_S", "LATE_S", "MAX_CPU_SHARE"):
        monkeypatch.setattr(health, limit, 10.0)


def gate_run(folder: Path, text: str, origin: str) -> tuple[int, dict]:
    """Exit code of `gate run`, and the run it wrote."""
    (folder / "gate.yml").write_text(text + POLICY)
    out = folder / "out"
    code = main(["run", "--suite", str(folder / "gate.yml"), "--preview", origin, "--out", str(out)])
    files = list(out.glob("run-*.json"))
    return code, json.loads(files[0].read_text())["run"] if files else {}


def paths(server: Server) -> list[str]:
    return [line.split(" ")[1] for line in server.requests]


def test_rows_of_a_csv_file_are_sent_in_turn(tmp_path):
    (tmp_path / "products.csv").write_text('id,name\n1,"a"\nred & blue,b\n3,c\n')
    suite = """
endpoints: {one: {request: "GET /p/{product}", rate: 200/s}}
data: {product: {csv: products.csv, column: id, pick: order}}
"""
    with serving(steady()) as server:
        code, _ = gate_run(tmp_path, suite, server.origin)
        sent = [path for path in paths(server) if path.startswith("/p/")]
    assert code == 0
    times = Counter(sent)
    assert times.keys() == {"/p/1", "/p/red%20%26%20blue", "/p/3"}
    assert max(times.values()) - min(times.values()) <= 20, "at random some would be asked for far more often"


ORDERED = """
endpoints:
  one: {request: "GET /one/{n}", rate: 200/s}
  two: {request: "GET /two/{n}", rate: 200/s}
data: {n: {jsonl: rows.jsonl, column: id, pick: order}}
scenarios:
  first: {load: {count: 30, concurrent: 3}, mix: {one: 1, two: 1}}
  second: {load: {rate: 100/s, for: 1s}, mix: {one: 1}}
"""


def numbers(server: Server, *names: str) -> list[int]:
    """Rows that were asked for, in their order."""
    return [int(path.split("/")[2]) for path in paths(server) if path.split("/")[1] in names]


def test_rows_in_order_go_on_from_block_to_block_alike_in_both_arms(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "_REPEAT_SHARE", 0.0)
    monkeypatch.setattr(rounds, "_LEAST_REPEATS", 0)
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"id": {n}}}\n' for n in range(3000)))
    (tmp_path / "gate.yml").write_text(ORDERED + POLICY)
    with serving(steady()) as preview, serving(steady()) as base:
        options = [f"--preview={preview.origin}", f"--base={base.origin}", f"--out={tmp_path / 'out'}"]
        assert main(["run", f"--suite={tmp_path / 'gate.yml'}", *options]) == 0
        for name in ("one", "two"):
            blocks = [sorted(n for n in numbers(server, name) if n < 1000) for server in (preview, base)]
            assert blocks[0] == blocks[1] == list(range(len(blocks[0])))
            assert len(blocks[0]) >= 150
        in_scenarios = [n for n in numbers(preview, "one", "two") if 1000 <= n < 2000]
    assert sorted(in_scenarios) == list(range(1000, 1000 + len(in_scenarios))), "no row twice, none left out"
    assert len(in_scenarios) > 100


def test_columns_of_one_row_of_a_json_lines_file_stay_together(tmp_path):
    (tmp_path / "users.jsonl").write_text('{"id": 1, "name": "ada"}\n{"id": 2, "name": "bob"}\n')
    suite = """
endpoints: {one: {request: "GET /u/{user.id}/{user.name}", rate: 200/s}}
data: {user: {jsonl: users.jsonl}}
"""
    with serving(steady()) as server:
        code, _ = gate_run(tmp_path, suite, server.origin)
        sent = {path for path in paths(server) if path.startswith("/u/")}
    assert code == 0
    assert sent == {"/u/1/ada", "/u/2/bob"}


def test_zipf_asks_for_the_first_ones_most(tmp_path):
    suite = """
endpoints: {one: {request: "GET /p/{product}", rate: 200/s}}
data: {product: {range: [1, 1000], pick: zipf}}
"""
    with serving(steady()) as server:
        gate_run(tmp_path, suite, server.origin)
        sent = Counter(path for path in paths(server) if path.startswith("/p/"))
    assert sent["/p/1"] > 0.05 * sent.total(), "uniformly it would be one in a thousand"


def scenario(tmp_path: Path, load: str, behaviour: Behaviour | None = None) -> dict:
    suite = (
        f"endpoints: {{one: {{request: GET /one, rate: 200/s}}}}\nscenarios: {{s: {{load: {load}, mix: {{one: 1}}}}}}\n"
    )
    with serving(behaviour or steady()) as server:
        code, run = gate_run(tmp_path, suite, server.origin)
    assert code == 0
    return run["scenarios"]["s"]


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ("{rate: 100/s, for: 2s, spacing: even}", 200),
        ("{rate: 100/s, for: 2s, ramp: 2s, spacing: even}", 100),
        ("{rates: [50/s, 150/s], for: 2s, spacing: even}", 200),
        ("{rates: [50/s, 150/s], for: 2s, shape: ramp, spacing: even}", 200),
        ("{rates: [50/s, 150/s, 50/s], for: 2s, shape: day, spacing: even}", 200),
    ],
)
def test_a_rate_that_changes_sends_what_its_course_adds_up_to(tmp_path, load, expected):
    record = scenario(tmp_path, load)
    assert record["executor"] == "rate"
    assert abs(record["planned"] - expected) <= 1


@pytest.mark.parametrize(
    "load", ["{users: 4, for: 2s, ramp: 2s, think: 100ms}", "{users: [1, 4], for: 2s, think: 100ms}"]
)
def test_users_that_grow_ask_less_than_all_of_them_would(tmp_path, load):
    record = scenario(tmp_path, load)
    assert record["executor"] == "users"
    assert 10 <= record["completed"] <= 65, "four of them all the time could ask 80 times"


def test_scenarios_beside_each_other_run_at_once_and_are_told_apart(tmp_path, capsys):
    suite = """
endpoints: {one: {request: GET /one, rate: 200/s}, two: {request: GET /two, rate: 200/s}}
scenarios:
  steady: {load: {rate: 100/s, for: 2s, spacing: even}, mix: {one: 1}}
  burst: {load: {rate: 50/s, for: 1s, spacing: even}, mix: {one: 1, two: 1}, beside: [steady]}
"""
    with serving(steady()) as server:
        code, run = gate_run(tmp_path, suite, server.origin)
    assert code == 0
    first, beside = run["scenarios"]["steady"], run["scenarios"]["burst"]
    assert (first["planned"], beside["planned"]) == (200, 50)
    assert list(first["steps"]) == ["one"]
    assert list(beside["steps"]) == ["one", "two"]
    assert run["elapsed_s"] < 2 * run["scenarios"]["steady"]["elapsed_s"] + 3
    assert beside["elapsed_s"] == 1.0
    assert main(["validate", "--suite", str(tmp_path / "gate.yml")]) == 0
    assert "scenarios that run at the same time: steady and burst" in capsys.readouterr().out


def test_redirects_are_followed_where_the_suite_says_so(tmp_path):
    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        moved = "/old" in line
        connection.sendall(answer(302, b"", "Location: /new\r\n") if moved else answer())
        return True

    suite = "endpoints: {one: {request: GET /old, rate: 200/s, follow: 1}}\n"
    with serving(behave) as server:
        code, run = gate_run(tmp_path, suite, server.origin)
    assert code == 0
    assert run["endpoints"]["one"]["arms"]["candidate"]["statuses"].keys() == {"200"}


def test_every_request_opens_a_connection_where_the_suite_says_so(tmp_path):
    suite = "endpoints: {one: {request: GET /one, rate: 100/s, connections: fresh}}\n"
    with serving(steady()) as server:
        _, run = gate_run(tmp_path, suite, server.origin)
    arm = run["endpoints"]["one"]["arms"]["candidate"]
    assert arm["new_connections"] == sum(block["sent"] for block in arm["blocks"])


def test_a_request_is_given_up_after_its_own_timeout(tmp_path):
    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if "/slow" in line:
            return steady(0.5)(connection, line, number)
        return steady()(connection, line, number)

    suite = "endpoints: {one: {request: GET /slow, rate: 100/s, timeout: 50ms}}\n"
    with serving(behave) as server:
        _, run = gate_run(tmp_path, suite, server.origin)
    arm = run["endpoints"]["one"]["arms"]["candidate"]
    assert arm["errors"] == {"timeout": sum(block["sent"] for block in arm["blocks"])}


def test_a_graphql_query_is_loaded_and_its_errors_count(tmp_path):
    bodies = {b"good": b'{"data": {}}', b"bad": b'{"data": null, "errors": [{"message": "no"}]}'}

    def behave(connection: socket.socket, _line: str, number: int) -> bool:
        head = server.heads[number - 1]
        connection.sendall(answer(body=bodies[b"bad"] if b"query Bad" in head else bodies[b"good"]))
        return True

    suite = """
endpoints:
  good: {graphql: {query: "query Good($q:String!){search(text:$q){id}}", variables: {q: "{n}"}}, rate: 100/s}
  bad: {graphql: {query: "query Bad {a}"}, rate: 100/s}
  change: {graphql: {query: "mutation Bad {a}"}}
data: {n: {range: [7, 7]}}
"""
    with serving(behave) as server:
        _, run = gate_run(tmp_path, suite, server.origin)
        sent = next(head for head in server.heads if b"query Good" in head)
    assert json.loads(sent.partition(b"\r\n\r\n")[2])["variables"] == {"q": 7}
    assert sent.startswith(b"POST /graphql ")
    arms = {name: record["arms"]["candidate"] for name, record in run["endpoints"].items()}
    assert arms["good"]["errors"] == {}
    assert arms["bad"]["errors"].keys() == {"graphql_errors"}
    assert len(arms["change"]["blocks"]) == 1, "a mutation without mutates is asked once"


def test_compressed_bodies_are_asked_for_under_load_only(tmp_path):
    suite = "preview: {compression: true}\nendpoints: {one: {request: GET /one, rate: 200/s}}\n"
    with serving(steady()) as server:
        code, _ = gate_run(tmp_path, suite, server.origin)
        asked = [b"accept-encoding: gzip" in head for head in server.heads if head.startswith(b"GET /one ")]
        ready = next(head for head in server.heads if head.startswith(b"GET / "))
    assert code == 0
    assert all(asked)
    assert b"accept-encoding" not in ready, "its answer is read"


def test_everything_goes_through_the_proxy(tmp_path, monkeypatch):
    suite = 'preview: {proxy: "${PROXY_URL}"}\nendpoints: {one: {request: GET /one, rate: 200/s}}\n'
    with serving(steady()) as proxy:
        monkeypatch.setenv("PROXY_URL", proxy.origin)
        code, _ = gate_run(tmp_path, suite, "http://127.0.0.1:1")
    assert code == 0
    assert {"/" + path.split("/", 3)[3] for path in paths(proxy)} == {"/", "/one"}
    assert all(path.startswith("http://127.0.0.1:1/") for path in paths(proxy))


def test_http_2_is_spoken_where_the_suite_says_so(tmp_path):
    """A server of HTTP/1.1 sees the connection preface of RFC 9113, section 3.4, in place of a request."""
    suite = 'preview: {http: "2", ready: {timeout: 1s}}\nendpoints: {one: {request: GET /one, rate: 200/s}}\n'
    with serving(steady()) as server:
        code, _ = gate_run(tmp_path, suite, server.origin)
        assert code == 3
        assert server.requests[0] == "PRI * HTTP/2.0"


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  log_format protocol "$server_protocol"; access_log {folder}/access.log protocol;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} http2; location / {{ return 200 "hello"; }} }}
}}
"""


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_http_2_works_against_nginx(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=port))
    nginx = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")])
    suite = 'preview: {http: "2", ready: {timeout: 5s}}\nendpoints: {one: {request: GET /one, rate: 200/s}}\n'
    try:
        code, _ = gate_run(tmp_path, suite, f"http://127.0.0.1:{port}")
    finally:
        nginx.terminate()
        nginx.wait(10)
    assert code == 0
    assert set((tmp_path / "access.log").read_text().split()) == {"HTTP/2.0"}


class TlsServer(Server):
    """The same over TLS, with a certificate that nobody knows."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "preview")])
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        self.pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "server.pem").write_bytes(self.pem + private)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(folder / "server.pem")
        super().__init__(steady())

    @property
    def origin(self) -> str:
        return super().origin.replace("http:", "https:")

    def _serve(self, connection: socket.socket) -> None:
        try:
            secure = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            return
        super()._serve(secure)


@pytest.mark.parametrize("place", ["file", "environment", "nowhere"])
def test_certificates_of_the_suite_are_trusted(tmp_path, monkeypatch, place):
    server = TlsServer(tmp_path)
    (tmp_path / "ca.pem").write_bytes(server.pem)
    monkeypatch.setenv("CA_PEM", server.pem.decode())
    ca = {"file": "ca: ca.pem, ", "environment": 'ca: "${CA_PEM}", ', "nowhere": ""}[place]
    suite = f"preview: {{{ca}ready: {{timeout: 2s}}}}\nendpoints: {{one: {{request: GET /one, rate: 200/s}}}}\n"
    try:
        code, _ = gate_run(tmp_path, suite, server.origin)
    finally:
        server.close()
    assert code == (3 if place == "nowhere" else 0)


JOURNEYS = """
endpoints:
  list: {request: GET /list, rate: 200/s, extract: {id: "$.items[0].id", place: "header:X-Place", sid: "cookie:sid"}}
  one: {request: "GET /one/{id}/{place}/{sid}"}
  done: {request: GET /done, rate: 200/s}
journeys: {buy: [list, one, done]}
scenarios:
  s: {load: {rate: 40/s, for: 2s, spacing: even, ramp: 1s}, mix: {buy: 3, done: 1}, objectives: {success: 90%}}
"""


def shop(connection: socket.socket, line: str, number: int) -> bool:
    headers = f"Content-Type: application/json\r\nX-Place: p{number}\r\nSet-Cookie: sid=s{number}\r\n"
    body = json.dumps({"items": [{"id": number}]}).encode()
    found = re.search(r"/one/(\d+)/p(\d+)/s(\d+) ", line)
    is_mixed_up = "/one/" in line and (found is None or len(set(found.groups())) > 1)
    connection.sendall(answer(404 if is_mixed_up else 200, body, headers if "/list" in line else headers[:32]))
    return True


def test_a_journey_takes_values_along_and_is_reported_by_step_and_as_a_whole(tmp_path):
    with serving(shop) as server:
        code, run = gate_run(tmp_path, JOURNEYS, server.origin)
    assert code == 0
    assert set(run["endpoints"]) == {"list", "done"}, "the step in between can only be asked within the journey"
    record = run["scenarios"]["s"]
    (buy,) = record["journeys"].values()
    steps = record["steps"]
    assert record["errors"] == {}
    assert 0 < buy["begun"] == buy["completed"] == steps["list"]["sent"] == steps["one"]["completed"]
    assert steps["done"]["sent"] == 60, "one request of each arrival: the last step of a journey, or alone"
    assert record["sent"] == sum(step["sent"] for step in steps.values())
    assert Histogram.decode(buy["histogram"]).n == buy["completed"]


def test_validate_says_what_is_only_measured_in_journeys(tmp_path, capsys):
    (tmp_path / "gate.yml").write_text(JOURNEYS + POLICY)
    assert main(["validate", "--suite", str(tmp_path / "gate.yml")]) == 0
    assert "measured only as steps of journeys, never compared: one" in capsys.readouterr().out


def test_a_check_judges_what_can_be_asked_alone_and_the_scenario(tmp_path):
    (tmp_path / "gate.yml").write_text(JOURNEYS + POLICY)
    (tmp_path / "none").mkdir()
    out = tmp_path / "out"
    with serving(shop) as server:
        options = ["--suite", str(tmp_path / "gate.yml"), "--preview", server.origin, "--out", str(out)]
        code = main(["check", *options, "--baselines", str(tmp_path / "none")])
    rows = json.loads((out / "verdict.json").read_text())["rows"]
    assert code == 0
    assert {row["endpoint"] for row in rows} == {"list", "done", "s"}
    assert next(row["outcome"] for row in rows if row["endpoint"] == "s") == "met"


def test_validate_names_the_values_it_will_need_and_that_a_job_on_github_needs_hosts(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TEAM_KEY", "hunter2")
    monkeypatch.delenv("USER_TOKEN", raising=False)
    headers = '{x-team: "${TEAM_KEY}", Authorization: "Token ${USER_TOKEN}"}'
    (tmp_path / "gate.yml").write_text(f"preview: {{headers: {headers}}}\nendpoints: {{home: GET /}}\n")
    assert main(["validate", "--suite", str(tmp_path / "gate.yml")]) == 0
    told = capsys.readouterr().out
    assert "taken from the environment: TEAM_KEY, USER_TOKEN (not set here)\n" in told
    assert "on GitHub nothing is loaded by a suite without preview.hosts\n" in told
    assert "hunter2" not in told
