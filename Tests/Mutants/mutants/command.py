# SPDX-License-Identifier: Apache-2.0
"""The command line."""

import fcntl
import os
import pathlib
import signal
import sys
import time
import unittest

from . import kept, process, report, sample
from .core import CoreWorker
from .languages import MODULES
from .liveness import Restorers
from .swift import SwiftWorker
from .worker import try_all

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
WORKERS = {"core": CoreWorker, "swift": SwiftWorker}
NUMBERS = {"SEED": None, "COUNT": 150, "JOBS": 1}


class Command:
    def __init__(self, arguments, usage):
        self.usage = usage
        self.module = "core"
        self.numbers = {**NUMBERS, "SEED": int(time.time())}
        self.stages = []
        self.mode = None  # list, show, only, liveness, self-test
        self.lists = False
        self.ids = []
        for argument in arguments:
            self._read(argument)
        if (self.mode in ("show", "only")) != bool(self.ids):
            self._wrong("--show and --only want the names of mutants, and nothing else takes any")

    def _read(self, argument):
        name, equals, value = argument.partition("=")
        if argument == "--list":
            self.lists = True
        elif argument in ("--show", "--only", "--liveness", "--self-test") and self.mode is None:
            self.mode = argument[2:]
        elif equals and name == "MODULE" and value in MODULES:
            self.module = value
        elif equals and name in NUMBERS and value.isdecimal():
            self.numbers[name] = int(value)
        elif equals and name == "STAGES":
            self.stages = value.split(",")
        elif ":" in argument and not argument.startswith("-"):
            self.ids.append(argument)
        else:
            self._wrong(f"'{argument}' is none of what it takes")

    def _wrong(self, what):
        print(f"mutants: {what}\n{self.usage}", file=sys.stderr)
        sys.exit(2)

    def run(self):
        if self.mode == "self-test":
            return self._test_itself()
        os.nice(10)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _give_up)
        language = MODULES[self.module]
        texts = language.read(ROOT)
        mutants = language.generate(texts)
        restoring = self._restoring(language, texts)
        chosen = self._choose(mutants, restoring)
        if self.mode == "show":
            for mutant in chosen:
                print(f"{mutant.place}  {mutant.id}\n{mutant.diff(texts[mutant.path])}")
            return 0
        if self.lists:
            for mutant in chosen:
                print(f"{mutant.place:<60} {mutant.id}")
            return 0
        return self._try(chosen, texts, mutants + restoring, language)

    def _restoring(self, language, texts):
        if self.module != "core":
            return []
        restorers = Restorers(HERE / "liveness.txt")
        found = language.generate(texts, restorers.changes)
        unused = restorers.unused()
        if unused:
            raise SystemExit(f"mutants: nothing is called as liveness.txt says any more: {', '.join(unused)}")
        return found

    def _choose(self, mutants, restoring):
        if self.ids:
            chosen = [mutant for mutant in mutants + restoring if mutant.id in self.ids]
            missing = set(self.ids) - {mutant.id for mutant in chosen}
            if missing:
                raise SystemExit(f"mutants: there is no {', '.join(sorted(missing))} in MODULE={self.module}")
            return chosen
        if self.mode == "liveness":
            return restoring
        return sample.take(mutants, self.numbers["SEED"], self.numbers["COUNT"])

    def _try(self, chosen, texts, generated, language):
        seed = self.numbers["SEED"]
        work = ROOT / ".build" / "mutants"
        work.mkdir(parents=True, exist_ok=True)
        alone = _lock(work / f"{self.module}.lock")
        print(f"MODULE={self.module} SEED={seed}: {len(chosen)} of {len(generated)} mutants", flush=True)
        seen = {}
        workers = [
            WORKERS[self.module](ROOT, work / f"{self.module}-{number}", seed, self.stages, seen)
            for number in range(max(1, self.numbers["JOBS"]))
        ]
        for worker in workers:
            worker.check_sound(work / f"{self.module}-passed.json")
        equivalent = kept.read(HERE / "equivalent.txt")
        results = try_all(chosen, texts, {} if self.mode == "only" else equivalent, workers)
        stale = kept.stale(equivalent, generated, language.suffixes)
        alone.close()
        return 0 if report.print_report(results, texts, len(generated), stale) else 1

    def _test_itself(self):
        suite = unittest.defaultTestLoader.discover(str(HERE / "Tests"), top_level_dir=str(HERE / "Tests"))
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
        failed = len(result.failures) + len(result.errors)
        print(f"{result.testsRun - failed} passed, {failed} failed")
        return 1 if failed or result.testsRun == 0 else 0


def _lock(path):
    """Two runs at a time would change the same copy."""
    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"mutants: another run works in {path.parent}") from None
    return file


def _give_up(number, _frame):
    process.end_all()
    os._exit(128 + number)  # the workers' threads may be anywhere; the next run puts the copies in order
