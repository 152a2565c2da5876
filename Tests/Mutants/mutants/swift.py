# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the Swift modules: a copy of the package that is built again after each change."""

import filecmp
import pathlib
import re
import shutil

from . import process
from .stages import SPARE_SECONDS, SURVIVED, StageBroken, Verdict
from .worker import Worker

BUILD_SECONDS = 1800
OPTIONS = ["--enable-all-traits", "-j", "1"]
FAILS = re.compile(r"✘ Test (.*?) recorded an issue|✘ Test (.*?) failed after|error: Exited with unexpected signal")
STARTED = re.compile(r"^◇ Test (.*) started\.$", re.MULTILINE)
FINISHED = re.compile(r"^[✔✘➜] Test (.*?)(?: with \d+ test cases)? (?:passed|failed|skipped|cancelled)", re.MULTILINE)


class SwiftWorker(Worker):
    """The package without what lies in packages of their own. Its build folder is kept from run to run."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        tree = work / "package"
        _synchronize(root, tree)
        modules = sorted(path.name for path in (tree / "Sources").iterdir())
        super().__init__(tree, [OwnTests(tree, modules), OtherTests(tree, modules)], chosen_stages)

    def check_sound(self):
        built = _build(self.tree)
        if not built.passed:
            raise SystemExit(f"mutants: the package does not build:\n{built.output[-2000:]}")
        super().check_sound()

    def discard(self, mutant):
        return ("not compiling", "") if not _build(self.tree).passed else (None, "")


def _build(tree):
    built = process.run(["swift", "build", "--build-tests", *OPTIONS], seconds=BUILD_SECONDS, folder=tree)
    if built.limit is not None:
        raise StageBroken(f"the build was ended by its limit of {built.limit}:\n{built.output[-2000:]}")
    return built


class _Tests:
    """Tests of the package, chosen by the module in which the mutant is."""

    def __init__(self, tree, modules):
        self.tree = tree
        self.modules = modules
        self.usual_seconds = {}

    def is_for(self, mutant):
        return True

    def judge(self, mutant):
        for module in self.modules if mutant is None else [mutant.path.split("/")[1]]:
            verdict = self._run(module)
            if verdict.caught:
                return verdict
        return SURVIVED

    def _run(self, module):
        usual = self.usual_seconds.get(module)
        ended = process.run(
            ["swift", "test", "--skip-build", *OPTIONS, *self.chosen(module)],
            seconds=SPARE_SECONDS + 10 * usual if usual is not None else 600,
            folder=self.tree,
            stops_at=FAILS.search,
        )
        if ended.passed:
            self.usual_seconds.setdefault(module, ended.seconds)
            return SURVIVED
        return _verdict(ended)


class OwnTests(_Tests):
    name = "own tests"

    def chosen(self, module):
        return ["--filter", rf"^{module}Tests\."]


class OtherTests(_Tests):
    name = "other tests"

    def chosen(self, module):
        return ["--skip", rf"^{module}Tests\."]


def _verdict(ended):
    failed = FAILS.search(ended.output)
    finished = set(FINISHED.findall(ended.output))
    running = [name for name in STARTED.findall(ended.output) if name not in finished]
    if failed and (failed.group(1) or failed.group(2)):
        hung = "Time limit was exceeded" in ended.output[failed.start() :]
        return Verdict(True, failed.group(1) or failed.group(2), hung)
    if ended.limit == "time":
        return Verdict(True, f"hangs with {', '.join(running) or 'no test'} running", True)
    return Verdict(True, f"ended by {ended.limit or f'status {ended.status}'} with {', '.join(running[:4])} running")


def _synchronize(root, tree):
    """Copies what differs, so that what was built of the rest stays valid."""
    kept = {path for path in root.rglob("*") if path.is_file() and _belongs(path.relative_to(root), root)}
    for path in kept:
        target = tree / path.relative_to(root)
        if not target.exists() or not filecmp.cmp(path, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for path in list(tree.rglob("*")):
        name = path.relative_to(tree)
        if path.is_file() and name.parts[0] != ".build" and root / name not in kept:
            path.unlink()


def _belongs(name, root):
    first = root / name.parts[0]
    return not name.parts[0].startswith(".") and not (first.is_dir() and (first / "Package.swift").exists())
