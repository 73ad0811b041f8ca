from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.render.diff import unified

texts = st.text(alphabet="ab\n\r\u2028\x0c é𝄞", max_size=40)


def test_only_what_changed_and_its_surroundings_is_shown() -> None:
    before = "".join(f"{number}\n" for number in range(20))
    diff = unified("a.md", before, before.replace("10\n", "ten\n"))
    assert diff.startswith("--- a/a.md\n+++ b/a.md\n@@ -8,7 +8,7 @@\n")
    assert [line for line in diff.splitlines()[3:] if line[0] in "+-"] == ["-10", "+ten"]


def test_a_missing_last_line_end_is_told() -> None:
    assert unified("a", "x\ny", "x\nz").endswith(
        "-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the diff")
@given(before=texts, after=texts)
def test_git_applies_it_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    if before == after or not before or not after:
        return
    folder: Path = tmp_path_factory.mktemp("diff")
    article = folder / "a.md"
    article.write_bytes(before.encode())
    diff = unified("a.md", before, after)
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=diff.encode(), check=True, capture_output=True)
    assert article.read_bytes() == after.encode()
