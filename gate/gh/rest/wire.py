"""One HTTP exchange with the GitHub API through PyGithub, ended by a deadline that holds.

Imports PyGithub, which takes a third of a second: import this module only where a client is built.
"""

from __future__ import annotations

import re
import threading
from collections.abc import ItemsView, Mapping
from urllib.parse import urlsplit

import github
import requests
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, RequestsResponse

from gate.gh.rest.deadline import within
from gate.gh.rest.failures import WireError
from gate.gh.rest.retry import Answer

READ_TIMEOUT_S = 15
MAX_ANSWER_BYTES = 64 * 2**20
_CHUNK_BYTES = 64 * 1024
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_UNSEEN = 1000  # added to a status that PyGithub would act upon by itself


class _Response(RequestsResponse):
    """An answer read in pieces, so that neither its length nor a dripping sender is without bound."""

    def __init__(self, response: requests.Response, abandoned: threading.Event) -> None:
        super().__init__(response)
        # PyGithub follows a 301 without its query - which would read a file at the default branch instead of at the
        # commit asked for - and polls a 202 until the stack ends. Here both are answers like any other.
        if self.status in (202, 301):
            self.status += _UNSEEN
        self._abandoned = abandoned

    def getheaders(self) -> ItemsView[str, str]:
        # PyGithub takes the numbers of the rate limit for granted; one that is none must not cost the whole answer.
        kept = {
            k: v for k, v in super().getheaders() if not k.lower().startswith("x-ratelimit") or _NUMBER.fullmatch(v)
        }
        return kept.items()

    def read(self) -> str:
        body = bytearray()
        for chunk in self.response.iter_content(_CHUNK_BYTES):
            body += chunk
            if self._abandoned.is_set() or len(body) > MAX_ANSWER_BYTES:
                self.response.close()
                raise WireError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        return body.decode("utf-8")


def _open(
    connection: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass, abandoned: threading.Event
) -> _Response:
    response = connection.session.request(
        connection.verb,
        f"{connection.protocol}://{connection.host}:{connection.port}{connection.url}",
        headers=connection.headers,
        data=connection.input,
        timeout=connection.timeout,
        allow_redirects=False,
        stream=True,
    )
    return _Response(response, abandoned)


class _Http(HTTPRequestsConnectionClass):
    abandoned: threading.Event

    def getresponse(self) -> RequestsResponse:
        return _open(self, self.abandoned)


class _Https(HTTPSRequestsConnectionClass):
    abandoned: threading.Event

    def getresponse(self) -> RequestsResponse:
        return _open(self, self.abandoned)


class Wire:
    """Exchanges with one API, one at a time.

    Parameters
    ----------
    api_url : str
        Base of the API.
    token : str
        Credential of every request; never logged.
    """

    def __init__(self, api_url: str, token: str) -> None:
        parts = urlsplit(api_url)
        host = parts.hostname or ""
        self._https, self._port = parts.scheme == "https", parts.port
        self._host = f"[{host}]" if ":" in host else host
        # Every retry and every pause is the gate's own: PyGithub repeats POST without pause, never repeats PATCH,
        # and can sleep for hours on a rate limit.
        self._requester = github.Github(
            base_url=api_url,
            auth=github.Auth.Token(token),
            user_agent="perf-gate",
            timeout=READ_TIMEOUT_S,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester
        self._connection = self._connect()

    def _connect(self) -> _Http | _Https:
        kind = _Https if self._https else _Http
        connection = kind(self._host, self._port, timeout=READ_TIMEOUT_S, retry=None)
        connection.abandoned = threading.Event()
        return connection

    def exchange(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None, limit_s: float
    ) -> Answer:
        """Send one request and wait for its answer, but not longer than the limit.

        Raises
        ------
        WireError
            If no whole answer came in time.
        """
        connection = self._connection

        def abandon() -> None:
            connection.abandoned.set()
            self._connection = self._connect()

        return within(limit_s, lambda: self._send(connection, verb, path, parameters, body), abandon)

    def _send(
        self,
        connection: _Http | _Https,
        verb: str,
        path: str,
        parameters: Mapping[str, str],
        body: Mapping[str, object] | None,
    ) -> Answer:
        status, headers, text = self._requester.requestJson(
            verb,
            path,
            parameters=dict(parameters),
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            input=None if body is None else dict(body),
            cnx=connection,
        )
        return Answer(status % _UNSEEN, headers, text)
