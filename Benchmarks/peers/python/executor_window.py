# SPDX-License-Identifier: Apache-2.0
"""A thread submits items and passes their futures on through a bounded queue, in the order of requests."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from work import item

NAME = "python-executor-window"
SUMMARY = "Python: ThreadPoolExecutor.submit, bounded queue of futures; window of 3 at least"
IS_PACED = True


def run(job, receivers):
    with ThreadPoolExecutor(job.workers) as pool:
        for receiver in receivers:
            one_pass(pool, job.window, receiver)
            yield receiver


def one_pass(pool, window, receiver):
    # Besides what is queued, the requester holds one future and the consumer another.
    futures = queue.Queue(max(1, window - 2))

    def request():
        submit, put = pool.submit, futures.put
        receiver.begin()
        for index in receiver.indices():
            put(submit(item, index))

    requester = threading.Thread(target=request)
    requester.start()
    receive, get = receiver.receive, futures.get
    for _ in range(receiver.job.items):
        receive(get().result())
    requester.join()
