// SPDX-License-Identifier: Apache-2.0
package peers;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A fixed pool of threads, and a bounded queue that brings the futures to the consumer in the order of requests. */
public final class ExecutorSubject implements Subject {
    @Override
    public String name() {
        return "java-executor";
    }

    @Override
    public String summary() {
        return "Java: fixed thread pool, bounded queue of futures; window of 3 at least";
    }

    @Override
    public Peer open(Job job) {
        ExecutorService pool = Executors.newFixedThreadPool(job.workers());
        return (pass, receiver) -> pass(pool, pass, receiver);
    }

    private static void pass(ExecutorService pool, Job job, Receiver receiver) throws Exception {
        // Besides what is queued, the requester holds one future and the consumer another.
        BlockingQueue<Future<Long>> futures = new ArrayBlockingQueue<>(Math.max(1, job.window() - 2));
        Thread consumer = new Thread(() -> consume(futures, job.items(), receiver), "consumer");
        consumer.start();
        receiver.begin();
        for (long i = 0; i < job.items(); i++) {
            long index = i;
            receiver.pace(index);
            futures.put(pool.submit(() -> job.work(index)));
        }
        consumer.join();
    }

    private static void consume(BlockingQueue<Future<Long>> futures, int items, Receiver receiver) {
        try {
            for (int i = 0; i < items; i++) {
                receiver.receive(futures.take().get());
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
