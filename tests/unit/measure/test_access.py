"""Targets: which hosts may be loaded, and what a request to them is made of."""

from __future__ import annotations

import pytest

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.access import check_allowed, endpoint_request, host_class, is_loopback, origin_of


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
    "url", ["", "a.example", "ftp://a.example", "https://", "https://u:p@a.example", "https://a:99999", "http://a:x"]
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
