"""Where placeholders take their values from: a range of numbers, or a file beside the suite."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from gate.config.base import Model
from gate.config.scalars import FilePath, Name
from gate.config.tables import Table


class Data(Model):
    """Values that a template draws from: ``{range: [1, 1000]}``, ``{csv: products.csv, column: id}``."""

    range: Annotated[list[Annotated[int, Field(ge=-(10**15), le=10**15)]], Field(min_length=2, max_length=2)] | None = (
        None
    )
    """Whole numbers, the smallest and the largest: ``[1, 100000]``."""
    csv: FilePath | None = None
    """A CSV file (RFC 4180) whose first line names its columns; its values are texts."""
    jsonl: FilePath | None = None
    """A file with one JSON object on each line."""
    column: Name | None = None
    """The one column that is used; without it templates name it: ``{product.id}``."""
    pick: Literal["random", "order", "zipf"] = "random"
    """``random``: each alike; ``order``: one after the other, each block of an endpoint going on behind the one before;
    ``zipf``: the first ones far more often."""

    _table: Table | None = PrivateAttr(default=None)

    @property
    def file(self) -> str | None:
        """The file it is read from, relative to the suite."""
        return self.csv or self.jsonl

    @property
    def table(self) -> Table | None:
        """Content of its file; None for a range, or where the file was not read."""
        return self._table

    def with_table(self, table: Table) -> Self:
        """The same with the content of its file."""
        copy = self.model_copy()
        copy._table = table
        return copy

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.range, self.csv, self.jsonl)) != 1:
            raise ValueError(
                "needs exactly one of range, csv and jsonl; write {range: [1, 1000]}, {csv: products.csv, column: id}"
                " or {jsonl: users.jsonl}"
            )
        if self.column is not None and self.range is not None:
            raise ValueError("has a column, which a range has not; take column out")
        if self.range is not None and not self.range[0] <= self.range[1]:
            raise ValueError(f"has the range {self.range}, which runs backwards; write the smaller number first")
        if self.range is not None and self.pick == "zipf" and self.range[1] - self.range[0] >= 10**6:
            raise ValueError("picks by Zipf's law from more than a million numbers; make the range smaller")
        return self
