"""Finding the preview and its base, against the fake GitHub: what is taken, what is waited for, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_deployments import VERCEL, FakeDeployments
from fake_github import BASE, HEAD, REPOSITORY

from gate.config.suite import Suite
from gate.errors import NotMeasured, UsageError
from gate.gh.finding.find import Change, Found, Urls, aimed, find
from gate.gh.rest.api import Effects
from gate.gh.rest.deployments import Deployments

OLDER, OTHER = "a" * 40, "d" * 40
FIND = {"environment": "Preview*", "creators": [VERCEL], "timeout": "10m"}
WITH_BASE = FIND | {"base_environment": "Production"}
PULL = Change(HEAD, "feature/Cart_2", 7, BASE, "main")
MAIN = Change(BASE, "main", None, "", "main", is_main=True)


class World:
    """A repository with deployments, and a gate that looks for them."""

    def __init__(self, github, client, clock) -> None:
        self.github, self.client, self.clock = github, client, clock
        self.deployments = FakeDeployments(github)
        self.deployments.history(OLDER, BASE, HEAD)
        self.said: list[str] = []
        self.later: list[tuple[float, Callable[[], object]]] = []
        """What happens elsewhere, seconds after the search began."""

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        while self.later and self.later[0][0] <= self.clock.now - 1000.0:
            self.later.pop(0)[1]()

    def find(self, change: Change = PULL, given: Urls = Urls(), random: float = 0.0, **preview: Any) -> Found:  # noqa: B008
        suite = Suite.model_validate({"endpoints": {"a": "GET /"}, "preview": preview})
        effects = Effects(self.sleep, self.clock.monotonic, lambda: random)
        return find(suite, self.client.api, REPOSITORY, change, given, effects, self.said.append)


@pytest.fixture
def world(github, client, clock) -> World:
    return World(github, client, clock)


# where URLs come from


def test_inputs_come_first_and_ask_github_nothing(world):
    given = Urls(("https://one.example", "https://two.example"), ("https://base.example",))
    found = world.find(given=given, url="https://suite.example", base="https://b.example", find=WITH_BASE)
    assert found == Found(given.previews, given.bases, None)
    assert world.github.requests == []


@pytest.mark.parametrize("url", ["https://${INPUT_TOKEN}.example", "https://{number}.example", "https://a.example/$x"])
def test_an_input_is_no_template(world, url):
    for given in (Urls((url,)), Urls(("https://a.example",), (url,))):
        with pytest.raises(UsageError, match=r"input (preview|base)-url holds a URL with") as caught:
            world.find(given=given)
        assert url not in str(caught.value)


def test_templates_are_filled_with_the_change_and_its_merge_base(world):
    world.deployments.history(BASE, OTHER)  # main has gone on
    found = world.find(
        Change(HEAD, "feature/Cart_2", 7, OTHER, "main"),
        url=["https://pr-{number}.example/{sha}", "https://{branch}--{short_sha}.${DOMAIN}"],
        base="https://{base_branch}-{base_short_sha}-{number}.example/{base_sha}",
    )
    assert found.previews == (f"https://pr-7.example/{HEAD}", "https://feature-cart-2--ccccccc.${DOMAIN}")
    assert found.bases == (f"https://main-bbbbbbb-7.example/{BASE}",)
    assert world.github.count("GET .*/deployments") == 0


def test_a_template_that_the_event_cannot_fill_names_the_input(world):
    change = Change(HEAD, "topic", None, "", "main")
    with pytest.raises(UsageError, match=r"preview\.url holds \{number\}.*\n.*input preview-url"):
        world.find(change, url="https://pr-{number}.example")
    with pytest.raises(UsageError, match=r"preview\.base holds \{base_sha\}.*\n.*input base-url"):
        world.find(change, url="https://x.example", base="https://{base_sha}.example")


@pytest.mark.parametrize(
    ("branch", "is_fork"), [("main", True), ("main", False), ("Main_", False), ("topic", True), ("feature/x", True)]
)
def test_a_branch_whose_name_may_be_somebody_elses_names_no_preview(world, branch, is_fork):
    """A fork's branch may be called main: the URL would be main's own deployment, and that is as fast as main."""
    change = Change(HEAD, branch, 7, BASE, "main", is_fork=is_fork)
    for url in ("https://{branch}.example", ["https://{number}.example", "https://a--{branch}.example"]):
        with pytest.raises(UsageError, match=r"preview\.url tells .* by \{branch\} alone(.|\n)*\{number\} or \{sha\}"):
            world.find(change, url=url)
    assert world.github.requests == []
    # What else is in the URL, or what the application tells of its commit, keeps them apart.
    for sure in ("https://{branch}-{number}.example", "https://{branch}-{short_sha}.example"):
        assert world.find(change, url=sure).previews
    assert world.find(change, url="https://{branch}.example", commit={"header": "X-Commit"}).previews
    assert world.find(change, Urls(("https://a.example",)), url="https://{branch}.example").previews


def test_without_anything_it_says_what_can_be_given(world):
    for change, preview in ((PULL, {}), (Change("", "", None, "", "main"), {"find": FIND})):
        with pytest.raises(UsageError, match=r"nothing says where the preview is\n.*preview-url.*preview\.find"):
            world.find(change, **preview)


# the preview among deployments


def test_the_newest_success_of_the_head_is_the_preview(world):
    world.deployments.deploy(HEAD, url="https://old.vercel.app")
    world.deployments.deploy(HEAD, url="https://new.vercel.app")
    world.deployments.deploy(BASE, url="https://other-commit.vercel.app")
    assert world.find(find=FIND) == Found(("https://new.vercel.app",), (), None)
    assert world.clock.pauses == []
    assert f"sha={HEAD}" in world.github.requests[0]


def test_what_github_lists_in_another_order_or_of_another_commit_is_not_believed(world):
    world.deployments.deploy(HEAD, url="https://old.vercel.app")
    world.deployments.deploy(HEAD, url="https://new.vercel.app")
    world.deployments.deploy(OTHER, url="https://stranger.vercel.app")
    world.github.operations["GET deployments"] = lambda *_: (200, {}, world.deployments.deployments)
    assert world.find(find=FIND).previews == ("https://new.vercel.app",)


def test_the_last_word_on_a_deployment_counts(world):
    number = world.deployments.deploy(HEAD, state="failure")
    world.deployments.say(number, "success", "https://mended.vercel.app")
    assert world.find(find=FIND).previews == ("https://mended.vercel.app",)


def test_strangers_cannot_say_where_the_preview_is(world):
    """Whoever may write deployments can make one, and can add a status to somebody else's."""
    world.deployments.deploy(HEAD, url="https://real.vercel.app")
    world.deployments.deploy(HEAD, url="https://evil.vercel.app", creator="stranger")
    assert world.find(find=FIND).previews == ("https://real.vercel.app",)
    world.deployments.say(1, "success", "https://evil.vercel.app", creator="stranger")
    with pytest.raises(NotMeasured, match=r"called a success by 'stranger', whom preview\.find\.creators lacks"):
        world.find(find=FIND)
    world.deployments.say(1, "success", "https://real.vercel.app")
    assert world.find(find=FIND).previews == ("https://real.vercel.app",)


def test_nothing_but_environment_url_is_an_address(world):
    """The fake fills description, log_url and target_url with addresses as well."""
    world.deployments.deploy(HEAD, url="")
    with pytest.raises(NotMeasured, match="is a success with no environment_url") as caught:
        world.find(find=FIND)
    assert "description.example" not in str(caught.value) + "".join(world.said)


def test_values_of_the_environment_cannot_be_drawn_by_a_deployment(world):
    world.deployments.deploy(HEAD, url="https://a.vercel.app/${INPUT_TOKEN}")
    with pytest.raises(NotMeasured, match="no plain http or https URL"):
        world.find(find=FIND)


def test_it_waits_for_the_deployment_and_says_so(world):
    def begin() -> None:
        world.deployments.deploy(HEAD, state="in_progress")

    world.later = [(40.0, begin), (200.0, lambda: world.deployments.say(1, "success", "https://late.vercel.app"))]
    assert world.find(find=FIND).previews == ("https://late.vercel.app",)
    waited = sum(world.clock.pauses)
    assert 200 <= waited <= 230
    assert world.clock.pauses[0] == 5.0
    assert max(world.clock.pauses) == 30.0
    assert world.said[0] == f"waiting for a deployment of {HEAD[:12]}: there is none in 'Preview*'"
    assert f"waiting for a deployment of {HEAD[:12]}: deployment 1 in 'Preview' is 'in_progress'" in world.said
    assert 4 <= len(world.said) <= 7  # at every change, and once a minute


def test_jitter_makes_pauses_longer_and_never_passes_the_deadline(world):
    with pytest.raises(NotMeasured, match=f"commit {HEAD[:12]} was not deployed within 600 s: there is none"):
        world.find(find=FIND, random=0.99)
    assert world.clock.pauses[0] == pytest.approx(5 * (1 + 0.99 / 4))
    assert sum(world.clock.pauses) == pytest.approx(600)


def test_a_success_in_the_last_second_is_taken(world):
    world.later = [(599.9, lambda: world.deployments.deploy(HEAD, url="https://last.vercel.app"))]
    assert world.find(find=FIND).previews == ("https://last.vercel.app",)


def test_the_end_of_waiting_names_who_deployed_instead(world):
    world.deployments.deploy(HEAD, creator="octocat")
    with pytest.raises(
        NotMeasured, match=r"there is none in 'Preview\*' but by 'octocat', whom preview\.find\.creators lacks"
    ):
        world.find(find=FIND)


@pytest.mark.parametrize("state", ["failure", "error"])
def test_a_failed_deployment_ends_it_at_once(world, state):
    world.deployments.deploy(HEAD)
    world.deployments.deploy(HEAD, state=state)
    with pytest.raises(NotMeasured, match=f"is not deployed: deployment 2 in 'Preview' ended with {state}"):
        world.find(find=FIND)
    assert world.clock.pauses == []


def test_inactive_is_no_success(world):
    world.deployments.deploy(HEAD, state="inactive")
    with pytest.raises(NotMeasured, match="deployment 1 in 'Preview' is 'inactive'"):
        world.find(find=FIND)


def test_each_pattern_is_one_deployment_and_all_are_waited_for(world):
    world.deployments.deploy(HEAD, "preview-a", "https://a.vercel.app")
    world.later = [(60.0, lambda: world.deployments.deploy(HEAD, "preview-b", "https://b.vercel.app"))]
    found = world.find(find=FIND | {"environment": ["preview-b", "preview-a"]})
    assert found.previews == ("https://b.vercel.app", "https://a.vercel.app")


def test_one_pattern_for_several_environments_is_refused(world):
    world.deployments.deploy(HEAD, "Preview – shop")
    world.deployments.deploy(HEAD, "Preview – docs")
    with pytest.raises(UsageError, match="means 2 environments: 'Preview – docs', 'Preview – shop'"):
        world.find(find=FIND)


def test_deployments_are_read_over_all_pages(world):
    world.deployments.deploy(HEAD, "Preview", "https://first.vercel.app")
    for _ in range(120):
        world.deployments.deploy(HEAD, "Storybook")
    assert world.find(find=FIND).previews == ("https://first.vercel.app",)


def test_an_event_is_checked_by_reading_the_deployment_again(world):
    number = world.deployments.deploy(HEAD, "Preview", "https://a.vercel.app")
    read = Deployments(world.client.api, REPOSITORY).read(number)
    assert (read.id, read.sha, read.environment, read.login) == (number, HEAD, "Preview", VERCEL)


# faults


def test_a_missing_permission_is_named(world):
    world.github.fail("deployments", times=9, status=403, message="Resource not accessible by integration")
    with pytest.raises(UsageError, match=r"reading the deployments of cccccccccccc.*\n.*deployments: read"):
        world.find(find=FIND)


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"wire": "reset"}, {"wire": "cut"}, {"raw": b"<html>", "status": 200}, {"status": 202}]
)
@pytest.mark.parametrize("on", ["/deployments$", "/statuses$", "/compare/"])
def test_faults_that_pass_are_outlived(world, on, fault):
    world.deployments.deploy(HEAD, url="https://a.vercel.app")
    world.deployments.deploy(BASE, "Production", url="https://main.vercel.app")
    world.github.fail(on, times=2, **fault)
    assert world.find(find=WITH_BASE) == Found(("https://a.vercel.app",), ("https://main.vercel.app",), BASE)


@pytest.mark.parametrize("content", [[{"id": "1"}], {"id": 1}, [{"id": 1, "sha": "x", "environment": "Preview"}]])
def test_answers_that_are_no_deployments_are_no_deployments(world, content):
    world.github.operations["GET deployments"] = lambda *_: (200, {}, content)
    with pytest.raises(NotMeasured, match="not the JSON it should be"):
        world.find(find=FIND)


def test_github_away_is_not_measured(world):
    world.github.fail("deployments", times=99, status=503)
    with pytest.raises(NotMeasured, match="GitHub answered 503"):
        world.find(find=FIND)


def test_waiting_long_does_not_use_up_the_time_for_the_api(world):
    """The budget of the API is 120 s, and each request here takes 10 s."""
    world.github.operations = {
        pattern: lambda *given, operation=operation: (world.clock.sleep(10.0), operation(*given))[1]
        for pattern, operation in world.github.operations.items()
    }
    world.later = [(500.0, lambda: world.deployments.deploy(HEAD, url="https://late.vercel.app"))]
    assert world.find(find=FIND).previews == ("https://late.vercel.app",)


# the base


def preview(world: World) -> None:
    world.deployments.deploy(HEAD, url="https://a.vercel.app")


def test_the_base_is_the_merge_base(world):
    preview(world)
    world.deployments.history(BASE, OTHER)
    world.github.branches["main"] = OTHER
    world.deployments.deploy(BASE, "Production", "https://base.vercel.app")
    world.deployments.deploy(OTHER, "Production", "https://main.vercel.app")
    found = world.find(Change(HEAD, "topic", 7, OTHER, "main"), find=WITH_BASE)
    assert found == Found(("https://a.vercel.app",), ("https://base.vercel.app",), BASE)


def test_without_base_environment_nothing_of_main_is_loaded(world):
    preview(world)
    world.deployments.deploy(BASE, "Production", "https://base.vercel.app")
    assert world.find(find=FIND).bases == ()
    assert world.github.count("compare") == 0


def test_an_older_success_of_the_merge_base_is_taken_where_the_newest_failed(world):
    preview(world)
    world.deployments.deploy(BASE, "Production", "https://base.vercel.app")
    world.deployments.deploy(BASE, "Production", state="failure")
    assert world.find(find=WITH_BASE).bases == ("https://base.vercel.app",)


@pytest.mark.parametrize("environment", ["Production", "production", "Prod*"])
def test_another_commit_of_main_is_taken_and_named(world, environment):
    preview(world)
    world.deployments.deploy(OLDER, "Production", "https://older.vercel.app")
    world.deployments.deploy(BASE, "Production", state="inactive")
    found = world.find(find=FIND | {"base_environment": environment})
    assert (found.bases, found.base_commit) == (("https://older.vercel.app",), OLDER)
    (notice,) = found.notices
    assert notice.code == "base-commit"
    assert notice.message.startswith(f"the base is commit {OLDER[:12]} of main, not the merge base {BASE[:12]}")
    assert notice.message in world.said


def test_what_is_not_of_main_is_no_base(world):
    """In an environment for everybody, the newest success may be another pull request's."""
    preview(world)
    world.deployments.history(BASE, OTHER)
    world.deployments.deploy(OLDER, "Production", "https://older.vercel.app")
    world.deployments.deploy(OTHER, "Production", "https://pull-request.vercel.app")
    world.deployments.deploy(HEAD, "Production", "https://self.vercel.app")
    world.deployments.deploy("e" * 40, "Production", "https://gone.vercel.app")  # compared with it, GitHub says 404
    assert world.find(find=WITH_BASE).bases == ("https://older.vercel.app",)


def test_no_base_is_said_and_is_no_obstacle(world):
    preview(world)
    world.deployments.deploy(BASE, "Production", "https://evil.vercel.app", creator="stranger")
    found = world.find(find=WITH_BASE)
    assert (found.previews, found.bases, found.base_commit) == (("https://a.vercel.app",), (), None)
    assert [notice.code for notice in found.notices] == ["no-base"]
    assert "compared with stored runs" in found.notices[0].message


def test_only_so_many_deployments_of_main_are_looked_at(world):
    preview(world)
    world.deployments.deploy(OLDER, "Production", "https://older.vercel.app")
    for _ in range(50):
        world.deployments.deploy(OLDER, "Production", state="failure")
    assert world.find(find=WITH_BASE).bases == ()
    assert world.github.count("/statuses") <= 25


def test_a_base_that_is_named_is_asked_for_the_merge_base_where_it_tells_its_commit(world):
    found = world.find(url="https://a.example", base="https://main.example", commit={"header": "X-Commit"})
    assert found == Found(("https://a.example",), ("https://main.example",), BASE)
    assert world.find(url="https://a.example", base="https://main.example").base_commit is None


@pytest.mark.parametrize(
    "base", ["https://A.example", "https://a.example/", "https://a.example:443", "http://a.example", "https://${A}/"]
)
def test_a_preview_beside_itself_is_refused(world, base):
    """Whatever it does, it would be unchanged."""
    preview = "https://${A}" if "$" in base else "https://a.example"
    with pytest.raises(UsageError, match="the base is the preview itself"):
        world.find(url=["https://b.example", preview], base=base)
    with pytest.raises(UsageError, match="the base is the preview itself"):
        world.find(given=Urls(("https://a.example/shop",), ("https://a.example/shop/",)))
    assert world.find(url="https://a.example", base="https://a.example/main").bases
    assert world.find(url="https://a.example", base="https://a.example:8443").bases


def test_a_deployment_that_is_preview_and_base_at_once_is_refused(world):
    """One staging server for everything: its newest deployment answers for all that went there before."""
    world.deployments.deploy(BASE, "Production", "https://staging.example")
    world.deployments.deploy(HEAD, "Preview", "https://staging.example")
    with pytest.raises(UsageError, match="the base is the preview itself"):
        world.find(find=WITH_BASE)


def test_a_merge_base_that_cannot_be_read_names_the_permission(world):
    preview(world)
    world.github.fail("compare", times=9, status=403, message="Resource not accessible by integration")
    with pytest.raises(UsageError, match=r"comparing bbbbbbbbbbbb with cccccccccccc.*\n.*contents: read"):
        world.find(find=WITH_BASE)


# main itself


@pytest.mark.parametrize(
    ("suite", "previews", "bases"),
    [
        ({"url": "https://main.example"}, ("https://main.example",), ()),
        ({"url": "https://{short_sha}.example"}, ("https://bbbbbbb.example",), ()),
        ({"url": "https://a.example", "base": "https://b.example"}, ("https://a.example",), ("https://b.example",)),
        ({"url": "https://pr-{number}.example", "base": "https://main.example"}, ("https://main.example",), ()),
        ({"url": "https://{number}.example", "base": "https://{base_branch}.example"}, ("https://main.example",), ()),
        ({"find": WITH_BASE}, ("https://production.vercel.app",), ()),
        ({"find": FIND}, ("https://preview.vercel.app",), ()),
        ({"find": WITH_BASE, "base": "https://main.example"}, ("https://main.example",), ()),
    ],
)  # fmt: skip
def test_mains_own_deployment(world, suite, previews, bases):
    world.deployments.deploy(BASE, "Production", "https://production.vercel.app")
    world.deployments.deploy(BASE, "Preview", "https://preview.vercel.app")
    assert world.find(MAIN, **suite) == Found(previews, bases, None)
    assert world.github.count("compare") == 0


def test_the_suite_is_aimed_at_what_was_found_and_at_nothing_else(world):
    preview = {"url": "https://{number}.example", "base": "https://{base_sha}.example", "headers": {"X-A": "${A}"}}
    suite = Suite.model_validate({"endpoints": {"a": "GET /"}, "preview": preview})
    found = world.find(MAIN, **preview)
    aim = aimed(suite, found)
    assert (aim.preview.url, aim.preview.base) == ([f"https://{BASE}.example"], None)
    assert aim.preview.headers == {"X-A": "${A}"}
    assert aimed(suite, world.find(**preview)).preview.base == [f"https://{BASE}.example"]
    assert aim.endpoints == suite.endpoints


def test_main_beside_itself_is_main_alone(world):
    found = world.find(
        MAIN, Urls(("https://main.example",)), base="https://main.example", url="https://{number}.example"
    )
    assert found == Found(("https://main.example",), (), None)


def test_a_suite_of_pull_requests_alone_needs_an_input_for_main(world):
    with pytest.raises(UsageError, match=r"preview\.url holds \{number\}.*\n.*input preview-url"):
        world.find(MAIN, url="https://pr-{number}.example")
