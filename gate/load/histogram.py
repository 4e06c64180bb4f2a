"""Latencies counted in logarithmic buckets: constant memory, exact merging, the field's own encoding.

Pure. The buckets are those of HdrHistogram with three significant digits and a unit of one microsecond: exact up
to 2 ms, then at most 1/1024 (0.1 %) wide. ``encode`` writes HdrHistogram's V2 compressed format, so other tools
can read it.

References
----------
HdrHistogram, https://hdrhistogram.org; wire format: ``EncodableHistogram.java`` and ``ZigZagEncoding.java`` in
https://github.com/HdrHistogram/HdrHistogram.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_HALF_BITS = 10
_HALF = 1 << _HALF_BITS
_MASK = 2 * _HALF - 1
_HIGHEST_US = 3_600_000_000
"""One hour; no request lives longer, larger values are counted as this."""
_COOKIE = 0x1C849303 | 0x10
_COMPRESSED_COOKIE = 0x1C849304 | 0x10
_HEADER = struct.Struct(">iiiiqqd")
_MAX_PAYLOAD = 1 << 22


def _index(value_us: int) -> int:
    bucket = (value_us | _MASK).bit_length() - (_HALF_BITS + 1)
    return ((bucket + 1) << _HALF_BITS) + (value_us >> bucket) - _HALF


def _bounds(index: int) -> tuple[int, int]:
    """Lowest value of a bucket and its width, microseconds."""
    bucket = (index >> _HALF_BITS) - 1
    sub = (index & (_HALF - 1)) + _HALF
    if bucket < 0:
        return sub - _HALF, 1
    return sub << bucket, 1 << bucket


def record_many(counts: dict[int, int], seconds: Sequence[float] | NDArray[np.float64]) -> None:
    """Count many latencies at once, as ``Histogram.record`` would one by one.

    Raises
    ------
    ValueError
        If any is negative or not finite.
    """
    values = np.asarray(seconds, dtype=np.float64)
    if not bool(np.all((values >= 0) & (values < math.inf))):
        raise ValueError("a latency is negative or not finite")
    whole = np.minimum(np.rint(values * 1e6), _HIGHEST_US).astype(np.int64)
    # frexp gives the bit length of a whole number below 2**53 exactly.
    bucket = np.frexp((whole | _MASK).astype(np.float64))[1].astype(np.int64) - (_HALF_BITS + 1)
    index = ((bucket + 1) << _HALF_BITS) + (whole >> bucket) - _HALF
    for place, count in zip(*(column.tolist() for column in np.unique(index, return_counts=True)), strict=True):
        counts[place] = counts.get(place, 0) + count


class Histogram:
    """Counts of latencies by bucket."""

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self._counts: Counter[int] = Counter(counts or {})

    def record(self, seconds: float) -> None:
        """Count one latency.

        Raises
        ------
        ValueError
            If it is negative or not finite: such a sample is a defect, not a measurement.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"a latency of {seconds} s cannot be")
        self._counts[_index(min(round(seconds * 1e6), _HIGHEST_US))] += 1

    @property
    def n(self) -> int:
        """Latencies counted."""
        return self._counts.total()

    def counts(self) -> dict[int, int]:
        """Counts by bucket index, as the constructor takes them."""
        return dict(self._counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __add__(self, other: Histogram) -> Histogram:
        """Counts of both; associative, commutative and exact."""
        return Histogram(self._counts + other._counts)

    def midpoints(self) -> Iterator[tuple[float, int]]:
        """Middle of each bucket in seconds with its count, ascending."""
        for index in sorted(self._counts):
            low, width = _bounds(index)
            yield (low + (width - 1) / 2) * 1e-6, self._counts[index]

    def quantile(self, q: float) -> float:
        """Latency in seconds below or at which a share ``q`` of the samples lies (nearest rank); NaN if empty."""
        rank = max(1, math.ceil(q * self.n))
        seen = 0
        for value, count in self.midpoints():
            seen += count
            if seen >= rank:
                return value
        return math.nan

    def mean(self) -> float:
        """Mean latency in seconds; NaN if empty."""
        return math.fsum(v * c for v, c in self.midpoints()) / self.n if self._counts else math.nan

    def variance(self) -> float:
        """Variance of the latencies in seconds squared; NaN for fewer than two samples."""
        if self.n < 2:
            return math.nan
        mean = self.mean()
        return math.fsum(c * (v - mean) ** 2 for v, c in self.midpoints()) / (self.n - 1)

    def log_variance(self) -> float:
        """Variance of the natural logarithm of the latencies; NaN for fewer than two samples."""
        if self.n < 2:
            return math.nan
        logs = [(math.log(max(v, 5e-7)), c) for v, c in self.midpoints()]
        mean = math.fsum(x * c for x, c in logs) / self.n
        return math.fsum(c * (x - mean) ** 2 for x, c in logs) / (self.n - 1)

    def count_above(self, seconds: float) -> int:
        """Samples above a limit, as far as buckets tell: a bucket counts as above if its middle is."""
        return sum(count for value, count in self.midpoints() if value > seconds)

    def encode(self) -> str:
        """Base64 of HdrHistogram's V2 compressed encoding."""
        body = bytearray()
        position = 0
        for index in sorted(self._counts):
            if index > position:
                body += _zigzag(position - index)
            body += _zigzag(self._counts[index])
            position = index + 1
        payload = _HEADER.pack(_COOKIE, len(body), 0, 3, 1, _HIGHEST_US, 1.0) + bytes(body)
        packed = zlib.compress(payload, 9)
        return base64.b64encode(struct.pack(">ii", _COMPRESSED_COOKIE, len(packed)) + packed).decode()

    @classmethod
    def of_all(cls, texts: Iterable[str]) -> Histogram:
        """Read several, added up; raises what ``decode`` raises."""
        return sum(map(cls.decode, texts), cls())

    @classmethod
    def decode(cls, text: str) -> Histogram:
        """Read what ``encode`` wrote.

        Raises
        ------
        ValueError
            If the text is not a histogram of this layout.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            cookie, length = struct.unpack_from(">ii", raw)
            unpack = zlib.decompressobj()
            payload = unpack.decompress(raw[8 : 8 + length], _MAX_PAYLOAD)
            header = _HEADER.unpack_from(payload)
        except (binascii.Error, struct.error, zlib.error) as error:
            raise ValueError(f"not a histogram: {error}") from error
        if cookie != _COMPRESSED_COOKIE or header[0] != _COOKIE or header[3:5] != (3, 1) or not unpack.eof:
            raise ValueError("not a histogram of three digits and microseconds")
        return cls(_read_counts(_unzigzag(payload[_HEADER.size : _HEADER.size + header[1]])))


def _read_counts(values: Iterable[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    index = 0
    for value in values:
        if value < 0:
            index -= value
        else:
            if value:
                counts[index] = value
            index += 1
        if index > _index(_HIGHEST_US) + 1:
            raise ValueError("not a histogram: more buckets than an hour has")
    return counts


def _zigzag(value: int) -> bytes:
    """LEB128 of the zigzag form, at most nine bytes: the ninth carries eight bits."""
    rest = (value << 1) ^ (value >> 63)
    rest &= (1 << 64) - 1
    out = bytearray()
    while rest > 0x7F and len(out) < 8:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def _unzigzag(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        last = shift == 56 or not byte & 0x80
        value |= (byte if shift == 56 else byte & 0x7F) << shift
        shift += 7
        if last:
            yield (value >> 1) ^ -(value & 1)
            value = shift = 0
    if shift:
        raise ValueError("not a histogram: cut off in the middle of a number")
