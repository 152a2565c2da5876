# SPDX-License-Identifier: Apache-2.0
"""What a mutant has to get past, the cheapest first: a further kind of test is a further line of `of_core`."""

import dataclasses
import os
import pathlib
import re

from . import process

HERE = pathlib.Path(__file__).resolve().parent.parent
TESTS = HERE.parent
SPARE_SECONDS = 60  # that a program may take beyond ten times what it takes with the sound core


@dataclasses.dataclass
class Verdict:
    caught: bool
    by: str = ""  # the test that caught it
    hung: bool = False


SURVIVED = Verdict(False)


class StageBroken(Exception):
    """A stage could not be carried out: that says nothing of the mutant."""


def of_core(core: pathlib.Path, work: pathlib.Path, seed):
    """The stages for the core in the folder `core`, built below `work`."""
    return [
        Programs("tests", core, work / "tests", seed),
        Programs("address", core, work / "address", seed, mode="-fsanitize=address"),
        Schedules("plays", core, work / "schedules", seed, "--bound 1 --random 200 --seconds 3"),
    ]


class Stage:
    def __init__(self, name, core, work, seed, compiler="cc"):
        self.name = name
        self.core = core
        self.work = work
        self.seed = seed
        self.environment = {
            "CC": str(HERE / "cc"),
            "MUTANTS_CC": compiler,
            "MUTANTS_CACHE": str(work.parent / "cache"),
            "CORE": str(core),
            "JOBS": "1",
        }
        self.usual_seconds = {}  # of each program, with the sound core
        work.mkdir(parents=True, exist_ok=True)
        os.makedirs(self.environment["MUTANTS_CACHE"], exist_ok=True)

    def is_for(self, mutant):
        return True

    def _limit(self, name):
        return SPARE_SECONDS + 10 * self.usual_seconds[name] if name in self.usual_seconds else 1200

    def _build(self, command, folder=TESTS):
        built = process.run(command, seconds=1200, environment=self.environment, folder=folder)
        if not built.passed:
            raise StageBroken(f"{self.name}: {' '.join(map(str, command))}\n{built.output[-2000:]}")

    def _perform(self, name, command, is_failure, environment=None):
        """Runs a program up to the first line that tells of a failure."""
        ended = process.run(
            command,
            seconds=self._limit(name),
            environment={**self.environment, **(environment or {})},
            stops_at=is_failure,
        )
        if ended.passed:
            self.usual_seconds.setdefault(name, ended.seconds)
        return ended


class Programs(Stage):
    """The C tests: each program is linked when its turn comes, those that are named like what was changed first."""

    FOLDER = TESTS / "COrderedProducerTests"

    def __init__(self, name, core, work, seed, mode="", compiler="cc"):
        super().__init__(name, core, work, seed, compiler)
        self.mode = mode
        self.names = sorted(path.stem for path in self.FOLDER.glob("*_test.c"))

    def judge(self, mutant):
        for name in self._in_turn(mutant):
            program = self.work / name
            self._build(
                ["make", "-s", "-f", "build.mk", f"CORE={self.core}", f"BUILD={self.work}", f"CC={HERE / 'cc'}",
                 f"MODE={self.mode}", str(program)],
                self.FOLDER,
            )
            ended = self._perform(name, [program, f"SEED={self.seed}"], lambda line: line.startswith("FAIL "),
                                  {"WATCHDOG": str(self.watchdog)})
            if not ended.passed:
                return _verdict_of_program(name, ended)
        return SURVIVED

    def _in_turn(self, mutant):
        stem = pathlib.PurePath(mutant.path).stem if mutant is not None else ""
        return sorted(
            self.names,
            key=lambda name: (not name.startswith(stem) if stem else True, self.usual_seconds.get(name, 0), name),
        )


def _verdict_of_program(name, ended):
    line = next((line for line in ended.output.splitlines() if line.startswith("FAIL ")), None)
    if line is not None:
        what = re.sub(r",? ?SEED=\d+", "", line[5:])
        return Verdict(True, f"{name}: {what}", "hangs (signal" in line)
    if ended.limit is not None:
        return Verdict(True, f"{name}: ended by its limit of {ended.limit}", ended.limit == "time")
    return Verdict(True, f"{name}: status {ended.status}")


class Schedules(Stage):
    """A search of the schedule controller."""

    def __init__(self, name, core, work, seed, arguments):
        super().__init__(name, core, work, seed)
        self.arguments = arguments.split()
        self.environment["BUILD_DIR"] = str(work)

    def judge(self, mutant):
        self._build([TESTS / "Schedules" / "run", "list"])
        command = [self.work / "schedules", *self.arguments, "--failures", "1", f"SEED={self.seed}"]
        ended = self._perform(self.name, command, lambda line: re.match(r"  \w+ +failed, ", line))
        if ended.passed:
            return SURVIVED
        told = re.search(r"^FAIL (.*)", ended.output, re.MULTILINE) or re.search(
            r"^  (\w+) +failed, |^  (no play passes the point \w+)", ended.output, re.MULTILINE
        )
        if told:
            return Verdict(True, told.group(told.lastindex))
        last = ([""] + ended.output.strip().splitlines())[-1].strip()
        hung = ended.limit == "time"
        return Verdict(True, f"{'hangs in the one after' if hung else f'status {ended.status} after'}: {last}", hung)
