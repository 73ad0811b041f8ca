from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imgcache.render.diff import for_report, unified
from tests.core.articles.strategies import Written, articles

ODD = "ab\n\n\r\t\x0b\x0c\x1c\x85\xa0\u2028\u2029\ufeff\u202e é𝄞"
texts = st.text(alphabet=ODD, max_size=40)
GIT = ("git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-")
PATCH = ("patch", "-p1", "--fuzz=0", "--silent")
tools = pytest.mark.parametrize(
    "tool",
    [
        pytest.param(tool, marks=pytest.mark.skipif(shutil.which(tool[0]) is None, reason=tool[0]))
        for tool in (GIT, PATCH)
    ],
    ids=["git", "patch"],
)


def applied(
    folder: Path, tool: tuple[str, ...], changes: dict[str, tuple[bytes, bytes]]
) -> dict[str, bytes]:
    """The files as the tool leaves them, given the diffs of all changes in one text."""
    for name, (before, _) in changes.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(before)
    text = "".join(f"\n{unified(name, *change)}" for name, change in changes.items())
    done = subprocess.run(tool, cwd=folder, input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return {name: (folder / name).read_bytes() for name in changes}


def test_only_what_changed_and_its_surroundings_is_shown() -> None:
    before = b"".join(b"%d\n" % number for number in range(20))
    diff = unified("a.md", before, before.replace(b"10\n", b"ten\n"))
    assert diff.startswith("--- a/a.md\n+++ b/a.md\n@@ -8,7 +8,7 @@\n")
    assert [line for line in diff.splitlines()[3:] if line[0] in "+-"] == ["-10", "+ten"]


def test_a_missing_last_line_end_is_told() -> None:
    assert unified("a", b"x\ny", b"x\nz").endswith(
        "-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize("odd", [b"\xe9", b"\x1b[2J", b"\x0c", b"\x00"])
def test_of_a_body_that_is_no_plain_text_fewer_lines_are_shown(odd: bytes) -> None:
    front = b"---\nimages:\n- url: x\n  isCached: %s\n---\n"
    body = b"text\n" + odd + b"\nmore\n"
    diff = unified("a.md", front % b"true" + body, front % b"false" + body)
    assert diff.split("\n")[2:] == [
        *("@@ -2,5 +2,5 @@", " images:", " - url: x", "-  isCached: true", "+  isCached: false"),
        *(" ---", " text", ""),
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("d/a.md", "b/d/a.md"),
        ("ü 😀.md", "b/ü 😀.md\t"),
        ("a b.md", "b/a b.md\t"),
        ('"a".md', '"b/\\"a\\".md"'),
        ("a\\b c.md", '"b/a\\\\b c.md"\t'),
        ("\t\n\r\x1b.md", '"b/\\t\\n\\r\\033.md"'),
        ("\x85\u202eü.md", '"b/\\302\\205\\342\\200\\256ü.md"'),
        (os.fsdecode(b"\xff.md"), '"b/\\377.md"'),
    ],
)
def test_names_are_written_as_git_does(name: str, title: str) -> None:
    assert unified(name, b"x\n", b"y\n").split("\n")[1] == f"+++ {title}"


@tools
def test_both_tools_find_files_of_any_name(tmp_path: Path, tool: tuple[str, ...]) -> None:
    names = [
        "a b.md",
        " a  b .md",
        "x y/z.md",
        'q".md',
        "b\\.md",
        "\t.md",
        "a\nb.md",
        "\x1b \x85.md",
    ]
    names += ["ü.md", "\u2028.md", "-a.md", "a\tb c.md", os.fsdecode(b"\xff \xfe.md"), "\xa0.md"]
    changes = {name: (b"one\ntwo\n", b"one\n%d\n" % number) for number, name in enumerate(names)}
    assert applied(tmp_path, tool, changes) == {name: new for name, (_, new) in changes.items()}


@tools
@settings(max_examples=60, deadline=None)
@given(before=texts, after=texts)
def test_both_tools_apply_it_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, tool: tuple[str, ...], before: str, after: str
) -> None:
    if before == after or not before or not after:
        return
    change = (before.encode(), after.encode())
    folder = tmp_path_factory.mktemp("diff")
    assert applied(folder, tool, {"a.md": change}) == {"a.md": change[1]}


def generated() -> dict[str, tuple[bytes, bytes]]:
    """Articles of all kinds, and the same with all flags turned."""
    found: dict[str, tuple[bytes, bytes]] = {}

    @settings(
        max_examples=300,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(written=articles(), body=st.binary(max_size=30), odd=texts)
    def gather(written: Written, body: bytes, odd: str) -> None:
        wanted = {index: flag is not True for index, flag in enumerate(written.flags)}
        tail = b"" if written.whole else b"\n" + odd.encode() + body
        found[f"an article {len(found)}.md"] = (written.data() + tail, written.data(wanted) + tail)

    gather()
    return found


@tools
def test_both_tools_take_the_diffs_of_generated_articles(
    tmp_path: Path, tool: tuple[str, ...]
) -> None:
    changes = generated()
    assert len(changes) > 200
    assert applied(tmp_path, tool, changes) == {name: new for name, (_, new) in changes.items()}


def test_a_diff_with_a_password_is_left_out() -> None:
    before, after = (
        b"url: http://a:secret@b.test/\nflag: 1\n",
        b"url: http://a:secret@b.test/\nflag: 2\n",
    )
    shown = for_report("a.md", "a.md", before, after)
    assert "secret" not in shown
    assert shown.startswith("a.md: the diff is not shown")
    plain = (before.replace(b"a:secret@", b""), after.replace(b"a:secret@", b""))
    assert for_report("a.md", "a.md", *plain) == unified("a.md", *plain)
