# SPDX-License-Identifier: Apache-2.0
"""Tries one mutant after another in a tree of its own; several workers share a queue of them."""

import hashlib
import json
import pathlib
import queue
import threading
import time

from .report import Result
from .tree import digest


class Worker:
    def __init__(self, tree, stages, chosen_stages):
        self.tree = tree
        unknown = set(chosen_stages) - {stage.name for stage in stages}
        if unknown:
            raise SystemExit(f"mutants: there is no stage {', '.join(sorted(unknown))}; there are "
                             f"{', '.join(stage.name for stage in stages)}")
        self.stages = [stage for stage in stages if not chosen_stages or stage.name in chosen_stages]

    def check_sound(self, record: pathlib.Path):
        """What is not changed has to pass: otherwise nothing that follows means anything. That it did, and in which
        time, is remembered in the file `record` for as long as no file is changed."""
        passed = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        now = digest(self.tree)
        if passed.get("digest") != now:
            passed = {"digest": now}
        for stage in self.stages:
            if stage.name in passed:
                stage.usual_seconds.update(passed[stage.name])
                continue
            began = time.monotonic()
            verdict = stage.judge(None)
            if verdict.caught:
                raise SystemExit(f"mutants: unchanged, {stage.name} is not passed: {verdict.by}")
            print(f"  unchanged, {stage.name} is passed in {time.monotonic() - began:.0f} s", flush=True)
            passed[stage.name] = stage.usual_seconds
            record.write_text(json.dumps(passed), encoding="utf-8")

    def discard(self, mutant):
        """Why a mutant that is in the tree need not be tried: a state of report.py and what goes with it; or None."""
        return None, ""

    def try_one(self, mutant, text):
        path = self.tree / mutant.path
        path.write_text(mutant.apply(text), encoding="utf-8")
        try:
            state, by = self.discard(mutant)
            return Result(mutant, state, by=by) if state is not None else self._judge(mutant)
        finally:
            path.write_text(text, encoding="utf-8")

    def _judge(self, mutant):
        for stage in self.stages:
            if not stage.is_for(mutant):
                continue
            verdict = stage.judge(mutant)
            if verdict.caught:
                return Result(mutant, "caught", stage.name, verdict.by, verdict.hung)
        return Result(mutant, "survived")


def try_all(mutants, texts, equivalent, workers):
    """What became of them, in their order. They are tried in another one, so that what is tried first is a fair part."""
    waiting = queue.SimpleQueue()
    results = {}
    failures = []
    for mutant in sorted(mutants, key=lambda mutant: hashlib.sha256(mutant.id.encode()).digest()):
        if mutant.id in equivalent:
            results[mutant.id] = Result(mutant, "equivalent", by=equivalent[mutant.id])
        else:
            waiting.put(mutant)

    def work(worker):
        while not failures:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            try:
                results[mutant.id] = worker.try_one(mutant, texts[mutant.path])
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)  # told by the thread that waits
                return
            results[mutant.id].seconds = time.monotonic() - began
            print(results[mutant.id].line(), flush=True)

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[mutant.id] for mutant in mutants]
