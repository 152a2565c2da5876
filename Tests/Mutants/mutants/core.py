# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the core."""

import pathlib
import shutil

from . import stages
from .objects import Objects
from .worker import Worker


PARTS = ("CSources", "Snippets", "Tests/COrderedProducerTests", "Tests/Faults", "Tests/Schedules")


class CoreWorker(Worker):
    """A copy of the core, of which one file at a time is changed, and of its tests: so that work on both can go on."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        self.tree = work / "tree"
        self.core = self.tree / "CSources" / "COrderedProducer"
        shutil.rmtree(work, ignore_errors=True)
        for part in PARTS:
            shutil.copytree(root / part, self.tree / part)
        self.objects = Objects(self.core, work / "objects")
        self.seen = seen  # what differs in the code of those that were tried, of all workers
        super().__init__(self.tree, stages.of_core(self.tree, work, seed), chosen_stages)

    def discard(self, mutant):
        differs = self.objects.compare(self.tree / mutant.path)
        if differs is None:
            return "not compiling", ""
        if differs == "":
            return "same code", ""
        first = self.seen.setdefault(differs, mutant.id)
        return ("same as another", first) if first != mutant.id else (None, "")
