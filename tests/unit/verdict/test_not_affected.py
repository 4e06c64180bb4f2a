"""What was not measured passes only where the suite is not affected, which is a field of the verdict and no wording."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gate.verdict.rules import not_affected, not_measured
from gate.verdict.values import Verdict
from tests.builders import suite_of
from tests.verdicts import HEAD, approved

SUITE = suite_of().model_copy(update={"paths": ["shop/**"]})


def read(judged: Verdict, **changes: object) -> Verdict:
    return Verdict.model_validate(judged.model_dump(mode="json", by_alias=True) | changes)


def test_the_paths_are_kept_with_the_verdict():
    verdict = not_affected(SUITE, "0.0.0", HEAD)
    assert verdict.unaffected_paths == ["shop/**"]
    assert read(verdict) == verdict


@pytest.mark.parametrize("paths", [[], ["shop/**"]])
def test_nothing_else_that_was_not_measured_can_be_approved(paths):
    with pytest.raises(ValidationError, match="APPROVED has no reasons"):
        read(not_measured(SUITE, "0.0.0", "gone"), verdict="APPROVED", unaffected_paths=paths)
    with pytest.raises(ValidationError, match="the suite is not affected"):
        read(approved(), measured=bool(paths), unaffected_paths=paths)


def test_a_notice_with_the_words_of_it_approves_nothing():
    with pytest.raises(ValidationError, match="the suite is not affected"):
        read(approved(), measured=False, notices=[{"code": "not-affected", "message": "not affected"}])
