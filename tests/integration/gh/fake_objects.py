"""Git objects of the fake GitHub: a true object store, branches that only move forward, and reads that lag behind."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from fake_github import BOT, REPOSITORY, FakeGitHub, git_id, user

API = f"https://api.github.com/repos/{REPOSITORY}"
FAST_FORWARD = "Update is not a fast forward"
EMPTY = "Git Repository is empty."
SECONDS = 1_795_003_200

Answer = tuple[int, dict, object]
Query = dict[str, str]


@dataclass(frozen=True)
class Made:
    """A commit as it was made."""

    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass
class ObjectStore:
    """Routes of the Git data API, added to a fake GitHub."""

    github: FakeGitHub
    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Kind and content by id."""
    made: dict[str, Made] = field(default_factory=dict)
    moves: dict[str, list[str | None]] = field(default_factory=dict)
    """What each branch pointed at, one after the other."""
    lagging: dict[str, int] = field(default_factory=dict)
    """Reads of a branch that still see what it pointed at before its last move."""
    protected: set[str] = field(default_factory=set)
    forced: int = 0

    def __post_init__(self) -> None:
        self.github.operations |= {
            r"GET git/ref/heads/(?P<branch>.+)": self._ref,
            r"POST git/refs": self._make_branch,
            r"PATCH git/refs/heads/(?P<branch>.+)": self._move_branch,
            r"POST git/blobs": self._make_blob,
            r"POST git/trees": self._make_tree,
            r"POST git/commits": self._make_commit,
            r"GET git/commits/(?P<sha>\w+)": self._commit,
            r"GET git/trees/(?P<sha>\w+)": self._tree,
            r"GET branches/(?P<branch>.+)": self._branch,
            r"GET compare/(?P<base>.+)\.\.\.(?P<head>.+)": self._compare,
        }

    # what tests ask ---------------------------------------------------------------------------------------------------

    def tip(self, branch: str) -> str | None:
        return self.github.branches.get(branch)

    def line(self, branch: str) -> list[str]:
        """Commits of a branch, oldest first; each has one parent, or none."""
        found, sha = [], self.tip(branch)
        while sha is not None:
            found.append(sha)
            assert len(self.made[sha].parents) <= 1, "a merge"
            sha = next(iter(self.made[sha].parents), None)
        return found[::-1]

    def files(self, commit: str) -> dict[str, bytes]:
        """Every file of a commit; fails if an object is missing."""
        return self._files(self.made[commit].tree)

    def seed(self, branch: str, files: dict[str, bytes], parents: tuple[str, ...] = (), message: str = "seed") -> str:
        """A branch with these files."""
        sha = self.put_commit(self.put_files(files), parents, message)
        self._point(branch, sha)
        return sha

    def write_repository(self, folder: Path, branch: str) -> None:
        """All of it as a bare repository, each id as git itself makes it."""
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch", branch, folder], check=True)
        for sha, (kind, content) in self.objects.items():
            write = ["git", "hash-object", "-w", "-t", kind, "--stdin"]
            done = subprocess.run(write, cwd=folder, input=content, capture_output=True, check=True)
            assert done.stdout.decode().strip() == sha
        subprocess.run(["git", "update-ref", f"refs/heads/{branch}", self.tip(branch) or ""], cwd=folder, check=True)

    # objects ----------------------------------------------------------------------------------------------------------

    def put(self, kind: str, content: bytes) -> str:
        sha = git_id(kind, content)
        self.objects[sha] = (kind, content)
        return sha

    def put_files(self, files: dict[str, bytes]) -> str:
        return self._put_tree({path: self.put("blob", content) for path, content in files.items()})

    def _put_tree(self, blobs: dict[str, str]) -> str:
        below: dict[str, dict[str, str]] = {}
        entries: dict[str, tuple[str, str]] = {}
        for path, blob in blobs.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = blob
            else:
                entries[name] = ("100644", blob)
        entries |= {name: ("40000", self._put_tree(inside)) for name, inside in below.items()}
        # Git sorts a folder as if its name ended with a slash.
        ordered = sorted(entries.items(), key=lambda item: item[0] + "/" * (item[1][0] == "40000"))
        return self.put(
            "tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(sha) for name, (mode, sha) in ordered)
        )

    def put_commit(self, tree: str, parents: tuple[str, ...], message: str) -> str:
        who = f"{BOT} <{BOT}@users.noreply.example> {SECONDS + len(self.objects)} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
        sha = self.put("commit", "\n".join([*lines, "", message, ""]).encode())
        self.made[sha] = Made(tree, parents, message)
        self.github.commits[sha] = self._files(tree)
        return sha

    def _entries(self, tree: str) -> list[tuple[str, str, str]]:
        kind, content = self.objects[tree]
        assert kind == "tree"
        found, rest = [], content
        while rest:
            head, _, rest = rest.partition(b"\0")
            mode, _, name = head.decode().partition(" ")
            found.append((mode, name, rest[:20].hex()))
            rest = rest[20:]
        return found

    def _blobs(self, tree: str, below: str = "") -> dict[str, str]:
        found = {}
        for mode, name, sha in self._entries(tree):
            found |= self._blobs(sha, f"{below}{name}/") if mode == "40000" else {f"{below}{name}": sha}
        return found

    def _files(self, tree: str) -> dict[str, bytes]:
        return {path: self.objects[sha][1] for path, sha in self._blobs(tree).items()}

    def _point(self, branch: str, sha: str) -> None:
        self.moves.setdefault(branch, [None]).append(sha)
        self.github.branches[branch] = sha

    def _follows(self, sha: str | None, ancestor: str) -> bool:
        """Whether a commit is or comes after another."""
        waiting, seen = [sha], set()
        while waiting:
            one = waiting.pop()
            if one == ancestor:
                return True
            if one in self.made and one not in seen:
                seen.add(one)
                waiting += self.made[one].parents
        return False

    # routes -----------------------------------------------------------------------------------------------------------

    def _ref(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        branch = matched["branch"]
        if not self.github.branches:
            return 409, {}, {"message": EMPTY}
        sha = self.github.branches.get(branch)
        if self.lagging.get(branch, 0) > 0:
            self.lagging[branch] -= 1
            sha = self.moves.get(branch, [None])[-2:][0]
        return (200, {}, _shown_ref(branch, sha)) if sha else (404, {}, {"message": "Not Found"})

    def _make_branch(self, _: re.Match[str], __: Query, body: dict) -> Answer:
        branch = body["ref"].removeprefix("refs/heads/")
        if not self.github.branches:
            return 409, {}, {"message": EMPTY}
        if body["sha"] not in self.made:
            return 422, {}, {"message": "Object does not exist"}
        if branch in self.github.branches:
            return 422, {}, {"message": "Reference already exists"}
        self._point(branch, body["sha"])
        return 201, {}, _shown_ref(branch, body["sha"])

    def _move_branch(self, matched: re.Match[str], _: Query, body: dict) -> Answer:
        branch, sha = matched["branch"], body["sha"]
        if branch not in self.github.branches:
            return 422, {}, {"message": "Reference does not exist"}
        if sha not in self.made:
            return 422, {}, {"message": "Object does not exist"}
        self.forced += body.get("force") is not False
        if not self._follows(sha, self.github.branches[branch]):
            return 422, {}, {"message": FAST_FORWARD}
        if sha != self.github.branches[branch]:
            self._point(branch, sha)
        return 200, {}, _shown_ref(branch, sha)

    def _make_blob(self, _: re.Match[str], __: Query, body: dict) -> Answer:
        assert body["encoding"] == "base64"
        sha = self.put("blob", base64.b64decode(body["content"], validate=True))
        return 201, {}, {"sha": sha, "url": f"{API}/git/blobs/{sha}"}

    def _make_tree(self, _: re.Match[str], __: Query, body: dict) -> Answer:
        base = body.get("base_tree")
        if base is not None and base not in self.objects:
            return 404, {}, {"message": "Not Found"}
        blobs = self._blobs(base) if base is not None else {}
        for entry in body["tree"]:
            assert (entry["mode"], entry["type"]) == ("100644", "blob")
            if entry["sha"] is None:
                if blobs.pop(entry["path"], None) is None:
                    return 422, {}, {"message": "GitRPC::BadObjectState"}
            elif self.objects.get(entry["sha"], ("", b""))[0] != "blob":
                return 422, {}, {"message": f"tree.sha {entry['sha']} is not a valid blob"}
            else:
                blobs[entry["path"]] = entry["sha"]
        return 201, {}, self._shown_tree(self._put_tree(blobs))

    def _make_commit(self, _: re.Match[str], __: Query, body: dict) -> Answer:
        if self.objects.get(body["tree"], ("", b""))[0] != "tree":
            return 422, {}, {"message": "Tree SHA does not exist"}
        if any(parent not in self.made for parent in body["parents"]):
            return 422, {}, {"message": "Parent SHA does not exist or is not a commit object"}
        return 201, {}, self._shown_commit(self.put_commit(body["tree"], tuple(body["parents"]), body["message"]))

    def _commit(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        sha = matched["sha"]
        return (200, {}, self._shown_commit(sha)) if sha in self.made else (404, {}, {"message": "Not Found"})

    def _tree(self, matched: re.Match[str], query: Query, body: dict) -> Answer:
        if self.objects.get(matched["sha"], ("", b""))[0] != "tree":
            return FakeGitHub._tree(self.github, matched, query, body)
        return 200, {}, self._shown_tree(matched["sha"], recursive="recursive" in query)

    def _branch(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        branch = matched["branch"]
        sha = self.github.branches.get(branch)
        if sha is None:
            return 404, {}, {"message": "Branch not found"}
        is_protected = branch in self.protected
        checks = {"enforcement_level": "off", "contexts": [], "checks": []}
        return 200, {}, {
            "name": branch,
            "commit": _shown_branch_commit(sha),
            "_links": {"self": f"{API}/branches/{branch}", "html": f"https://github.com/{REPOSITORY}/tree/{branch}"},
            "protected": is_protected,
            "protection": {"enabled": False, "required_status_checks": checks},
            "protection_url": f"{API}/branches/{branch}/protection",
        }  # fmt: skip

    def _compare(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        base, head = (self._named(matched[side]) for side in ("base", "head"))
        if base not in self.made or head not in self.made:
            return 404, {}, {"message": "Not Found"}
        if self.line_ends(base) != self.line_ends(head):
            return 404, {}, {"message": f"No common ancestor between {matched['base']} and {matched['head']}."}
        status = (
            "identical" if base == head
            else "behind" if self._follows(base, head)
            else "ahead" if self._follows(head, base)
            else "diverged"
        )  # fmt: skip
        urls = {f"{name}url": f"{API}/compare/x" for name in ("", "html_", "permalink_", "diff_", "patch_")}
        commits = {"base_commit": _shown_branch_commit(base), "merge_base_commit": _shown_branch_commit(base)}
        counts = {"ahead_by": 0, "behind_by": 0, "total_commits": 0, "commits": [], "files": []}
        return 200, {}, {**urls, **commits, "status": status, **counts}

    def _named(self, name: str) -> str:
        return self.github.branches.get(unquote(name), name)

    def line_ends(self, sha: str) -> set[str]:
        """Commits without parents that a commit comes from."""
        parents = self.made[sha].parents
        return set().union(*map(self.line_ends, parents)) if parents else {sha}

    def _shown_commit(self, sha: str) -> dict:
        made = self.made[sha]
        who = {"name": BOT, "email": f"{BOT}@users.noreply.example", "date": "2026-11-18T12:00:00Z"}
        page = f"https://github.com/{REPOSITORY}/commit"
        parents = [{"sha": p, "url": f"{API}/git/commits/{p}", "html_url": f"{page}/{p}"} for p in made.parents]
        return {
            "sha": sha,
            "node_id": "C_1",
            "url": f"{API}/git/commits/{sha}",
            "html_url": f"{page}/{sha}",
            "author": who,
            "committer": who,
            "message": made.message,
            "tree": {"sha": made.tree, "url": f"{API}/git/trees/{made.tree}"},
            "parents": parents,
            "verification": {
                "verified": True, "reason": "valid", "signature": None, "payload": None, "verified_at": None
            },
        }  # fmt: skip

    def _shown_tree(self, sha: str, *, recursive: bool = False) -> dict:
        return {
            "sha": sha,
            "url": f"{API}/git/trees/{sha}",
            "truncated": False,
            "tree": self._shown_entries(sha, "", recursive=recursive),
        }

    def _shown_entries(self, tree: str, below: str, *, recursive: bool) -> list[dict]:
        shown = []
        for mode, name, sha in self._entries(tree):
            is_folder = mode == "40000"
            entry = {"path": below + name, "mode": mode.zfill(6), "type": "tree" if is_folder else "blob", "sha": sha}
            shown.append(entry | {"url": f"{API}/git/{entry['type']}s/{sha}"})
            if not is_folder:
                shown[-1]["size"] = len(self.objects[sha][1])
            elif recursive:
                shown += self._shown_entries(sha, f"{below}{name}/", recursive=True)
        return shown


def _shown_ref(branch: str, sha: str) -> dict:
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": "R_1",
        "url": f"{API}/git/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{API}/git/commits/{sha}"},
    }


def _shown_branch_commit(sha: str) -> dict:
    who = {"name": BOT, "email": f"{BOT}@users.noreply.example", "date": "2026-11-18T12:00:00Z"}
    return {
        "url": f"{API}/commits/{sha}",
        "sha": sha,
        "node_id": "C_1",
        "html_url": f"https://github.com/{REPOSITORY}/commit/{sha}",
        "comments_url": f"{API}/commits/{sha}/comments",
        "commit": {
            "url": f"{API}/git/commits/{sha}",
            "author": who,
            "committer": who,
            "message": "x",
            "comment_count": 0,
            "tree": {"sha": sha, "url": f"{API}/git/trees/{sha}"},
        },
        "author": user(BOT),
        "committer": user(BOT),
        "parents": [],
    }
