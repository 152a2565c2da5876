# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the core."""

import pathlib
import shutil

from . import stages
from .objects import Objects
from .worker import Worker


class CoreWorker(Worker):
    """A copy of the core in which one file at a time is changed, and a place to build it."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        self.tree = work / "tree"
        self.core = self.tree / "CSources" / "COrderedProducer"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(root / "CSources" / "COrderedProducer", self.core)
        self.objects = Objects(self.core, work / "objects")
        self.seen = seen  # what differs in the code of those that were tried, of all workers
        super().__init__(self.tree, stages.of_core(self.core, work, seed), chosen_stages)

    def discard(self, mutant):
        differs = self.objects.compare(self.tree / mutant.path)
        if differs is None:
            return "not compiling", ""
        if differs == "":
            return "same code", ""
        first = self.seen.setdefault(differs, mutant.id)
        return ("same as another", first) if first != mutant.id else (None, "")
