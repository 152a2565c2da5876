# SPDX-License-Identifier: Apache-2.0
"""Measures one pass of one subject, or lists the subjects."""

import gc
import importlib.util
import json
import os
import sys

import executor_map
import executor_window
import job as jobs
import work
from receiver import Receiver


def subjects():
    found = [executor_map, executor_window]
    if importlib.util.find_spec("asynqueue"):
        import asynqueue_items

        found.append(asynqueue_items)
    return {subject.NAME: subject for subject in found}


def main(words):
    known = subjects()
    if words == ["list"]:
        for subject in known.values():
            print(subject.NAME, "paced" if subject.IS_PACED else "unpaced", subject.SUMMARY, sep="\t")
        return 0
    parser, arguments, job = jobs.parse(words, known)
    subject = known[arguments.subject]
    if job.rate and not subject.IS_PACED:
        parser.error(f"{arguments.subject} cannot pace its requests")
    return measure(subject, arguments, job)


def measure(subject, arguments, job):
    receiver = None
    for receiver in subject.run(job, passes(job, arguments.warm_up)):
        pass
    if receiver.received != job.items or receiver.checksum != arguments.expect:
        print(
            f"{arguments.subject}: {receiver.received} of {job.items} items received with checksum "
            f"{receiver.checksum:x} instead of {arguments.expect:x}",
            file=sys.stderr,
        )
        return 1
    if arguments.latencies:
        if sys.byteorder == "big":
            receiver.latencies.byteswap()
        with open(arguments.latencies, "wb") as file:
            receiver.latencies.tofile(file)
    print(json.dumps(receiver.measurement(arguments.subject), separators=(",", ":")))
    return 0


def passes(job, warm_up):
    """A receiver for the pass that is not measured, and one for the pass that is."""
    if warm_up:
        short = job.to_warm_up(warm_up)
        work.set_sizes(short)
        yield Receiver(short)
    gc.collect()
    work.set_sizes(job)
    yield Receiver(job)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    # Not by way of the interpreter's end, which waits for threads that a failed pass may have left behind.
    os._exit(status)
