"""The annotated suite in the documentation, and what of it this version leaves out."""

from pathlib import Path

import pytest

from gate.commands.measuring import load_suite
from gate.config.fields import keys_at, type_at
from gate.config.later import LATER
from gate.config.plain import decode
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.config.tree import read_tree
from gate.errors import SuiteError

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "docs" / "gate.example.yml").read_bytes()
FULL = (ROOT / "tests" / "data" / "suites" / "full.yml").read_bytes()

NOT_YET = {
    "scenarios.five_logins.mix.login",
}


def test_the_annotated_suite_has_only_what_a_later_version_fills():
    with pytest.raises(SuiteError) as caught:
        read_suite(EXAMPLE, "gate.example.yml")
    lines = str(caught.value).split("\n")
    assert {line.split(": ")[1] for line in lines} == NOT_YET
    assert len(lines) == len(NOT_YET)
    assert all(": not in this version; " in line for line in lines)


def test_no_later_key_has_been_forgotten_in_the_models():
    for *place, key in LATER:
        assert key not in keys_at(tuple("home" if part == "*" else part for part in place))


def used_keys(content: bytes) -> set[tuple[str, str]]:
    """Models and keys that a suite uses."""
    used = set()
    for location in read_tree(decode(content)).places:
        if location and keys_at(location[:-1]):
            used.add((type_at(location[:-1])[0].__name__, str(location[-1])))
    return used


def all_keys(location: tuple[str | int, ...] = ()) -> set[tuple[str, str]]:
    """Models and keys that there are."""
    found = {(type_at(location)[0].__name__, key) for key in keys_at(location)}
    for key in keys_at(location):
        below = (*location, key)
        while type_at(below)[0] is not None and not keys_at(below) and type_at((*below, "any"))[0] is not None:
            below = (*below, "any")
        found |= all_keys(below) if keys_at(below) else set()
    return found


def test_the_full_suite_uses_every_key_this_version_supports():
    suite = load_suite(ROOT / "tests" / "data" / "suites" / "full.yml")
    assert isinstance(suite, Suite)
    assert all_keys() - used_keys(FULL) == set()


def test_the_full_suite_is_the_annotated_one_without_those_keys():
    """Every supported key of the annotated suite is in the full one."""
    searching = {("Load", key) for key in ("find", "until", "from", "limit")}
    assert used_keys(EXAMPLE) - searching <= used_keys(FULL)
