"""What the models found wrong, said so that a person who has never seen a model can mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from gate.config import fields, hints, shown
from gate.config.checks import Location
from gate.config.scalars import SHAPES
from gate.config.tree import Problem, Tree

SMALLEST = "the smallest suite is: endpoints: {home: GET /}"

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys below it",
    "model_type": "keys below it",
}
_GIVEN = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
_EXAMPLES = {
    "endpoints": SMALLEST,
    "request": "for example request: GET /path",
    "connect": "for example connect: /ws",
    "load": "for example load: {rate: 20/s, for: 60s}",
    "mix": "for example mix: {home: 1}",
    "range": "for example range: [1, 1000]",
    "row": "for example row: shop/search/p95",
    "ceiling": "for example ceiling: 30%",
    "until": "for example until: 2027-03-01",
    "reason": "say why it is accepted",
    "creators": 'for example creators: ["vercel[bot]"]; anybody who may write deployments can make one',
    "fresh": "write what has another value after a new deployment, {header: X-Instance} or"
    " {json: $.instance, path: /version}",
}
_BOUNDS = {"greater_than": ("gt", "more than"), "greater_than_equal": ("ge", "at least")} | {
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def place_of(error: ErrorDetails) -> Location:
    """Where an error of the models is, as keys of the file."""
    location = error["loc"]
    is_about_key = error["type"] != "extra_forbidden" and location[-1:] == ("[key]",)
    return location[:-1] if is_about_key else location


def line_of(error: ErrorDetails, tree: Tree) -> int:
    """Line of what has to be mended."""
    location = place_of(error)
    is_about_key = error["type"] == "extra_forbidden" or location != error["loc"]
    return tree.key_line(location) if is_about_key else tree.line(location)


def problem(error: ErrorDetails, tree: Tree) -> Problem:
    """One error of the models as a sentence."""
    location = place_of(error)
    near = tree.nearest(location)
    place = tree.places.get(near)
    seen = ""
    if location != error["loc"]:
        seen = f'"{shown.key(location)}"' if location[-1] else '""'
    elif place is not None and error["type"] not in {"missing", "extra_forbidden"}:
        seen = shown.value(near, place.text, is_text=place.is_text)
    what, _, cure = _sentence(error, location).partition("; ")
    return Problem(line_of(error, tree), near, what, cure, seen)


def cure_of_nothing(location: Location) -> str:
    """What to do about a key that has no value."""
    if location == ("endpoints",):
        return SMALLEST
    if ":" in str(location[-1]):
        return "put a blank behind the colon"
    if {"json", "headers", "message"} & set(location):
        return "give it a value; a name in braces needs quotes"
    return "give it a value, or take the key out"


def _sentence(error: ErrorDetails, location: Location) -> str:
    kind, details = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(details["error"])
    if kind == "missing":
        return f"needs the key {location[-1]}; {_EXAMPLES.get(str(location[-1]), 'add it')}"
    if kind == "extra_forbidden":
        return f"unknown key; {hints.cure(str(location[-1]), fields.keys_at(location[:-1]))}"
    if kind in _WANTED:
        return _wrong_type(kind, location, error["input"])
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"must be {words} {_written(location, details[name])}"
    if kind == "string_pattern_mismatch":
        return SHAPES.get(details["pattern"], "is not written as it must be")
    if kind == "literal_error":
        return "must be " + str(details["expected"]).replace("'", "")
    return _wrong_length(kind, location, details)


def _wrong_type(kind: str, location: Location, given: object) -> str:
    what = f"wants {_WANTED[kind]}, {_GIVEN.get(type(given), 'nothing')} was given"
    if kind == "string_type" and not isinstance(given, dict | list):
        return f"{what}; put it in quotes"
    if kind == "int_type" and isinstance(given, str) and given.isdecimal():
        return f"{what}; take the quotes off"
    if kind == "int_type" and isinstance(given, float):
        written = f"; write {int(given)}" if given.is_integer() and abs(given) < 1e15 else ""
        return f"wants a whole number, a number with a point or an exponent was given{written}"
    if kind == "bool_type" and isinstance(given, str):
        return f"{what}; write {_YES_NO.get(given.lower(), 'true or false without quotes')}"
    if kind == "list_type":
        return f"{what}; write it in brackets, or one item a line behind '- '"
    if kind == "model_type":
        return f"{what}; keys here: {', '.join(fields.keys_at(location))}"
    return what


def _wrong_length(kind: str, location: Location, details: Mapping[str, Any]) -> str:
    if kind == "too_short" and location == ("endpoints",):
        return f"is empty; {SMALLEST}"
    if kind == "too_short":
        least = details["min_length"]
        return f"needs at least {least} {'entry' if least == 1 else 'entries'}, has {details['actual_length']}"
    if kind == "too_long":
        return f"has more than the {details['max_length']} entries that may be"
    if kind == "string_too_short":
        return "is empty; write a text"
    if kind == "string_too_long":
        return f"is longer than {details['max_length']} characters; shorten it"
    return "is not accepted here; compare it with the annotated suite in the documentation"


def _written(location: Location, bound: float) -> str:
    """A bound of the models in the unit that the suite is written in."""
    unit = fields.unit(fields.type_at(location)[1])
    return unit.write(bound) if unit and bound else str(bound).removesuffix(".0")
