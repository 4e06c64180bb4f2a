"""requests: so many threads with a session each. Arguments: URL, users, seconds, CA file or nothing."""

import sys
import threading
import time

import requests


def main(url: str, users: int, seconds: float, ca: str) -> None:
    """Drive all users."""
    end = time.monotonic() + seconds

    def visit() -> None:
        session = requests.Session()
        while time.monotonic() < end:
            session.get(url, verify=ca or True)  # per request: REQUESTS_CA_BUNDLE goes before session.verify

    threads = [threading.Thread(target=visit) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
