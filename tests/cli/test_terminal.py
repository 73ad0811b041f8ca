"""What the environment says of colours and links, and what a terminal then gets."""

from __future__ import annotations

import pytest

from imgcache.cli.terminal import has_links, wants_colour


@pytest.mark.parametrize(
    ("env", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "3", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "0"}, True, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, True, True),
        ({"CLICOLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_are_as_the_environment_wants_them(
    env: dict[str, str], terminal: bool, wanted: bool
) -> None:
    assert wants_colour(env, terminal=terminal) is wanted


@pytest.mark.parametrize(
    "env",
    [
        {"TERM_PROGRAM": "WezTerm", "TERM": "xterm-256color"},
        {"TERM_PROGRAM": "iTerm.app"},
        {"TERM": "xterm-kitty"},
        {"TERM": "foot-extra"},
        {"VTE_VERSION": "7603", "TERM": "xterm-256color"},
        {"KONSOLE_VERSION": "230804"},
        {"WT_SESSION": "a-guid"},
    ],
)
def test_known_terminals_get_links_and_none_inside_of_another(env: dict[str, str]) -> None:
    assert has_links(env)
    assert not has_links(env | {"TERM": "screen-256color"})
    assert not has_links(env | {"TMUX": "/tmp/tmux-1000/default,1,0"})  # noqa: S108
    assert not has_links(env | {"TERM": "dumb"})


@pytest.mark.parametrize(
    "env",
    [{}, {"TERM": "xterm-256color"}, {"TERM": "linux"}, {"VTE_VERSION": "4600"},
     {"VTE_VERSION": "x"}, {"TERM_PROGRAM": "Apple_Terminal"}, {"TERM_PROGRAM": "vscode"},
     {"KONSOLE_VERSION": ""}],
)  # fmt: skip
def test_no_other_terminal_gets_links(env: dict[str, str]) -> None:
    assert not has_links(env)
