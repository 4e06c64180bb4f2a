"""What makes numbers comparable: keys that came later change a hash only where they are used."""

from __future__ import annotations

import pytest

from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.measure.hashes import endpoint_hash, scenario_hash

PLAIN = 'preview: {%s}\nendpoints: {home: {request: "GET /%s", %s}}\n%s'
FILES = {"a.csv": b"id\n1\n", "b.csv": b"id\n2\n"}


def suite(preview: str = "", path: str = "", keys: str = "", more: str = "") -> Suite:
    return read_suite((PLAIN % (preview, path, keys, more)).encode(), "gate.yml", FILES.__getitem__)


PREVIEW = ['http: "2"', "compression: true", "ca: '${CA}'", "proxy: '${PROXY}'"]


@pytest.mark.parametrize("keys", ["follow: 1", "connections: fresh", "timeout: 5s"])
def test_what_changes_a_request_changes_the_hash(keys):
    assert endpoint_hash(suite(keys=keys), "home") != endpoint_hash(suite(), "home")


@pytest.mark.parametrize("preview", PREVIEW)
def test_what_changes_the_wire_changes_the_hash(preview):
    assert endpoint_hash(suite(preview), "home") != endpoint_hash(suite(), "home")


@pytest.mark.parametrize("keys", ["follow: 0", "connections: keep", "timeout: 10s", 'extract: {id: "$.id"}'])
def test_defaults_and_what_blocks_do_not_use_change_nothing(keys):
    assert endpoint_hash(suite(keys=keys), "home") == endpoint_hash(suite(), "home")


def test_setup_is_part_of_the_hash_and_what_comes_after_the_load_is_not():
    plain = endpoint_hash(suite(), "home")
    assert endpoint_hash(suite(more="setup: [{request: POST /flush}]"), "home") != plain
    assert endpoint_hash(suite(more="teardown: [{request: POST /flush}]"), "home") == plain
    plain = endpoint_hash(suite(keys="mutates: true"), "home")
    assert endpoint_hash(suite(keys="mutates: true, cleanup: {request: DELETE /x}"), "home") == plain


def test_rows_that_go_on_from_block_to_block_are_not_those_that_began_anew():
    def used(pick: str, path: str = "{n}") -> str:
        return endpoint_hash(suite(path=path, more=f"data: {{n: {{range: [1, 9], pick: {pick}}}}}"), "home")

    assert len({used("order"), used("random"), used("zipf")}) == 3


def test_the_content_of_a_file_is_part_of_the_hash_of_those_that_use_it():
    def used(file: str, path: str) -> str:
        return endpoint_hash(
            suite(path=path, keys="rate: 1/s", more=f"data: {{n: {{csv: {file}, column: id}}}}"), "home"
        )

    before = FILES["a.csv"]
    first, unused = used("a.csv", "{n}"), used("a.csv", "")
    FILES["a.csv"] = b"id\n3\n"
    try:
        assert used("a.csv", "{n}") != first
        assert used("a.csv", "") == unused
    finally:
        FILES["a.csv"] = before


def test_the_hash_of_a_scenario_knows_its_shape_its_journeys_and_what_runs_beside_it():
    def of(load: str, mix: str = "{home: 1}", more: str = "") -> str:
        text = f"journeys: {{buy: [home]}}\nscenarios:\n  s: {{load: {load}, mix: {mix}}}\n{more}"
        return scenario_hash(suite(more=text), "s")

    plain = of("{rate: 5/s, for: 1s}")
    assert of("{rate: 5/s, for: 1s, spacing: poisson}") == plain
    others = [of("{rate: 5/s, for: 1s, spacing: even}"), of("{rate: 5/s, for: 1s, ramp: 1s}")]
    others.append(of("{rate: 5/s, for: 1s}", "{buy: 1}"))
    others.append(of("{rate: 5/s, for: 1s}", more="  t: {load: {count: 1}, mix: {home: 1}, beside: [s]}\n"))
    assert len({plain, *others}) == 5
