"""Field types of the suite: text as people write it in, floats in SI units inside."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from gate import units
from gate.config import addresses, change
from gate.config.branches import BRANCH, checked_branch
from gate.config.templates import has_malformed
from gate.config.written import DURATION, RATE, RATIO, SIZE, Also

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
ABOUT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,59}$"
# Printable ASCII without '#' (a fragment is never sent), no second slash (``//host`` is another host to a URL joiner).
_PATH = r'/([!"$-.0-~][!"$-~]*)?'
PATH_PATTERN = rf"^{_PATH}$"
REQUEST_PATTERN = rf"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) {_PATH}$"
_HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}"
HEADER_PATTERN = rf"^{_HEADER}$"
_JSON_PATH = r"\$(\.[A-Za-z0-9_-]+|\[[0-9]+\])+"
JSON_PATH_PATTERN = rf"^{_JSON_PATH}$"
EXTRACT_PATTERN = rf"^({_JSON_PATH}|header:{_HEADER}|cookie:{_HEADER})$"
_FILE = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*"
FILE_PATTERN = rf"^{_FILE}$"
CA_PATTERN = rf"^(\$\{{[A-Za-z_][A-Za-z0-9_]*\}}|{_FILE})$"
ROW_PATTERN = r"^[^/\s]+/[^/\s]+/[^/\s]+$"
SUBPROTOCOL_PATTERN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$"
ANSWER_PATTERN = rf"^(echo|first|{_JSON_PATH})$"
GLOB_PATTERN = r"^[^\x00-\x20\x7f\\/!][^\x00-\x20\x7f\\!]*$"
LOGIN_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$"
TIME_PATTERN = r"^([01][0-9]|2[0-3])(:[0-5][0-9])?$"
END_PATTERN = r"^(([01][0-9]|2[0-3])(:[0-5][0-9])?|24:00)$"
_METRIC_LABEL = r'[A-Za-z_][A-Za-z0-9_]*="[^"\\\x00-\x1f]*"'
METRIC_PATTERN = rf"^[A-Za-z_:][A-Za-z0-9_:]*(\{{{_METRIC_LABEL}(,{_METRIC_LABEL})*\}})?$"
SERIES_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
TABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$"
QUEUE_PATTERN = r"^[A-Za-z0-9_.:{}-]{1,90}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
FOLDER_PATTERN = rf"^(\.|{_FILE})$"
STORE_PATTERN = rf"^(dir:[^\x00-\x1f\x7f]+|branch:{BRANCH})$"

SHAPES = {
    NAME_PATTERN: "is no name; a name has up to 64 letters, digits, '_', '.' and '-', a letter or digit first",
    ABOUT_PATTERN: "is no name of a line; it has up to 60 letters, digits, blanks, '_', '.' and '-', a letter or digit"
    " first",
    PATH_PATTERN: "is no path; a path is written /path?query, percent-encoded, with a single slash first",
    REQUEST_PATTERN: "is no request; a request is written GET /path?query: one of GET, HEAD, POST, PUT, PATCH, DELETE,"
    " OPTIONS, a space, and a percent-encoded path with a single slash first",
    HEADER_PATTERN: "is no header name; a header name has letters, digits and '-', for example X-Commit",
    JSON_PATH_PATTERN: "is no place in a JSON answer; a place is written $.token or $.items[0].id",
    EXTRACT_PATTERN: "is no place in an answer; a place is written $.items[0].id, header:Location or cookie:sid",
    FILE_PATTERN: "is no file beside the suite; a file is written products.csv or data/products.csv, from the folder"
    " of the suite downwards",
    CA_PATTERN: "is neither ${NAME}, whose value is PEM text, nor a file beside the suite such as ca.pem",
    ROW_PATTERN: "is no row; a row is written suite/endpoint/metric, for example shop/search/p95",
    SUBPROTOCOL_PATTERN: "is no subprotocol; a subprotocol has letters, digits, '.' and '-', for example chat.v1",
    ANSWER_PATTERN: "is no answer to wait for; write echo (what was sent comes back), first (whatever comes first), or"
    " a place that the answer has as JSON, such as $.id",
    GLOB_PATTERN: "is no pattern of paths; a pattern is written app/** or *.py, from the top of the repository, and"
    " several are several items",
    LOGIN_PATTERN: 'is no login; a login is written octocat, or "vercel[bot]" for an app, without @',
    TIME_PATTERN: 'is no time of the day; a time is written in quotes, "07" or "07:30"',
    END_PATTERN: 'is no time of the day; a time is written in quotes, "19:00", and the end of the day "24:00"',
    METRIC_PATTERN: 'is no metric; a metric is written as on the page, pool_in_use or pool_in_use{pool="main"}',
    SERIES_PATTERN: "is no series; a series is written memory, postgres.cache_hit or queries.search",
    TABLE_PATTERN: "is no table; a table is written orders or shop.orders",
    QUEUE_PATTERN: "is no queue; a queue is the key of a list or a stream, such as mails or jobs:high",
    VARIABLE_PATTERN: "is no environment variable; it has letters, digits and '_', for example WORKERS",
    FOLDER_PATTERN: "is no folder beside the suite; a folder is written app, or . for that of the suite",
    STORE_PATTERN: "is no store; a store is written dir:FOLDER or branch:NAME, for example dir:baselines or"
    " branch:perf-baselines",
}
"""What is wrong with a text that does not match, and the cure, by pattern."""


_NOT_ONE_LINE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")


def _few_stars(pattern: str) -> str:
    if pattern.count("**") > 3:
        raise ValueError("has '**' more than three times; one is enough for any number of folders")
    return pattern


def checked_line(text: str) -> str:
    """The text, if it is one line that shows all it holds."""
    if _NOT_ONE_LINE.search(text):
        raise ValueError("holds a line break or a control character; write it on one line")
    return text


def matches(pattern: str, text: str) -> bool:
    """Whether a text has the form of one of the patterns of ``SHAPES``."""
    return re.fullmatch(pattern, text) is not None


def well_formed(value: object) -> object:
    """The value, if every ``${`` in it begins a ``${NAME}``."""
    if has_malformed(value):
        raise ValueError("holds a '${' that begins no environment value; write ${NAME} with letters, digits and '_'")
    return value


def _day(text: object) -> object:
    if isinstance(text, dt.date):
        return text
    if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError("is no day of the calendar; write it like 2027-03-01") from None
    raise ValueError("is not a date; write it like 2027-03-01")


def _proxy(text: str) -> str:
    if "@" in text:
        raise ValueError("holds credentials; take the whole proxy from the environment: proxy: ${PROXY_URL}")
    return addresses.checked_url(text)


def _listed(value: object) -> object:
    if not isinstance(value, str | list):
        raise ValueError("is not a URL; write one URL or a list of them")  # a TypeError would pass pydantic by
    return [value] if isinstance(value, str) else value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _preview_url(text: str) -> str:
    return addresses.checked_url(text, change.OF_HEAD)


def _base_url(text: str) -> str:
    return addresses.checked_url(text, change.OF_BASE)


def _store(text: str) -> str:
    if text.startswith("branch:"):
        checked_branch(text.removeprefix("branch:"))
    return text


def _unlike(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in {"host", "content-length", "transfer-encoding", "connection"}:
            raise ValueError(f"sets {name}, which the gate sets itself; take it out")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("names one header twice, in capital and small letters; keep one")
    return headers


DurationS = Annotated[
    float,
    BeforeValidator(units.parse_duration_s),
    DURATION,
]
"""Seconds, written ``200ms``, ``2s``, ``5m``."""

RateRps = Annotated[
    float,
    BeforeValidator(units.parse_rate_rps),
    Field(gt=0),
    RATE,
]
"""Requests per second, written ``20/s``."""

Ratio = Annotated[
    float,
    BeforeValidator(units.parse_ratio),
    RATIO,
]
"""Ratio, written ``5%``."""

SizeBytes = Annotated[
    int,
    BeforeValidator(units.parse_size_bytes),
    SIZE,
]
"""Bytes, written ``5MB``."""

Day = Annotated[dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day, written ``2027-03-01``."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A name that may stand in a row id, a file name and a table cell as it is."""

Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(checked_line)]
"""One line of text for people; nothing is filled in."""

Template = Annotated[str, Field(max_length=8192), AfterValidator(checked_line), AfterValidator(well_formed)]
"""Text that may hold ``${ENVIRONMENT}``, ``{data}`` and ``{{seq}}`` or ``{{uuid}}``; filled in only when sent."""

Path = Annotated[str, Field(pattern=PATH_PATTERN, max_length=4096), AfterValidator(well_formed)]
"""``/path?query``, percent-encoded where needed; a template."""

RequestLine = Annotated[str, Field(pattern=REQUEST_PATTERN, max_length=4096), AfterValidator(well_formed)]
"""``METHOD /path?query``, path and query percent-encoded where needed; a template."""

HeaderName = Annotated[str, Field(pattern=HEADER_PATTERN)]
"""The name of a header."""

Headers = Annotated[dict[HeaderName, Template], Field(max_length=64), AfterValidator(_unlike)]
"""Header names with their values; the values are templates."""

Status = Annotated[int, Field(ge=200, le=599)]
"""Status of an answer; 1xx never ends one."""

Statuses = Annotated[
    list[Status],
    BeforeValidator(lambda value: [value] if type(value) is int else value),
    Field(min_length=1, max_length=50),
    Also(lambda whole: whole["items"]),
]
"""One status or several."""

JsonPath = Annotated[str, Field(pattern=JSON_PATH_PATTERN, max_length=500)]
"""One member of a JSON answer: ``$.items[0].id``."""

Extracted = Annotated[str, Field(pattern=EXTRACT_PATTERN, max_length=500)]
"""One place in an answer: a member of its JSON, ``header:Name`` or ``cookie:name``."""

FilePath = Annotated[str, Field(pattern=FILE_PATTERN, max_length=500)]
"""A file below the folder of the suite."""

PathPattern = Annotated[str, Field(pattern=GLOB_PATTERN, max_length=200), AfterValidator(_few_stars)]
"""Files of the repository: ``*`` is anything inside a folder, ``**`` any number of folders."""

Json = Annotated[Any, AfterValidator(well_formed)]
"""A JSON value; its strings are templates."""

_UrlText = Annotated[
    str,
    Field(max_length=2048, json_schema_extra={"pattern": addresses.URL_PATTERN, "examples": ["${PREVIEW_URL}"]}),
    AfterValidator(checked_line),
    AfterValidator(well_formed),
]

Url = Annotated[_UrlText, AfterValidator(addresses.checked_url)]
"""An address, whole or in part from the environment."""

Proxy = Annotated[
    str,
    Field(max_length=2048, json_schema_extra={"pattern": addresses.URL_PATTERN, "examples": ["${PROXY_URL}"]}),
    AfterValidator(checked_line),
    AfterValidator(well_formed),
    AfterValidator(_proxy),
]
"""A proxy, whole or in part from the environment."""

PreviewUrls = Annotated[
    list[Annotated[_UrlText, AfterValidator(_preview_url)]],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=16),
    Also(lambda whole: whole["items"]),
]
"""One URL or several, which may hold ``{number}``, ``{sha}``, ``{short_sha}`` and ``{branch}``."""

BaseUrls = Annotated[
    list[Annotated[_UrlText, AfterValidator(_base_url)]],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=16),
    Also(lambda whole: whole["items"]),
]
"""The same of the base, which may hold ``{base_sha}``, ``{base_short_sha}`` and ``{base_branch}`` as well."""

Texts = Annotated[
    list[Text],
    BeforeValidator(_several),
    Field(min_length=1, max_length=16),
    Also(lambda whole: whole["items"]),
]
"""One line of text or several."""

Logins = Annotated[
    list[Annotated[str, Field(pattern=LOGIN_PATTERN)]],
    BeforeValidator(_several),
    Field(min_length=1, max_length=16),
    Also(lambda whole: whole["items"]),
]
"""Accounts on GitHub: one login or several."""

Host = Annotated[
    str,
    Field(max_length=253, json_schema_extra={"examples": ["*.preview.example.app", "10.0.0.0/8"]}),
    AfterValidator(checked_line),
    AfterValidator(addresses.checked_host),
]
"""An allowed target: a host, ``*.`` and a domain, an address or a network."""

Store = Annotated[str, Field(pattern=STORE_PATTERN, max_length=1024), AfterValidator(_store)]
"""Where stored runs are: a folder, or a branch of the repository."""
