# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the Swift modules: a copy of the package that is built again after each change."""

import pathlib
import re

from . import process
from .stages import SPARE_SECONDS, SURVIVED, StageBroken, Verdict
from .tree import belongs_to_swift, synchronize
from .worker import Worker

BUILD_SECONDS = 1800
OPTIONS = ["--enable-all-traits", "-j", "1"]
FAILS = re.compile(r"✘ Test (.*?) (?:recorded an issue|failed after|hangs: )|error: Exited with unexpected signal")
STARTED = re.compile(r"^◇ Test (.*) started\.$", re.MULTILINE)
FINISHED = re.compile(r"^[✔✘➜] Test (.*?)(?: with \d+ test cases)? (?:passed|failed|skipped|cancelled)", re.MULTILINE)


class SwiftWorker(Worker):
    """A copy of the package, built again after each change."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        tree = work / "package"
        synchronize(root, tree, belongs_to_swift)
        modules = sorted(path.name for path in (tree / "Sources").iterdir())
        super().__init__(tree, [OwnTests(tree, modules), OtherTests(tree, modules)], chosen_stages)

    def check_sound(self, record):
        built = _build(self.tree)
        if not built.passed:
            raise SystemExit(f"mutants: the package does not build:\n{built.output[-2000:]}")
        super().check_sound(record)

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
            [_bundle(self.tree), "--testing-library", "swift-testing", *self.chosen(module)],
            seconds=SPARE_SECONDS + 10 * usual if usual is not None else 600,
            folder=self.tree,
            stops_at=FAILS.search,
        )
        if ended.passed:
            self.usual_seconds.setdefault(module, ended.seconds)
            return SURVIVED
        return _verdict(ended)


def _bundle(tree):
    """The program with the tests. Not through `swift test`, which tells nothing before all is over, and leaves it
    running where it is ended."""
    return next((tree / ".build" / "debug").glob("*PackageTests.xctest"))


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
    if failed and failed.group(1):
        hung = failed.group().endswith("hangs: ")
        return Verdict(True, failed.group(1), hung)
    if ended.limit == "time":
        return Verdict(True, f"hangs with {', '.join(running) or 'no test'} running", True)
    return Verdict(True, f"ended by {ended.limit or f'status {ended.status}'} with {', '.join(running[:4])} running")
