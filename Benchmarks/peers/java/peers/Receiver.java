// SPDX-License-Identifier: Apache-2.0
package peers;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * The two ends of a pass: the requester calls {@link #begin} just before its first request and {@link #pace} before each;
 * one thread at a time calls {@link #receive} with each result in turn. Latency is counted from the time a request was
 * due, not from when it was made.
 */
final class Receiver {
    /** A paced pass begins a little in the future, so that its first request is as punctual as the others. */
    private static final long HEAD_START = 1_000_000;

    final long[] latencies;
    private final Job job;
    private final boolean isPaced;
    private final boolean isMeasured;
    private final CountDownLatch finished = new CountDownLatch(1);
    private long begin;
    private long end;
    private Usage usageAtBegin;
    private Usage usageAtEnd;
    private int received;
    private long checksum = Work.FOLD_START;

    Receiver(Job job, boolean isMeasured) {
        this.job = job;
        this.isMeasured = isMeasured;
        isPaced = job.rate() > 0;
        latencies = new long[isPaced ? job.items() : 0];
    }

    void begin() {
        if (isMeasured) {
            usageAtBegin = Usage.now();
        }
        begin = System.nanoTime() + (isPaced ? HEAD_START : 0);
    }

    /** Sleeps until request {@code index} is due; returns at once where requests are not paced. */
    void pace(long index) {
        if (!isPaced) {
            return;
        }
        long due = begin + job.due(index);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** The next result in order. */
    void receive(long result) {
        if (isPaced && received < latencies.length) {
            latencies[received] = System.nanoTime() - begin - job.due(received);
        }
        checksum = Work.fold(checksum, result);
        if (++received == job.items()) {
            end = System.nanoTime();
            // Here, and not by whoever waits, as the threads of the pass still exist.
            if (isMeasured) {
                usageAtEnd = Usage.now();
            }
            finished.countDown();
        }
    }

    void awaitLast() throws InterruptedException {
        finished.await();
    }

    int received() {
        return received;
    }

    long checksum() {
        return checksum;
    }

    double seconds() {
        return (end - begin) / 1e9;
    }

    Usage usage() {
        return usageAtEnd.since(usageAtBegin);
    }
}
