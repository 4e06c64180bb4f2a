"""The functions of ``scipy.special`` behind the tests, imported when the first of them is called.

That import takes longer than those of numpy and pydantic together, and much of what the gate does judges nothing.

References
----------
https://docs.scipy.org/doc/scipy/reference/special.html
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _at_first_call(name: str) -> Callable[..., Any]:
    """The universal function of this name, for numbers and arrays alike."""

    def call(*values: Any) -> Any:  # noqa: ANN401 - scipy ships no types
        return getattr(import_module("scipy.special"), name)(*values)

    call.__name__ = name
    return call


betainc = _at_first_call("betainc")
betaincinv = _at_first_call("betaincinv")
chdtri = _at_first_call("chdtri")
digamma = _at_first_call("digamma")
fdtri = _at_first_call("fdtri")
ndtr = _at_first_call("ndtr")
ndtri = _at_first_call("ndtri")
polygamma = _at_first_call("polygamma")
stdtr = _at_first_call("stdtr")
stdtrit = _at_first_call("stdtrit")
