"""httpx without its own command line, which would import Pygments and half of rich at each start.

A name that is None in `sys.modules` can't be imported (the import system's reference, section
5.3.1); httpx takes that for an installation without its extra `cli`.
"""

from __future__ import annotations

import sys
from typing import Any, cast

_COMMAND_LINE = "httpx._main"
_modules = cast("dict[str, Any]", sys.modules)
_is_ours = _modules.setdefault(_COMMAND_LINE, None) is None

import httpx  # noqa: E402  it must follow the lines above

if _is_ours:
    del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
