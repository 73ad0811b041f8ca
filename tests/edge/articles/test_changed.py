from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgcache.edge.articles.changed import changed_since, is_changed
from imgcache.errors import ConfigError, LocalError
from tests.support.world import take_temporary_folders_away


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of four files; git's own files are not looked at."""
    top = tmp_path / "top"
    (top / "posts").mkdir(parents=True)
    for name in ("kept.md", "posts/edited.md", "posts/old name.md", "posts/gone.md"):
        (top / name).write_text(f"{name}\n" * 20)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    return top


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def changed(top: Path, rev: str = "HEAD") -> set[str]:
    return {path.relative_to(top.resolve()).as_posix() for path in changed_since(rev, [top])}


def test_nothing_has_changed_at_first(repository: Path) -> None:
    assert changed(repository) == set()


def test_committed_staged_unstaged_renamed_and_untracked_files_count(repository: Path) -> None:
    git(repository, "tag", "start")
    (repository / "committed.md").write_text("x")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    (repository / "posts" / "edited.md").write_text("changed\n")
    (repository / "staged.md").write_text("x")
    git(repository, "add", "staged.md")
    git(repository, "mv", "posts/old name.md", "posts/new \n n\u00e4me.md")
    (repository / "posts" / "gone.md").unlink()
    (repository / "untracked.md").write_text("x")
    assert changed(repository, "start") == {
        "committed.md",
        "posts/edited.md",
        "posts/new \n n\u00e4me.md",
        "staged.md",
        "untracked.md",
    }


def test_what_git_ignores_has_not_changed(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.tmp\n")
    (repository / "a.tmp").write_text("x")
    assert changed(repository) == {".gitignore"}


def test_a_subfolder_asks_its_repository(repository: Path) -> None:
    (repository / "untracked.md").write_text("x")
    found = changed_since("HEAD", [repository / "posts"])
    assert is_changed(repository / "untracked.md", found)
    assert not is_changed(repository / "kept.md", found)


def test_nothing_is_written_and_nothing_configured_is_run(repository: Path) -> None:
    trap = repository.parent / "trapped"
    git(repository, "config", "core.fsmonitor", f"touch {trap}; false")
    git(repository, "config", "diff.external", f"touch {trap}; false")
    git(repository, "config", "filter.trap.clean", f"touch {trap}; cat")
    (repository / ".gitattributes").write_text("*.md filter=trap\n")
    (repository / "kept.md").write_text("changed\n")
    index = (repository / ".git" / "index").read_bytes()
    assert "kept.md" in changed(repository)
    assert not trap.exists()
    assert (repository / ".git" / "index").read_bytes() == index


@pytest.mark.parametrize("rev", ["nowhere", "", "--output=x", "HEAD:kept.md", "a\0b"])
def test_a_revision_that_is_none_is_told(repository: Path, rev: str) -> None:
    with pytest.raises(ConfigError, match="--changed-since"):
        changed_since(rev, [repository])


def test_without_a_temporary_folder_it_is_one_sentence(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_temporary_folders_away(monkeypatch)
    with pytest.raises(LocalError, match=r"--changed-since.*No usable temporary.*TMPDIR"):
        changed_since("HEAD", [repository])


def test_a_folder_without_a_repository_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ConfigError, match="git repository"):
        changed_since("HEAD", [tmp_path])


@pytest.fixture
def site(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a repository whose articles are a submodule, at their first commit."""
    top = tmp_path / "site"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repository), "texts")
    git(top, "commit", "-qm", "first")
    git(top, "tag", "start")
    monkeypatch.chdir(top)
    return top


def test_a_revision_of_the_site_means_the_commit_that_a_submodule_had_there(site: Path) -> None:
    texts = site / "texts"
    (texts / "new.md").write_text("x")
    git(texts, "add", ".")
    git(texts, "commit", "-qm", "second")
    git(site, "commit", "-qam", "second")
    git(texts, "branch", "-f", "start")  # what the submodule itself calls so is not meant
    assert changed(texts, "start") == {"new.md"}
    assert changed(texts, "HEAD") == set()


def test_a_submodule_that_the_site_did_not_have_is_all_new(site: Path) -> None:
    git(site, "rm", "-q", "--cached", "texts")
    git(site, "commit", "-qm", "without")
    git(site, "tag", "without")
    git(site, "add", "texts")
    git(site, "commit", "-qm", "with")
    (article, *_) = (site / "texts").rglob("*.md")
    assert is_changed(article, changed_since("without", [site / "texts"]))


def test_in_a_submodule_its_own_revisions_are_meant(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site / "texts")
    (site / "texts" / "new.md").write_text("x")
    assert changed(site / "texts", "HEAD") == {"new.md"}
    with pytest.raises(ConfigError, match="is no commit"):
        changed(site / "texts", "start")
