"""Files that GitHub keeps in a storage of its own: fetched without the token, with an end to their size and time.

Imports the requests library, which is slow to load: import this module only where something is downloaded.
"""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import requests

from gate.gh.rest.deadline import within
from gate.gh.rest.failures import WireError
from gate.measure.access import is_loopback

READ_TIMEOUT_S = 15
_CHUNK_BYTES = 64 * 1024


def download(url: str, api_url: str, most_bytes: int, limit_s: float) -> bytes:
    """Fetch a file from where the API said that it is.

    Nothing of the API's own requests goes along: no token, no cookie, and no entry of a ``.netrc``. Proxies and
    certificates are those that the API is reached by. No redirect is followed.

    Parameters
    ----------
    api_url : str
        Base of the API. Only one on this machine may name a place without TLS, and only on this machine.
    most_bytes : int
        What is longer is not read to its end.
    limit_s : float
        Time that all of it may take.

    Raises
    ------
    WireError
        If no whole file came in time; never with the URL, which holds a signature.
    """
    if not _is_allowed(url, api_url):
        raise WireError("the API named a place to download from that is not reached by https")
    abandoned = threading.Event()
    return within(limit_s, lambda: _fetch(url, most_bytes, abandoned), abandoned.set)


def _is_allowed(url: str, api_url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None and parts.password is None and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url) and is_loopback(api_url))
    )


def _fetch(url: str, most_bytes: int, abandoned: threading.Event) -> bytes:
    with (
        requests.Session() as session,
        session.get(
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": "perf-gate"},
            auth=_nobody,
            timeout=READ_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        if response.status_code != 200:
            raise WireError(f"the storage answered {response.status_code}")
        content = bytearray()
        # Not decoded, whatever the answer says of itself: a small body could unfold to a huge one.
        while chunk := response.raw.read(_CHUNK_BYTES, decode_content=False):
            content += chunk
            if abandoned.is_set() or len(content) > most_bytes:
                raise WireError(f"the file is longer than {most_bytes} bytes")
        return bytes(content)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; without this, requests would look for credentials in a ``.netrc``."""
    return request
