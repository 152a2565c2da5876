# SPDX-License-Identifier: Apache-2.0
"""Executor.map: what the standard library has for this problem. It requests everything before it gives the first
result, so that there is no window, and nothing that could be paced."""

from concurrent.futures import ThreadPoolExecutor

from work import item

NAME = "python-executor-map"
SUMMARY = "Python: ThreadPoolExecutor.map; no window, requested by the consumer's thread"
IS_PACED = False


def run(job, receivers):
    with ThreadPoolExecutor(job.workers) as pool:
        for receiver in receivers:
            receive = receiver.receive
            receiver.begin()
            for result in pool.map(item, receiver.indices()):
                receive(result)
            yield receiver
