"""Values as people write them, and as they read them."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250us", 250e-6),
        ("200ms", 0.2),
        ("1.5s", 1.5),
        ("2m", 120),
        ("1h", 3600),
        ("60d", 5_184_000),
        ("5 s", 5),
        ("0s", 0),
    ],
)
def test_durations(text, seconds):
    assert units.parse_duration_s(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(("text", "rps"), [("20/s", 20), ("600/m", 10), ("36 / h", 0.01), ("0.5/s", 0.5)])
def test_rates(text, rps):
    assert units.parse_rate_rps(text) == pytest.approx(rps, rel=1e-12)


@pytest.mark.parametrize(("text", "ratio"), [("5%", 0.05), ("0.1%", 0.001), ("100 %", 1), ("0%", 0)])
def test_ratios(text, ratio):
    assert units.parse_ratio(text) == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("200B", 200),
        ("1.5kB", 1500),
        ("1KB", 1000),
        ("5MB", 5_000_000),
        ("2GB", 2_000_000_000),
        ("64KiB", 65_536),
        ("1MiB", 1_048_576),
        ("1GiB", 1_073_741_824),
    ],
)
def test_sizes(text, size):
    assert units.parse_size_bytes(text) == size


WRONG = [
    "",
    " ",
    "ms",
    "5",
    5,
    5.0,
    True,
    None,
    ["5s"],
    "-5s",
    "+5s",
    ".5s",
    "5.s",
    "1e3s",
    "1:30",
    "5s ",
    " 5s",
    "5  s",
    "5s\n",
]
WRONG += [
    "٥s",
    "5S",
    "5sec",
    "5 min",
    "five s",
    "1,5s",
    "0x5s",
    "nans",
    "infs",
    "9" * 16 + "s",
    "1." + "1" * 10 + "s",
    "5µs",
]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_refused_with_an_example(text):
    other = text.replace("s", "%") if isinstance(text, str) else text
    with pytest.raises(ValueError, match=r"^is not a duration; write it like 200ms, 2s, 5m or 60d$"):
        units.parse_duration_s(text)
    with pytest.raises(ValueError, match=r"^is not a rate; write it like 20/s or 600/m$"):
        units.parse_rate_rps(text)
    with pytest.raises(ValueError, match=r"^is not a percentage; write it like 5% or 0\.1%$"):
        units.parse_ratio(other)
    with pytest.raises(ValueError, match=r"^is not a size; write it like 200B, 64KiB or 5MB$"):
        units.parse_size_bytes(text)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.parse_rate_rps, "20rps"),
        (units.parse_rate_rps, "20/d"),
        (units.parse_ratio, "0.05"),
        (units.parse_size_bytes, "5M"),
    ],
)
def test_units_of_another_kind_are_refused(parse, text):
    with pytest.raises(ValueError, match="write it like"):
        parse(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (12.34e-6, "12.3 µs"),
        (0.0123, "12.3 ms"),
        (0.9996, "1 s"),
        (0.9994, "999 ms"),
        (1.5, "1.5 s"),
        (119.4, "119 s"),
        (119.9, "2 min"),
        (240, "4 min"),
        (7100, "118 min"),
        (7190, "2 h"),
        (24_960, "6.93 h"),
        (-0.005, "-5 ms"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_durations_are_shown_in_the_unit_that_suits(seconds, text):
    assert units.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text", "signed"),
    [
        (0.042, "4.2 %", "+4.2 %"),
        (-0.042, "-4.2 %", "-4.2 %"),
        (0.37, "37 %", "+37 %"),
        (0.0994, "9.9 %", "+9.9 %"),
        (0.0996, "10 %", "+10 %"),
        (0.0003, "0.03 %", "+0.03 %"),
        (-0.0003, "-0.03 %", "-0.03 %"),
        (1e-9, "0.0 %", "0.0 %"),
        (-1e-9, "0.0 %", "0.0 %"),
        (0, "0.0 %", "0.0 %"),
        (math.nan, "-", "-"),
        (math.inf, "-", "-"),
    ],
)
def test_ratios_are_shown_in_percent(ratio, text, signed):
    assert units.format_ratio(ratio) == text
    assert units.format_ratio(ratio, signed=True) == signed


@pytest.mark.parametrize(("rps", "text"), [(49.8, "49.8/s"), (1234, "1234/s"), (0, "0/s"), (math.nan, "-")])
def test_rates_are_shown_per_second(rps, text):
    assert units.format_rate(rps) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (999.9, "1 kB"), (1234, "1.23 kB"), (5e6, "5 MB"), (2e9, "2 GB"), (math.inf, "-")],
)
def test_sizes_are_shown_decimal(size, text):
    assert units.format_size(size) == text


@given(st.floats(1e-6, 1e5))
def test_what_is_shown_of_a_duration_is_the_duration_to_three_digits(seconds):
    text = units.format_duration(seconds).replace("µs", "us").replace("min", "m")
    assert units.parse_duration_s(text) == pytest.approx(seconds, rel=0.0051)
    assert len(re.sub(r"[^1-9]", "", text.split()[0])) <= 4


@given(st.floats(1e-2, 1e6))
def test_what_is_shown_of_a_rate_is_the_rate(rps):
    assert units.parse_rate_rps(units.format_rate(rps)) == pytest.approx(rps, rel=0.0051)


@given(st.integers(0, 10**12))
def test_what_is_shown_of_a_size_is_the_size(size):
    assert units.parse_size_bytes(units.format_size(size)) == pytest.approx(size, rel=0.0051)


@given(st.floats(1e-6, 10))
def test_what_is_shown_of_a_ratio_is_the_ratio(ratio):
    shown = units.parse_ratio(units.format_ratio(ratio))
    assert shown == pytest.approx(ratio, rel=0.051) or shown == pytest.approx(ratio, abs=0.0005)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_can_be_shown(value):
    for show in (units.format_duration, units.format_ratio, units.format_rate, units.format_size):
        assert "e+" not in show(value) or not math.isfinite(value)


@given(st.text(max_size=20))
def test_no_text_ends_in_anything_but_a_number_or_a_refusal(text):
    for parse in (units.parse_duration_s, units.parse_rate_rps, units.parse_ratio, units.parse_size_bytes):
        try:
            assert math.isfinite(parse(text))
        except ValueError as error:
            assert "write it like" in str(error)  # noqa: PT017 - either way is right
