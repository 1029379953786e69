"""Try a sample of changes, each in a copy of the project, and print those that no test noticed.

mutmut makes the changes of the files in `[tool.mutmut]` of pyproject.toml: other numbers, comparisons, arguments.
All of them would take hours. `[tool.mutation]` says how many are drawn, with which seed, which tests belong to
which file, and the least share that must be noticed; the exit code is 1 below it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from queue import SimpleQueue

import libcst
from mutmut.mutation.file_mutation import Mutation, create_mutations

ROOT = Path(__file__).resolve().parents[2]
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
WORKERS = 2
SLOWEST = 300
"""Seconds after which a change counts as noticed: it made something endless."""
LEFT_OUT = ("*.sqlite3*", ".git", ".venv", ".mypy_cache", ".ruff_cache", "__pycache__", "staticfiles", "mutants")


@dataclass(frozen=True)
class Change:
    """One change of a file: its source with the change, and the changed line, before and after."""

    path: str
    source: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.before}  ->  {self.after}"


@cache
def mutations(path: str) -> tuple[libcst.Module, list[Mutation]]:
    """Return the module and its changes inside functions; texts are left as they are."""
    module, made, _classes, _functions = create_mutations(path, (ROOT / path).read_text())
    texts = libcst.BaseString | libcst.FormattedString
    inside = (mutation for mutation in made if mutation.contained_by_top_level_function)
    return module, [mutation for mutation in inside if not isinstance(mutation.original_node, texts)]


def change_of(path: str, number: int) -> Change:
    """Return one of the changes of a file."""
    module, made = mutations(path)
    source = module.deep_replace(made[number].original_node, made[number].mutated_node).code  # type: ignore[attr-defined]
    lines = list(zip_longest(module.code.splitlines(), source.splitlines(), fillvalue=""))
    line = next((at for at, (before, after) in enumerate(lines) if before != after), 0)
    return Change(path, source, line + 1, *(text.strip() for text in lines[line]))


def files() -> list[str]:
    """Return the files whose changes are tried."""
    found: set[Path] = set()
    for name in TOOL["mutmut"]["source_paths"]:
        path = ROOT / name
        found |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def tests_of(path: str) -> list[str]:
    """Return the tests that belong to a file, those of the longest prefix."""
    prefix = max((name for name in TOOL["mutation"]["tests"] if path.startswith(name)), key=len)
    tests: list[str] = TOOL["mutation"]["tests"][prefix]
    return tests


def run_tests(copy: Path, *arguments: str) -> bool:
    """Run tests in a copy of the project and say whether one failed."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.mutation.settings", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-x", "-q", "--reuse-db", *arguments]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=SLOWEST, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> int:
    """Try the sample and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=TOOL["mutation"]["changes"], help="how many changes are drawn")
    parser.add_argument("--seed", type=int, default=TOOL["mutation"]["seed"])
    parser.add_argument("--file", default="", help="only changes of files whose path begins like this")
    options = parser.parse_args()
    os.chdir(ROOT)
    chosen = [path for path in files() if path.startswith(options.file)]
    every = [(path, number) for path in chosen for number in range(len(mutations(path)[1]))]
    drawn = random.Random(options.seed).sample(every, min(options.changes, len(every)))
    sample = [change_of(path, number) for path, number in drawn]
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for worker in range(WORKERS):
            copy = Path(folder) / str(worker)
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
            copies.put(copy)

        def is_noticed(change: Change) -> bool:
            copy = copies.get()
            file = copy / change.path
            before = file.read_text()
            file.write_text(change.source)
            try:
                return run_tests(copy, *tests_of(change.path))
            finally:
                file.write_text(before)
                copies.put(copy)

        tests = sorted({test for change in sample for test in tests_of(change.path)})
        with ThreadPoolExecutor(WORKERS) as pool:
            # Unchanged first: it makes the databases, and the tests must pass.
            shares = [tests[worker::WORKERS] or tests for worker in range(WORKERS)]
            first = [pool.submit(run_tests, Path(folder) / str(worker), *share) for worker, share in enumerate(shares)]
            if any(run.result() for run in first):
                print("Tests fail without any change.")
                return 1
            results = list(zip(sample, pool.map(is_noticed, sample), strict=True))
    unnoticed = [change for change, noticed in results if not noticed]
    for change in unnoticed:
        print(f"unnoticed: {change}")
    noticed = len(sample) - len(unnoticed)
    print(f"{noticed} of {len(sample)} changes noticed, drawn from {len(every)}: {noticed / len(sample):.1%}")
    return noticed / len(sample) < TOOL["mutation"]["least"]


if __name__ == "__main__":
    sys.exit(main())
