"""pycurl alone: a perform loop that counts nothing, what the engine's transport costs by itself.

Arguments: URL, users, seconds, CA file or nothing.
"""

import sys
import time

import pycurl


def main(url: str, users: int, seconds: float, ca: str) -> None:
    """Drive all users."""
    end = time.monotonic() + seconds
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, users)
    handles = [_handle(url, ca) for _ in range(users)]
    for handle in handles:
        multi.add_handle(handle)
    while time.monotonic() < end:
        multi.perform()
        _, done, failed = multi.info_read()
        if failed:
            raise SystemExit(str(failed[0][2]))
        for handle in done:
            multi.remove_handle(handle)
            multi.add_handle(handle)
        if not done:
            multi.select(1.0)


def _handle(url: str, ca: str) -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.WRITEFUNCTION, len)  # all was taken; cheaper than a function of Python that says so
    if ca:
        handle.setopt(pycurl.CAINFO, ca)
    return handle


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
