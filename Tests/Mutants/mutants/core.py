# SPDX-License-Identifier: Apache-2.0
"""Tries mutants of the core."""

import pathlib
import shutil

from . import stages
from .objects import Objects
from .tree import belongs_to_core, synchronize
from .worker import Worker

MOST_CACHED = 1 << 30  # bytes of objects that are kept for the next run


class CoreWorker(Worker):
    """A copy of the core, of which one file at a time is changed, and of its tests."""

    def __init__(self, root: pathlib.Path, work: pathlib.Path, seed, chosen_stages, seen):
        tree = work / "tree"
        synchronize(root, tree, belongs_to_core)
        if sum(path.stat().st_size for path in work.glob("cache/*")) > MOST_CACHED:
            shutil.rmtree(work / "cache")
        self.objects = Objects(tree / "CSources" / "COrderedProducer", work / "objects")
        self.seen = seen  # what differs in the code of those that were tried, of all workers
        super().__init__(tree, stages.of_core(tree, work, seed), chosen_stages)

    def discard(self, mutant):
        differs = self.objects.compare(self.tree / mutant.path)
        if differs is None:
            return "not compiling", ""
        if differs == "":
            return "same code", ""
        first = self.seen.setdefault(differs, mutant.id)
        return ("same as another", first) if first != mutant.id else (None, "")
