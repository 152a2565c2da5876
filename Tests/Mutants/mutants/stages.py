# SPDX-License-Identifier: Apache-2.0
"""What a mutant of the core has to get past, the cheapest first: a further kind of test is a further line of `of_core`."""

import dataclasses
import os
import pathlib
import re
import shutil

from . import process

COMPILER = pathlib.Path(__file__).resolve().parent.parent / "cc"
SPARE_SECONDS = 60  # that a program may take beyond ten times what it takes unchanged
LOCKS = ("drop-lock", "late-lock", "early-unlock")


def of_core(tree: pathlib.Path, work: pathlib.Path, seed):
    """The stages for the core and with the tests of a copy, built below `work`."""
    place = tree, work, seed
    stages = [
        Programs("plain", *place, mode=""),
        Programs("tests", *place, mode="-fsanitize=address"),
        Faults("faults", *place),
    ]
    if (tree / "Tests/Schedules/programs.c").exists():
        search = "--seconds 60 --failures 1 --shrink 0"
        stages.append(Schedules("random", *place, program="programs", build="--programs 0", arguments=search))
        free = "--programs --free 0"
        stages.append(Schedules("free", *place, program="free", build=free, arguments="--seconds 30"))
    search = "--bound 1 --random 200 --seconds 3 --failures 1"
    stages.append(Schedules("plays", *place, program="schedules", build="list", arguments=search))
    clang = _clang()
    if clang is not None:
        compiler, link = clang
        # Only for the locks: what else goes wrong between threads the controller sees, and says when.
        stages.append(
            Programs("threads", *place, mode="-fsanitize=thread", link=link, compiler=compiler, only=LOCKS)
        )
    return stages


@dataclasses.dataclass
class Verdict:
    caught: bool
    by: str = ""  # the test that caught it
    hung: bool = False


SURVIVED = Verdict(False)


class StageBroken(Exception):
    """A stage could not be carried out: that says nothing of the mutant."""


class Stage:
    def __init__(self, name, tree, work, seed, compiler="cc", only=None):
        self.name = name
        self.tests = tree / "Tests"
        self.work = work / name
        self.seed = seed
        self.only = only  # the operators for which it is worth its time; None: all
        self.environment = {
            "CC": str(COMPILER),
            "MUTANTS_CC": compiler,
            "MUTANTS_CACHE": str(work / "cache"),
            "BUILD_DIR": str(self.work),
            "JOBS": "1",
        }
        self.usual_seconds = {}  # of each program, unchanged
        self.work.mkdir(parents=True, exist_ok=True)
        os.makedirs(self.environment["MUTANTS_CACHE"], exist_ok=True)

    def is_for(self, mutant):
        return self.only is None or mutant.operator in self.only

    def build(self, command, folder=None):
        built = process.run(command, seconds=1200, environment=self.environment, folder=folder)
        if not built.passed:
            raise StageBroken(f"{self.name}: {' '.join(map(str, command))}\n{built.output[-2000:]}")

    def perform(self, name, command, is_failure, environment=None):
        """Runs a program up to the first line that tells of a failure."""
        usual = self.usual_seconds.get(name)
        ended = process.run(
            command,
            seconds=1200 if usual is None else _patience() * (SPARE_SECONDS + 10 * usual),
            environment={**self.environment, **(environment or {})},
            stops_at=is_failure,
        )
        if ended.passed:
            self.usual_seconds.setdefault(name, ended.seconds)
        return ended


class Programs(Stage):
    """The C tests, plain or under a sanitizer: with that of addresses a leak is found, too, but a process costs many times
    as much. Each program is linked when its turn comes, those that are named like what was changed first."""

    def __init__(self, name, tree, work, seed, mode, link="", compiler="cc", only=None):
        super().__init__(name, tree, work, seed, compiler, only)
        self.folder = self.tests / "COrderedProducerTests"
        self.make = ["make", "-s", "-f", "build.mk", f"BUILD={self.work}", f"CC={COMPILER}", f"MODE={mode}",
                     f"LINK={link}"]  # fmt: skip
        self.names = sorted(path.stem for path in self.folder.glob("*_test.c"))

    def judge(self, mutant):
        for name in sorted(self.names, key=lambda name: self._turn(name, mutant)):
            program = self.work / name
            self.build([*self.make, str(program)], self.folder)
            hangs_after = 120 if mutant is None else _patience() * (10 + 3 * self.usual_seconds.get(name, 30))
            environment = {"WATCHDOG": str(int(hangs_after)), "TSAN_OPTIONS": "halt_on_error=1"}
            ended = self.perform(name, [program, f"SEED={self.seed}"], tells_failure, environment)
            if not ended.passed:
                return _verdict(name, ended)
        return SURVIVED

    def _turn(self, name, mutant):
        stem = pathlib.PurePath(mutant.path).stem if mutant is not None else name
        return not name.startswith(stem), self.usual_seconds.get(name, 0), name


class Faults(Stage):
    """The core with what it asks of the system refused."""

    def judge(self, mutant):
        ended = self.perform(self.name, [self.tests / "Faults" / "run", f"SEED={self.seed}"], tells_failure)
        if ended.passed:
            return SURVIVED
        if ended.status is not None and not re.search(r"^\d+ passed, \d+ failed$", ended.output, re.MULTILINE):
            raise StageBroken(f"{self.name}: {ended.output[-2000:]}")
        return _verdict(self.name, ended)


class Schedules(Stage):
    """A search of the schedule controller: of a program that `Tests/Schedules/run` builds."""

    def __init__(self, *place, program, build, arguments):
        super().__init__(*place)
        self.command = [self.work / program, *arguments.split(), f"SEED={self.seed}"]
        self.builds = [self.tests / "Schedules" / "run", *build.split()]

    def judge(self, mutant):
        self.build(self.builds)
        ended = self.perform(self.name, self.command, lambda line: re.match(r"  \w+ +failed, ", line))
        return SURVIVED if ended.passed else _verdict(self.name, ended)


def _patience():
    """How many times as long something may take as on a quiet machine: a hang is told by its time alone."""
    return max(1, os.getloadavg()[0] / os.cpu_count() / 2)


def tells_failure(line):
    return line.startswith("FAIL ")


def _verdict(name, ended):
    told = re.search(r"^FAIL (.*)", ended.output, re.MULTILINE) or re.search(
        r"^  (\w+) +failed, |^  (no play passes the point \w+)|^ +\d+ times: (.*)", ended.output, re.MULTILINE
    )
    if told:
        what = re.sub(r",? ?SEED=\d+", "", told.group(told.lastindex))
        return Verdict(True, f"{name}: {what}", "hangs (signal" in what)
    last = ([""] + ended.output.strip().splitlines())[-1].strip()
    how = f"status {ended.status}" if ended.limit is None else f"ended by its limit of {ended.limit}"
    return Verdict(True, f"{name}: {how}, after: {last}", ended.limit == "time")


def _clang():
    """Swift's clang, and what its ThreadSanitizer has to be linked with: gcc's does not know fences."""
    compiler = shutil.which("clang")
    swift = shutil.which("swift")
    if compiler is None and swift is not None:
        compiler = pathlib.Path(swift).resolve().parent / "clang"
    if compiler is None or not pathlib.Path(compiler).exists():
        return None
    link = "-fuse-ld=lld"
    runtime = pathlib.Path(compiler).resolve().parent.parent / "lib" / "swift" / "linux"
    if (runtime / "libdispatch.so").exists():
        link += f" -L{runtime} -ldispatch -lBlocksRuntime -Wl,-rpath,{runtime}"
    return str(compiler), link
