"""A suite file as plain values with the line of everything in it, read far more strictly than YAML allows.

YAML has ways to say one thing and mean another: a second key of the same name wins silently, an alias repeats
what stands elsewhere, a tag makes an object, ``no`` is false and ``017`` is fifteen. None of them passes here.
The values are built from the parser's events, without recursion and without PyYAML's own constructors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from gate.config import shown, syntax
from gate.config.checks import Location
from gate.config.plain import Refused, quoted, resolved

MOST_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file."""

    line: int
    location: Location
    what: str
    cure: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands."""

    line: int
    """Of its key; of the value itself in a list."""
    value_line: int
    text: str | None = None
    """A scalar as written, without quotes; ``None`` for a list or a mapping."""
    is_text: bool = False
    """Whether it is a text, and no number or boolean."""


@dataclass
class Tree:
    """What could be read of a file, and what could not."""

    data: object = None
    places: dict[Location, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[Location] = field(default_factory=set)
    """Places of values that were refused; ``None`` stands for them in ``data``."""
    is_whole: bool = True
    """Whether the file could be read to its end."""

    def nearest(self, location: Location) -> Location:
        """The location itself or the closest one above it that is in the file."""
        while location and location not in self.places:
            location = location[:-1]
        return location

    def line(self, location: Location) -> int:
        """Line of a location, or of the closest one above it; of the key where the value goes on over many lines."""
        place = self.places.get(location)
        return self.key_line(location) if place is None or place.text is None else place.value_line

    def key_line(self, location: Location) -> int:
        """Line of the key at a location, or of the closest one above it."""
        place = self.places.get(self.nearest(location))
        return place.line if place and location else 1


def read_tree(text: str) -> Tree:
    """Values of a YAML text, with everything that is refused; never raises."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except _Stop:
        builder.tree.is_whole = False
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: PyYAML on escapes such as "\\UFFFFFFFF"
        builder.tree.is_whole = False
        line, what, cure = syntax.explain(error, text, builder.line)
        builder.tree.problems.append(Problem(line, (), what, cure))
    return builder.tree


class _Stop(Exception):
    """Reading ends here; why has been noted."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    values: dict[str, object] | list[object]
    location: Location
    is_kept: bool
    key: str | None = None
    """Key whose value comes next; ``None`` where a key comes next, and in lists."""
    key_line: int = 0
    keeps_next: bool = True
    """False below a key that was refused: its values are read, for what is wrong in them, and dropped."""

    def next_location(self) -> Location:
        return (*self.location, len(self.values) if isinstance(self.values, list) else str(self.key))


class _Builder:
    def __init__(self) -> None:
        self.tree = Tree()
        self.stack: list[_Open] = []
        self.documents = 0
        self.line = 1

    def note(self, location: Location, what: str, cure: str) -> None:
        self.tree.problems.append(Problem(self.line, location, what, cure))

    def stop(self, location: Location, what: str, cure: str) -> _Stop:
        self.note(location, what, cure)
        return _Stop()

    def take(self, event: yaml.Event) -> None:
        self.line = event.start_mark.line + 1 if event.start_mark else self.line
        if isinstance(event, yaml.DocumentStartEvent):
            self._document(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self._done()
        elif isinstance(event, yaml.NodeEvent):
            top = self.stack[-1] if self.stack else None
            if top is not None and isinstance(top.values, dict) and top.key is None:
                self._key(top, event)
            else:
                self._value(top, event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self.stop((), "a second document begins", "a file holds one suite; put the other into its own file")
        if event.version or event.tags:
            self.note((), "holds a YAML directive", "take the line with the percent sign out")

    def _key(self, top: _Open, event: yaml.NodeEvent) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            cure = 'put quotes around values that begin with a brace: "{{uuid}}"'
            raise self.stop(top.location, "has a key that is not a text", cure)
        top.key, top.key_line, top.keeps_next = event.value, self.line, top.is_kept
        location = top.next_location()
        self._marks(location, event)
        broken = self._broken(event)
        if broken is not None:
            self.note(location, broken.what, broken.cure)
            top.keeps_next = False
        elif event.implicit[0] and event.value == "<<":
            self.note(top.location, "holds a merge key, <<", "write the keys out")
            top.keeps_next = False
        elif event.implicit[0] and not self._is_text(event.value):
            self.note(location, "is a key that is not a text", f'put it in quotes: "{shown.key(location)}"')
        elif top.is_kept and location in self.tree.places:
            first = self.tree.places[location].line
            self.note(location, f"is given twice, on line {first} and on line {self.line}", "keep one of them")
            top.keeps_next = False

    def _broken(self, event: yaml.ScalarEvent) -> Refused | None:
        """Why a key cannot even be a text."""
        try:
            quoted(event.value)
        except Refused as refused:
            return refused
        return None

    def _is_text(self, key: str) -> bool:
        """Whether a key without quotes is no number, boolean or nothing."""
        try:
            return isinstance(resolved(key), str)
        except Refused:
            return False

    def _marks(self, location: Location, event: yaml.NodeEvent) -> None:
        name = shown.plain(event.anchor or "", 40)
        if isinstance(event, yaml.AliasEvent):
            self.note(location, f"repeats another part by an alias, *{name}", "write it out")
        elif event.anchor is not None:
            self.note(location, f"has an anchor, &{name}", "take it out")
        if getattr(event, "tag", None) is not None:
            self.note(location, "has a tag, a word that begins with '!'", "take it out, or put the value in quotes")

    def _value(self, top: _Open | None, event: yaml.NodeEvent) -> None:
        location = top.next_location() if top else ()
        is_kept = top.keeps_next if top else True
        key_line = top.key_line if top and top.key is not None else self.line
        self._marks(location, event)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(location, event, is_kept)
            self._keep(top, value, location, Place(key_line, self.line, event.value, isinstance(value, str)), is_kept)
            self._done()
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self.stack) >= MOST_LEVELS:
                raise self.stop(location, f"is nested deeper than {MOST_LEVELS} levels", "a suite needs fewer than ten")
            opened = _Open({} if isinstance(event, yaml.MappingStartEvent) else [], location, is_kept)
            opened.keeps_next = is_kept
            self._keep(top, opened.values, location, Place(key_line, self.line), is_kept)
            self.stack.append(opened)
        else:
            self.tree.unread |= {location} if is_kept else set()
            self._keep(top, None, location, Place(key_line, self.line, ""), is_kept)
            self._done()

    def _scalar(self, location: Location, event: yaml.ScalarEvent, is_kept: bool) -> object:
        try:
            return resolved(event.value) if event.implicit[0] else quoted(event.value)
        except Refused as refused:
            if is_kept:
                self.tree.unread.add(location)
                self.note(location, refused.what, refused.cure)
            return None

    def _keep(self, top: _Open | None, value: object, location: Location, place: Place, is_kept: bool) -> None:
        if not is_kept:
            return
        self.tree.places[location] = place
        if top is None:
            self.tree.data = value
        elif isinstance(top.values, dict):
            top.values[str(location[-1])] = value
        else:
            top.values.append(value)

    def _done(self) -> None:
        """Close the value that was read: where a mapping is open, a key comes next."""
        if self.stack:
            self.stack[-1].key = None
