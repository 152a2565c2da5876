# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the Swift modules: a copy of the package that is built again after each change."""

import json
import pathlib
import re

from . import process
from .stages import SPARE_SECONDS, SURVIVED, StageBroken, Verdict
from .tree import belongs_to_swift, synchronize
from .worker import Worker

BUILD_SECONDS = 1800
IDLE_SECONDS = 15  # in which no test prints anything or computes: they wait for each other
OPTIONS = ["--enable-all-traits", "-j", "1"]
LIBRARY = "OrderedProducer"
RANDOM = r"^OrderedProducerTests\.RandomProgramTests/"  # as long as all others together
FAILS = re.compile(r"✘ Test (.*?) (?:recorded an issue|failed after|hangs: )|error: Exited with unexpected signal")
STARTED = re.compile(r"^◇ Test (?!case |run )(.*) started\.$", re.MULTILINE)
FINISHED = re.compile(r"^[✔✘➜] Test (.*?)(?: with \d+ test cases)? (?:passed|failed|skipped|cancelled)", re.MULTILINE)


class SwiftWorker(Worker):
    """A copy of the package, of which after each change the changed module is built again, and no other.

    Without optimisation a module calls the functions of another one, be they `@inlinable`, and has no copies of them. So
    the tests are linked with the module's new objects and all others as they are: that takes seconds, and not a
    minute."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        tree = work / "package"
        synchronize(root, tree, belongs_to_swift)
        modules = sorted(path.name for path in (tree / "Sources").iterdir())
        stages = [kind(tree, modules) for kind in (OwnTests, OtherTests, RandomPrograms)]
        super().__init__(tree, stages, chosen_stages)
        self.modules = modules
        self.link = []  # the command that links the tests
        self.objects = {}  # of each module: those of what is not changed
        self.changed = None  # the module that the last mutant was in: its objects are the mutant's still

    def check_sound(self, record):
        built = _build(self.tree, "--build-tests")
        if not built.passed:
            raise SystemExit(f"mutants: the package does not build:\n{built.output[-2000:]}")
        self.link = _link_command((self.tree / ".build" / "debug.yaml").read_text(encoding="utf-8"))
        for module in self.modules:
            built = self.tree / ".build" / "debug" / f"{module}.build"
            self.objects[module] = {path: path.read_bytes() for path in built.glob("*.o")}
        super().check_sound(record)

    def discard(self, mutant):
        module = mutant.path.split("/")[1]
        if self.changed not in (None, module):
            for path, data in self.objects[self.changed].items():
                path.write_bytes(data)
        self.changed = module
        if not _build(self.tree, "--target", module).passed:
            return "not compiling", ""
        linked = process.run(self.link, seconds=BUILD_SECONDS, folder=self.tree)
        if not linked.passed:
            raise StageBroken(f"the tests were not linked:\n{linked.output[-2000:]}")
        return None, ""


def _build(tree, *what):
    built = process.run(["swift", "build", *what, *OPTIONS], seconds=BUILD_SECONDS, folder=tree)
    if built.limit is not None:
        raise StageBroken(f"the build was ended by its limit of {built.limit}:\n{built.output[-2000:]}")
    return built


def _link_command(manifest):
    """The one that links the tests, from what SwiftPM has written for llbuild."""
    return json.loads(re.search(r'description: "Linking .*PackageTests\.xctest"\n    args: (.*)', manifest).group(1))


class _Tests:
    """Tests of the package, chosen by the module in which the mutant is."""

    def __init__(self, tree, modules):
        self.tree = tree
        self.modules = modules
        self.usual_seconds = {}

    def is_for(self, mutant):
        return mutant.path.split("/")[1] in self.modules

    def judge(self, mutant):
        for module in self.modules if mutant is None else [mutant.path.split("/")[1]]:
            verdict = self._run(module)
            if verdict.caught:
                return verdict
        return SURVIVED

    def _run(self, module):
        usual = self.usual_seconds.get(module)
        for _ in range(3):
            ended = self._perform(self.chosen(module), SPARE_SECONDS + 10 * usual if usual is not None else 600)
            if ended.passed:
                self.usual_seconds.setdefault(module, ended.seconds)
                return SURVIVED
            verdict, hanging = _verdict(ended)
            # A busy machine may be to blame, if they do not hang alone: each of them takes a second.
            if not verdict.hung or not hanging or self._hang_alone(hanging):
                return verdict
        return verdict

    def _hang_alone(self, tests):
        names = "|".join(map(re.escape, tests))
        return not self._perform(["--filter", rf"[./]({names})(/|$)"], SPARE_SECONDS).passed

    def _perform(self, chosen, seconds):
        return process.run(
            [_bundle(self.tree), "--testing-library", "swift-testing", *chosen],
            seconds=seconds,
            environment={"NO_COLOR": "1"},  # into a pipe, too, it would come with colours, which FAILS does not know
            folder=self.tree,
            stops_at=FAILS.search,
            idle=IDLE_SECONDS,
        )


def _bundle(tree):
    """The program with the tests. Not through `swift test`, which tells nothing before all is over, and leaves it
    running where it is ended."""
    return next((tree / ".build" / "debug").glob("*PackageTests.xctest"))


class OwnTests(_Tests):
    name = "own tests"

    def chosen(self, module):
        return ["--filter", rf"^{module}Tests\.", "--skip", RANDOM]


class OtherTests(_Tests):
    name = "other tests"

    def __init__(self, tree, modules):
        super().__init__(tree, [LIBRARY])  # no other module is used by one

    def chosen(self, module):
        return ["--skip", rf"^{module}Tests\.", "--skip", RANDOM]


class RandomPrograms(_Tests):
    name = "random"

    def __init__(self, tree, modules):
        super().__init__(tree, [LIBRARY])

    def chosen(self, module):
        return ["--filter", RANDOM]


def _verdict(ended):
    """And the tests that hang."""
    failed = FAILS.search(ended.output)
    finished = set(FINISHED.findall(ended.output))
    running = [name for name in STARTED.findall(ended.output) if name not in finished][:4]
    if failed and failed.group(1):
        hung = failed.group().endswith("hangs: ")
        return Verdict(True, failed.group(1), hung), [failed.group(1)] if hung else []
    if ended.limit in ("time", "idle"):
        return Verdict(True, f"hangs with {', '.join(running) or 'no test'} running", True), running
    return Verdict(True, f"ended by {ended.limit or f'status {ended.status}'} with {', '.join(running)} running"), []
