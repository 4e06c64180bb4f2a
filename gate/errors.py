"""Everything that can end a command, with its exit code.

The tree::

    GateError
      UsageError           2   suite, option or policy refused; target not allowed
        SuiteError         2   the suite file, with every problem found in it
      NotMeasured          3   the preview could not be measured
      DeliveryError        4   the verdict exists but could not be delivered
      BaselineError        5   stored baselines cannot be used
      Cancelled      130/143   a signal ended the command

A regression is never an exception: it is a value inside a verdict. An exception is never an approval.
Codes 0, 1 and 3 of a verdict come from :mod:`gate.verdict.rules`; 70 means a bug in the gate.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; one meaning each."""

    APPROVED = 0
    BLOCKED = 1
    USAGE = 2
    NOT_MEASURED = 3
    NOT_DELIVERED = 4
    BASELINES_UNUSABLE = 5
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class GateError(Exception):
    """Base of all errors that end a command with a message instead of a traceback.

    Parameters
    ----------
    message : str
        What happened, with the value seen.
    cure : str
        What the user can do about it.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}\n  {self.cure}" if self.cure else self.message


class UsageError(GateError):
    """An option, an input or a policy that the gate refuses."""

    exit_code = ExitCode.USAGE


class SuiteError(UsageError):
    """A suite file that cannot be used; the message lists every problem with file, line and cure."""


class NotMeasured(GateError):
    """The preview could not be measured; nothing may be concluded about it."""

    exit_code = ExitCode.NOT_MEASURED


class DeliveryError(GateError):
    """A verdict was reached and written to disk, but GitHub did not take it."""

    exit_code = ExitCode.NOT_DELIVERED


class BaselineError(GateError):
    """A stored record that is corrupt, truncated, newer than this gate, or filed under the wrong key."""

    exit_code = ExitCode.BASELINES_UNUSABLE


class Cancelled(GateError):
    """A signal asked the command to stop; what was measured is kept and marked incomplete."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code
