"""Runner of GitHub: as much of one as the shell steps of action.yml see."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}


@dataclass
class Ran:
    status: int
    stdout: str
    summary: str
    outputs: dict[str, str] = field(default_factory=dict)


class Runner:
    """As much of a runner as a shell step sees: its folders, its files, bash with -eo pipefail."""

    def __init__(self, folder: Path, work: Path) -> None:
        self.temp, self.work = folder / "temp", work
        programs = self.temp / "imgcache" / "bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(sys.executable)
        program = programs / "imgcache"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m imgcache "$@"\n')
        program.chmod(0o755)

    async def run(self, script: str, env: dict[str, str], path: Path | None = None) -> Ran:
        files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        (self.temp / "step.sh").write_text(script)
        process = await asyncio.create_subprocess_exec(
            *("bash", "--noprofile", "--norc", "-eo", "pipefail", self.temp / "step.sh"),
            cwd=self.work,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"],
                "HOME": str(self.temp),
                "PYTHONPATH": str(ROOT),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_ACTIONS": "true",
                **{name: str(file) for name, file in files.items()},
                **env,
            },
        )
        stdout, _ = await process.communicate()
        written = files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in written)
        summary = files["GITHUB_STEP_SUMMARY"].read_text()
        return Ran(process.returncode or 0, stdout.decode(), summary, outputs)

    async def action(self, **given: str) -> Ran:
        """The step that runs imgcache, with inputs filled in as the runner does."""
        inputs = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        step = STEPS["Run imgcache"]
        env = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda m: inputs[m[1]], value)
            for name, value in step["env"].items()
        }
        return await self.run(step["run"], env)
