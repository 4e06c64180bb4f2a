"""URLs and hosts a suite may name."""

import pytest

from gate.config.addresses import checked_host, checked_url


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "https://preview.example.app",
        "HTTPS://Preview.Example.App:8443/app/",
        "http://127.0.0.1:8000",
        "http://[::1]:8000/",
        "https://pr-${NUMBER}.example.app",
        "https://${HOST}:${PORT}/base",
        "${PREVIEW_URL}",
        "${SCHEME}://x.example",
        "${PREVIEW_URL}/base",
    ],
)
def test_urls(url):
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "preview.example.app",
        "//preview.example.app",
        "ftp://x.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://:80",
        "https://u@x.example",
        "https://u:p@x.example",
        "https://x.example@y.example",
        "https://x.example?a",
        "https://x.example/?",
        "https://x.example#",
        "https://x.example:0",
        "https://x.example:70000",
        "https://x.example:a",
        "https://x .example",
        "https://x.example\\@y.example",
        "http://[::1",
        "https://{product}.example",
        "https://{{uuid}}.example",
        "x${PREVIEW_URL}",
        "${PREVIEW_URL}@x.example",
        "${PREVIEW_URL}?a",
        "${PREVIEW_URL}#a",
    ],
)
def test_texts_that_are_no_urls(url):
    with pytest.raises(ValueError, match=r"^(is|holds|names) [^;]+; \w+"):
        checked_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "x.example",
        "X-1.Example.App",
        "*.example.app",
        "xn--bcher-kva.example",
        "10.0.0.7",
        "10.0.0.0/8",
        "fd00::/8",
        "::1",
        "169.254.169.254",
        "a1.2b",
    ],
)
def test_hosts(host):
    assert checked_host(host) == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "*.app",
        "*.*.app",
        "a.*.app",
        "*example.app",
        ".example.app",
        "example.app.",
        "-a.example",
        "a-.example",
        "a_b.example",
        "bücher.example",
        "x.example:443",
        "x.example/path",
        "https://x.example",
        "user@x.example",
        "${HOST}",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "1.2.3.4.5",
        "010.0.0.1",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "0.0.0.0/0",
        "::/0",
        "[::1]",
        "fe80::1%eth0/64",
        "a" * 64 + ".example",
    ],
)
def test_texts_that_are_no_hosts(host):
    with pytest.raises(ValueError, match=r"^(is|allows|comes) [^;]+; \w+"):
        checked_host(host)
