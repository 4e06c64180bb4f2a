"""Targets: which hosts may be loaded, and what a request to them is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.access import check_allowed, endpoint_request, host_class, is_loopback, origin_of
from gate.measure.guard import guard
from gate.measure.network import pins


def suite(**parts) -> Suite:
    return Suite.model_validate({"endpoints": {"a": "GET /a?x=1"}} | parts)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example", "https://a.example"),
        ("http://A.example:8080/", "http://a.example:8080"),
        ("https://a.example/base/", "https://a.example/base"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_origins(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://u:p@a.example",
        "https://@a.example",
        "https://a:99999",
        "http://a:x",
        "https://a..b",
        "https://-/",
        "https://a\\@b.example",
        "https://a.example\\.b.example",
        "https://%61.example",
        "https://a%00.example",
        "https://bücher.example",
        "https://[::1",
        "https://" + "a" * 64 + ".example",
        "https://{number}.example",
    ],
)
def test_other_urls_are_refused_without_repeating_them(url):
    with pytest.raises(UsageError) as caught:
        origin_of(url)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("localhost", True),
        ("app.localhost", True),
        ("10.0.0.1", False),
        ("localhost.evil.com", False),
    ],
)
def test_loopback(host, loopback):
    assert is_loopback(f"http://{host}:80") is loopback


ALLOWED = ["*.preview.example.app", "exact.example", "10.0.0.0/8"]


@pytest.mark.parametrize(
    "host", ["a.preview.example.app", "a.b.preview.example.app", "A.PREVIEW.EXAMPLE.APP", "exact.example", "10.1.2.3"]
)
def test_named_hosts_are_allowed(host):
    check_allowed(suite(preview={"hosts": ALLOWED}), f"https://{host}", "URL", hosts_required=True)


@pytest.mark.parametrize(
    "host",
    [
        "preview.example.app",
        "evilpreview.example.app",
        "a.preview.example.app.evil.com",
        "sub.exact.example",
        "11.0.0.1",
        "example.com",
        "a.preview.example.app.",
    ],
)
def test_other_hosts_are_refused(host):
    with pytest.raises(UsageError, match="not a target"):
        check_allowed(suite(preview={"hosts": ALLOWED}), f"https://{host}", "URL", hosts_required=False)


def test_without_a_list_the_command_line_is_free_and_github_is_not():
    check_allowed(suite(), "https://any.example", "URL", hosts_required=False)
    with pytest.raises(UsageError, match="empty"):
        check_allowed(suite(), "https://any.example", "URL", hosts_required=True)


def test_loopback_is_free_on_the_command_line_only():
    listed = suite(preview={"hosts": ALLOWED})
    check_allowed(listed, "http://127.0.0.1:1", "URL", hosts_required=False)
    with pytest.raises(UsageError):
        check_allowed(listed, "http://127.0.0.1:1", "URL", hosts_required=True)


def test_the_host_class_is_the_pattern_and_never_the_host():
    listed = suite(preview={"hosts": ALLOWED})
    assert host_class(listed, "https://pr-17.preview.example.app") == "*.preview.example.app"
    assert host_class(listed, "http://127.0.0.1:99") == "loopback"
    assert host_class(listed, "https://secret.example") == "other"


def test_a_request_joins_origin_and_headers_and_keeps_its_placeholders():
    made = suite(
        preview={"headers": {"X-Bypass": "${B}", "X-Both": "preview"}},
        identities={
            "one": {
                "login": [{"request": "POST /in", "extract": {"token": "$.t"}}],
                "headers": {"Authorization": "Token {token}"},
            },
            "two": {
                "login": [{"request": "POST /in", "extract": {"token": "$.t"}}],
                "headers": {"Authorization": "Token {token}"},
            },
        },
        endpoints={
            "a": {"request": "GET /a?x=1", "identity": "one", "headers": {"X-Both": "endpoint"}},
            "b": {"request": "GET /b", "identity": "two"},
            "c": {"request": "GET /c", "identity": "two", "headers": {"Authorization": "none"}},
        },
    )
    request = endpoint_request(made, "a", "https://h/base")
    assert request.url == "https://h/base/a?x=1"
    assert request.headers == {"X-Bypass": "${B}", "X-Both": "endpoint", "Authorization": "Token {one.token}"}
    assert endpoint_request(made, "b", "https://h").headers["Authorization"] == "Token {two.token}"
    assert endpoint_request(made, "c", "https://h").headers["Authorization"] == "none"


def refused(url: str, hosts: list[str], resolved: str = "93.184.216.34") -> bool:
    """Whether GitHub's way refuses a target, by its form, by the list, or by what its name stands for."""
    try:
        origin = origin_of(url)
        check_allowed(suite(preview={"hosts": hosts}), origin, "URL", hosts_required=True)
        pins([origin], lambda _host, _port: (resolved,), guard(hosts))
    except UsageError:
        return True
    return False


PATTERNS = ["*.vercel.app", "shop.example.app"]


@pytest.mark.parametrize("url", ["https://a.vercel.app", "https://A.Vercel.App:8443/x", "http://shop.example.app:80"])
def test_targets_that_the_suite_names(url):
    assert not refused(url, PATTERNS)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1",
        "http://2130706433",
        "http://0x7f.1",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://[::ffff:127.0.0.1]",
        "http://[64:ff9b::a9fe:a9fe]",
        "http://[2002:a9fe:a9fe::1]",
        "http://[::1]",
        "http://127.0.0.1",
        "http://169.254.169.254/latest/meta-data/",
        "http://168.63.129.16",
        "http://localhost",
        "http://localhost.",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://a.vercel.app.",
        "http://a.vercel.app..",
        "http://evil-vercel.app",
        "http://vercel.app",
        "http://.vercel.app",
        "http://a.vercel.app.evil.com",
        "http://vercel.app@evil.com",
        "http://a.vercel.app@evil.com",
        "http://a.vercel.app:x@evil.com",
        "http://evil.com\\.vercel.app",
        "http://evil.com\\@a.vercel.app",
        "http://evil.com#.vercel.app",
        "http://evil.com?.vercel.app",
        "http://evil.com/.vercel.app",
        "http://evil.com%2f.vercel.app",
        "http://evil.com%00.vercel.app",
        "http://a.vercel.аpp",  # a Cyrillic letter
        "http://ａ.vercel.app",  # a letter of full width, which IDNA makes an a of
        "http://a。vercel.app",  # a dot that IDNA makes a dot of
        "http://a.vercel.app:22",
        "http://a.vercel.app:25",
        "http://a.vercel.app:0x50",
        "ftp://a.vercel.app",
        "file:///etc/passwd",
        "https://github.com/octo/shop",
        "https://api.github.com",
    ],
)
def test_targets_in_disguise_are_refused(url):
    assert refused(url, PATTERNS)


@pytest.mark.parametrize(
    "resolved",
    ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"],
)
def test_a_name_that_stands_for_something_else_is_refused(resolved):
    assert refused("http://169.254.169.254.nip.io", ["*.nip.io"], resolved)
    assert not refused("http://a.nip.io", ["*.nip.io"])


@pytest.mark.parametrize("url", ["https://github.com", "https://API.github.com", "http://gist.github.com:8080"])
@pytest.mark.parametrize("hosts_required", [True, False])
def test_github_itself_is_never_loaded(url, hosts_required):
    named = suite(preview={"hosts": ["github.com", "*.github.com"]})
    with pytest.raises(UsageError, match="URL is GitHub itself"):
        check_allowed(named, origin_of(url), "URL", hosts_required=hosts_required)
    check_allowed(suite(), "https://pages.github.io", "URL", hosts_required=False)
    check_allowed(suite(), "https://mygithub.com", "URL", hosts_required=False)


def test_a_person_may_load_what_a_suite_may_not():
    for url in ("http://127.0.0.1:8000", "http://10.0.0.1:81", "http://[::1]", "http://0.0.0.0"):
        check_allowed(suite(), origin_of(url), "URL", hosts_required=False)


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABELS, min_size=1, max_size=4), LABELS)
def test_a_star_stands_for_whole_labels_and_nothing_after_them(labels, more):
    host = ".".join(labels)
    pattern = ["*.preview.example"]
    below = suite(preview={"hosts": pattern})
    check_allowed(below, f"https://{host}.preview.example", "URL", hosts_required=True)
    for other in (f"{host}preview.example", f"{host}.preview.example.{more}", f"{more}.example", "preview.example"):
        if not other.endswith(".preview.example"):
            with pytest.raises(UsageError):
                check_allowed(below, f"https://{other}", "URL", hosts_required=True)


@given(st.text(max_size=40))
def test_whatever_stands_in_a_url_its_origin_names_the_host_it_is_checked_by(text):
    """What is checked is what libcurl is given: an origin read again gives itself."""
    try:
        origin = origin_of(f"http://{text}")
    except UsageError:
        return
    assert origin_of(origin) == origin
    assert origin.partition("://")[2].partition("/")[0].isascii()
