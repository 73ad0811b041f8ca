from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, Language, NotAnArticle, parse
from imgcache.errors import ArticleError

LIMITS = LimitSettings()


def document(data: bytes, *, whole: bool = False, limits: LimitSettings = LIMITS) -> Document:
    found = parse(data, whole=whole, limits=limits)
    assert isinstance(found, Document)
    return found


def error(data: bytes, *, whole: bool = False, limits: LimitSettings = LIMITS) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        parse(data, whole=whole, limits=limits)
    return caught.value


@pytest.mark.parametrize(
    ("data", "front"),
    [
        (b"---\na: 1\n---\nbody", "a: 1\n"),
        (b"--- \t\r\na: 1\r\n...\t\r\nbody", "a: 1\r\n"),
        (b"---\na: 1\n---", "a: 1\n"),
        (b"---\n---\nbody\n---\n", ""),
        (b"\xef\xbb\xbf---\na: 1\n---\n", "a: 1\n"),
        (b"---\na: '\n ---\n '\n---\n", "a: '\n ---\n '\n"),
    ],
)
def test_fences_are_lines_of_line_feeds(data: bytes, front: str) -> None:
    found = document(data)
    assert found.text[found.start : found.end] == front
    assert found.data == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# text\n",
        b"----\na: 1\n---\n",
        b" ---\na: 1\n---\n",
        b"--- # c\na: 1\n---\n",
        b"\n---\na: 1\n---\n",
        b"\xff\xfe\x00",
        b"---\ra: 1\r---\r",
        b"{% extends %}",
        b"{{ x }}",
        b"{: .class}\n",
        b"--\n",
        b"\xe9t\xe9\n",
        b"+++ x\n",
    ],
)
def test_text_without_front_matter_is_no_article_whatever_its_encoding(data: bytes) -> None:
    assert parse(data, whole=False, limits=LIMITS) is NotAnArticle.PLAIN


@pytest.mark.parametrize(
    "data",
    [
        b";;;\n{}\n;;;\n",
        b"---js\n{}\n---\n",
        b"--- toml\n",
        b"\xef\xbb\xbf;;;\r\n",
    ],
)
def test_front_matter_of_other_languages_is_foreign(data: bytes) -> None:
    assert parse(data, whole=False, limits=LIMITS) is NotAnArticle.FOREIGN


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"---\na: 1\nb: \xff\n---\nbody\n", 3, "front matter is not UTF-8"),
        (b"\xef\xbb\xbf---\na: \xe9\n...\n", 2, "byte 0xe9"),
        (b"\xff\xfe-\x00-\x00-\x00\n\x00", 1, "UTF-16"),
        (b"\xfe\xff\x00+\x00+\x00+\x00\n", 1, "UTF-16"),
        (b"+++\na = 1\nb = \xff\n+++\n", 3, "front matter is not UTF-8"),
        (b'{"a": 1,\n"b": "\xe9"}\nbody', 2, "front matter is not UTF-8"),
        ("---\n\U0001f600: 1\nb: [\nc: d\n---\n".encode(), 3, "expected ',' or ']'"),
        ("---\n\U0001f600: \x07\n---\n".encode(), 2, "U+0007"),
        (b"---\na: 1\n\x00\n---\n", 3, "U+0000"),
        (b"---\na: *b\n---\n", 2, "undefined alias"),
        (b"---\na: 1\n\tb: 2\n---\n", 3, "tab character"),
        (b"---\na: 1\n--- b\n---\n", 3, "another document"),
        (b"---\na: &a [*a]\n---\n", 2, "inside of what"),
        # only YAML takes these for line ends; the file is not cut there
        (b"---\na: 1 # \r--- b\n---\n", 2, "another document"),
        ("---\na: 1 # \u2028--- b\n---\n".encode(), 2, "another document"),
        ("---\n\ufeffa: 1\n---\n".encode(), 2, "byte order mark"),
        ("---\na: 'x\u2028y'\nb: [\n---\n".encode(), 3, "not one valid"),
    ],
)
def test_broken_front_matter_is_an_error_with_its_line(data: bytes, line: int, words: str) -> None:
    found = error(data)
    assert found.line == line
    assert words in found.message


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "body", [b"caf\xe9\n", b"\xff\xfe\x00---\n\xed\xa0\x80", bytes(range(256))]
)
def test_only_the_front_matter_must_be_utf_8(bom: bytes, body: bytes) -> None:
    found = document(bom + b"---\na: \xc3\xa9\n---\n" + body)
    assert found.text == "---\na: \u00e9\n"
    assert found.data == bom + b"---\na: \xc3\xa9\n---\n" + body


def test_a_whole_file_is_utf_8_to_its_end() -> None:
    assert error(b"a: 1\n# caf\xe9\n", whole=True).line == 2


def test_a_horizontal_rule_above_any_bytes_is_no_front_matter() -> None:
    assert parse(b"---\ncaf\xe9\n", whole=False, limits=LIMITS) is NotAnArticle.UNCLOSED


def test_a_whole_file_is_one_document() -> None:
    assert document(b"a: 1\n", whole=True).start == 0
    assert document(b"---\na: 1\n", whole=True).root is not None
    assert document(b"", whole=True).root is None
    assert error(b"a: 1\n---\nb: 2\n", whole=True).line == 2
    assert error(b"a: [\n", whole=True).line == 1


@pytest.mark.parametrize("text", ["a: \U0001f600b # \U0001f600\nc: &x true", "\u00e9: 1\nc: true"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_spans_are_right_after_bom_and_beyond_the_bmp(text: str, bom: bytes) -> None:
    found = document(bom + f"---\n{text}\n---\n".encode())
    assert isinstance(found.root, yaml.MappingNode)
    assert found.source(found.root.value[-1][1]) == text.rpartition(": ")[2]
    assert found.line_of(found.root.value[-1][1]) == 3


# A crash would end the test run as well, so this goes to a process of its own.
def test_depth_never_ends_the_process() -> None:
    code = """
from imgcache.config import LimitSettings
from imgcache.core.articles.document import parse
from imgcache.errors import ArticleError
limits = LimitSettings(depth=10**6, front_matter=1 << 30, nodes=10**9)
blocks = "".join(" " * i + "a:\\n" for i in range(1_200))
for level in ("[", "{a: ", "- ", "? ", "[{", "- ? ", "[?", "!!map {b: ", "? - : ", "- !t "):
    for text in (level * 100_000, blocks + " " * 1_200 + level * 9_000):
        try:
            parse(f"---\\n{text}\\n---\\n".encode(), whole=False, limits=limits)
        except ArticleError:
            print("refused")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["refused"] * 20


def test_a_level_more_than_the_limit_is_refused_at_its_line() -> None:
    limits = LimitSettings(depth=4)
    assert document(b"---\na:\n- b:\n  - c\n---\n", limits=limits).root is not None
    found = error(b"---\na:\n- b:\n  - c: d\n---\n", limits=limits)
    assert (found.line, "deeper than 4" in found.message) == (4, True)
    # an alias is as deep as what it stands for
    assert error(b"---\nx: &x [[y]]\na: [[*x]]\n---\n", limits=limits).line is not None


def test_a_node_more_than_the_limit_is_refused() -> None:
    # a mapping, its key, its list and three scalars
    assert document(b"---\na: [b, c, d]\n---\n", limits=LimitSettings(nodes=6)).root is not None
    assert "5 nodes" in error(b"---\na: [b, c, d]\n---\n", limits=LimitSettings(nodes=5)).message


def test_aliases_count_as_all_that_they_stand_for() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40)
    )
    merges = "m0: &m0 {a: 1}\n" + "".join(
        f"m{i}: &m{i}\n  <<: [{', '.join([f'*m{i - 1}'] * 9)}]\n" for i in range(1, 40)
    )
    assert "limits.nodes" in error(f"---\n{bomb}---\n".encode()).message
    assert "limits.nodes" in error(f"---\n{merges}---\n".encode()).message


def test_the_limit_of_bytes_counts_bytes_of_the_front_matter() -> None:
    data = "---\na: \u00e9\n---\n".encode() + b"x" * 100
    assert document(data, limits=LimitSettings(front_matter=6)).root is not None
    assert "5 bytes" in error(data, limits=LimitSettings(front_matter=5)).message
    toml = "+++\na = '\u00e9'\n+++\n".encode()
    assert document(toml, limits=LimitSettings(front_matter=9)).root is not None
    assert "8 bytes" in error(toml, limits=LimitSettings(front_matter=8)).message
    assert "8 bytes" in error(b'{"a": 1 }', limits=LimitSettings(front_matter=8)).message


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "true",
        "True",
        "yes",
        "n",
        "1",
        "-1.5",
        "0x1F",
        "1:30",
        ".inf",
        "1e3",
        "2021-02-15",
        "2021-02-15T21:41:00Z",
        "~",
        "null",
        "",
        "=",
        "<<",
        "'1'",
        '"true"',
        "! 1",
        "!!str 1",
        "!t 1",
        "[1, {a: 2}]",
        "|\n  1",
        "!!set {a}",
        "! [a]",
        "&a 1",
        "é",
        "trueish",
        "😀",
    ],
)
def test_tags_are_those_of_the_safe_loader(value: str) -> None:
    text = f"a: {value}\n{value if value == '<<' else 'b'}: c\n"
    theirs = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert repr(document(text.encode(), whole=True).root) == repr(theirs)


@pytest.mark.parametrize("value", ["9" * 5000, "2024-02-30", "!!python/object:os.system x", "1:99"])
def test_no_value_is_ever_constructed(value: str) -> None:
    assert document(f"---\na: {value}\n---\n".encode()).root is not None


@pytest.mark.parametrize(
    ("data", "language", "front"),
    [
        (b"+++ \t\r\na = 1\r\n+++\t\r\nbody", Language.TOML, "a = 1\r\n"),
        (b"+++\n+++", Language.TOML, ""),
        (b"\xef\xbb\xbf+++\n\n+++\n+++\n", Language.TOML, "\n"),
        (b'{\n "a": 1\n}\nbody }', Language.JSON, '{\n "a": 1\n}'),
        (b"{}", Language.JSON, "{}"),
        (b'\xef\xbb\xbf{"a": "}"}{"b": 1}', Language.JSON, '{"a": "}"}'),
        (b'{"\\"}": {}}\xe9', Language.JSON, '{"\\"}": {}}'),
    ],
)
def test_the_fence_tells_the_language(data: bytes, language: Language, front: str) -> None:
    found = document(data)
    assert (found.language, found.text[found.start :]) == (language, front)
    assert found.data == data


@pytest.mark.parametrize(
    "data",
    [
        b"---\na: 1\nbody\n",
        b"---",
        b"---\n\nA horizontal rule.\n",
        b"+++\na = 1\n",
        b"+++\r\na = 1\r\n +++\n---\n",
        b'{"a": 1',
        b'{"a": "}',
        b'{"' + b'\\"' * 200_000,
    ],
)
def test_front_matter_without_a_closing_line_is_told_apart(data: bytes) -> None:
    assert parse(data, whole=False, limits=LimitSettings()) is NotAnArticle.UNCLOSED
