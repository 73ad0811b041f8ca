"""The house's walls: imports point down only, and the core touches nothing of the outside world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import imgcache

HOUSE = Path(imgcache.__file__).parent
# A module may import from lower floors, and from its own package where its floor says so.
FLOORS = {
    "errors": 0,
    "model": 0,
    "facts": 0,
    "findings": 0,
    "results": 0,
    "cache_results": 0,
    "version": 0,
    "units": 0,
    "userinfo": 0,
    "config_sources": 0,
    "config_types": 0,
    "config_rules": 0,
    "config_images": 0,
    "place_patterns": 0,
    "config": 0,
    "core": 1,
    "edge": 2,
    "render": 2,
    "engine": 3,
    "cli": 4,
    "service": 4,
    "__main__": 5,
    "__init__": 5,
}
# Within a floor: which folders of it a folder may import; what is not named, none but itself.
WITHIN = {
    "core": {
        "articles": {"bodies"},
        "bodies": set(),
        "cache": {"http", "images"},
        "http": {"verdicts"},
        "verdicts": {"images"},
        "catalog": {"http"},
    },
    "edge": {
        "index": {"cache"},
        "catalog": {"index", "cache"},
        "exports": {"catalog"},
        "workers": set(),
    },
    "engine": {
        "images": {"run"},
        "catalog": {"run", "images"},
        "refresh": {"run", "images", "catalog"},
        "verify": {"run", "images", "catalog"},
        "cache": {"run", "images", "catalog"},
        "explain": {"run", "images"},
        "known_url": {"run", "images", "catalog"},
        "init": {"run", "images", "site_folders"},
        "site_folders": {"run"},
        "html_report": {"run", "images", "catalog"},
        "export": {"run", "images", "catalog"},
    },
}
# Modules of a floor that all of its folders share.
SHARED = {
    "edge": {
        "safe_fs", "os_errors", "atomic_file", "descriptors", "cores", "made_folder", "stopping",
        "forked", "body_memory",
    }
}  # fmt: skip
BESIDE = {("edge", "render"), ("render", "edge")}
OUTSIDE_WORLDS = {
    "pyromark": "core",
    "httpx": "edge",
    "aiohttp": "edge",
    "yarl": "edge",
    "PIL": "edge",
    "sqlite3": "edge",
    "dask": "edge",
    "distributed": "edge",
    "ray": "edge",
    "obstore": "edge",
    "fcntl": "edge",
    "pathspec": "edge",
    "typer": "cli",
    "aiofiles": "cli",
    "fastapi": "service",
    "starlette": "service",
    "uvicorn": "service",
    "jinja2": "render",
}
IMPURE_MODULES = {
    "asyncio", "glob", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket",
    "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "today", "utcnow"}


def modules() -> list[tuple[str, Path]]:
    paths = sorted(HOUSE.rglob("*.py"))
    return [(path.relative_to(HOUSE).with_suffix("").as_posix(), path) for path in paths]


def floor_name(module: str) -> str:
    return module.split("/", maxsplit=1)[0]


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they point"
            base = node.module or ""
            yield node.lineno, base
            if base in {"imgcache", *(f"imgcache.{name}" for name in FLOORS)}:
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def upward_imports(module: str, source: str) -> list[str]:
    mine = floor_name(module)
    slips = []
    for line, name in imports(ast.parse(source)):
        parts = name.split(".")
        if parts[0] != "imgcache" or len(parts) == 1 or parts[1] not in FLOORS:
            continue
        theirs = parts[1]
        if FLOORS[theirs] > FLOORS[mine] or (mine, theirs) in BESIDE:
            slips.append(f"{module}:{line} imports {name}")
    return slips


def sideways_imports(module: str, source: str) -> list[str]:
    """Imports of another folder of the same floor that WITHIN does not allow."""
    floor, _, rest = module.partition("/")
    if floor not in WITHIN:
        return []
    mine = rest.split("/")[0]
    allowed = {mine} | WITHIN[floor].get(mine, set()) | SHARED.get(floor, set())
    return [
        f"{module}:{line} imports {name}"
        for line, name in imports(ast.parse(source))
        if name.startswith(f"imgcache.{floor}.") and name.split(".")[2] not in allowed
    ]


def misplaced_imports(module: str, source: str) -> list[str]:
    mine = floor_name(module)
    return [
        f"{module}:{line} imports {name}"
        for line, name in imports(ast.parse(source))
        if OUTSIDE_WORLDS.get(name.split(".")[0], mine) != mine
    ]


def impurities(module: str, source: str) -> list[str]:
    tree = ast.parse(source)
    slips = [
        f"{module}:{line} imports {name}"
        for line, name in imports(tree)
        if name.split(".")[0] in IMPURE_MODULES
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            slips.append(f"{module}:{node.lineno} is async")
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in IMPURE_CALLS:
                slips.append(f"{module}:{node.lineno} calls {name}()")
    return slips


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_imports_point_down(module: str, path: Path) -> None:
    assert upward_imports(module, path.read_text()) == []


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_folders_of_a_floor_keep_apart(module: str, path: Path) -> None:
    assert sideways_imports(module, path.read_text()) == []


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_foreign_libraries_stay_on_their_floor(module: str, path: Path) -> None:
    assert misplaced_imports(module, path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "path"),
    [(module, path) for module, path in modules() if floor_name(module) == "core"],
    ids=lambda value: str(value)[-40:],
)
def test_the_core_is_pure(module: str, path: Path) -> None:
    assert impurities(module, path.read_text()) == []


def test_the_walls_are_seen_when_they_are_broken() -> None:
    assert upward_imports("core/x", "from imgcache.edge import store") != []
    assert upward_imports("core/x", "from imgcache import engine") != []
    assert upward_imports("render/x", "import imgcache.edge.cache.store") != []
    assert sideways_imports("engine/verify/x", "from imgcache.engine.refresh import planner") != []
    assert sideways_imports("engine/run/x", "from imgcache.engine import verify") != []
    assert sideways_imports("core/images/x", "import imgcache.core.verdicts.verdict") != []
    assert sideways_imports("core/bodies/x", "import imgcache.core.articles.entries") != []
    assert sideways_imports("engine/refresh/x", "from imgcache.engine.run import report") == []
    assert misplaced_imports("engine/x", "import httpx") != []
    assert impurities("core/x", "import time") != []
    assert impurities("core/x", "async def f(): ...") != []
    assert impurities("core/x", "datetime.now()") != []


def test_every_module_stands_on_a_floor() -> None:
    assert {floor_name(module) for module, _ in modules()} <= set(FLOORS)
