# SPDX-License-Identifier: Apache-2.0
"""AsynQueue's OrderedItemProducer, the original: items are made on Twisted's threads, put in order by the reactor, and
consumed by a function in a thread of its own. It bounds nothing; a semaphore holds requests back until the items
before them have been put in order."""

import sys
import threading

from asynqueue.threads import OrderedItemProducer
from twisted.internet import defer, reactor, threads
from twisted.python.threadpool import ThreadPool

from work import item

NAME = "asynqueue"
SUMMARY = "AsynQueue: OrderedItemProducer, items on Twisted's thread pool; the window bounds what is not yet in order"
IS_PACED = True


def run(job, receivers):
    """The reactor can run only once, so that all passes are made inside of it."""
    # Items that wait for the head are passed on by functions that call each other, a few for an item.
    sys.setrecursionlimit(max(10_000, 10 * job.window))
    pool = ThreadPool(job.workers, job.workers)
    pool.start()
    made, failures = [], []

    @defer.inlineCallbacks
    def all_passes():
        for receiver in receivers:
            made.append(receiver)
            yield one_pass(pool, job.window, receiver)

    def start():
        all_passes().addErrback(failures.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(start)
    reactor.run()
    pool.stop()
    for failure in failures:
        failure.printTraceback(sys.stderr)
    return made


@defer.inlineCallbacks
def one_pass(pool, window, receiver):
    producer = OrderedItemProducer(maxThreads=2)

    def consume(results):
        receive = receiver.receive
        for result in results:
            receive(result)

    yield producer.start(consume)
    request = request_paced if receiver.job.rate else request_all
    yield request(producer, pool, window, receiver)
    yield producer.stop()


@defer.inlineCallbacks
def request_all(producer, pool, window, receiver):
    room = defer.DeferredSemaphore(window)

    def release(result):
        room.release()
        return result

    receiver.begin()
    for index in receiver.indices():
        yield room.acquire()
        producer.produceItem(threads.deferToThreadPool, reactor, pool, item, index).addBoth(release)


def request_paced(producer, pool, window, receiver):
    """From a thread, as the reactor must not sleep; so the window is held by a semaphore that the thread waits for."""
    room = threading.Semaphore(window)
    finished = defer.Deferred()

    def release(result):
        room.release()
        return result

    def produce(index):
        producer.produceItem(threads.deferToThreadPool, reactor, pool, item, index).addBoth(release)

    def request():
        receiver.begin()
        for index in receiver.indices():
            room.acquire()
            reactor.callFromThread(produce, index)
        reactor.callFromThread(finished.callback, None)

    threading.Thread(target=request, daemon=True).start()
    return finished
