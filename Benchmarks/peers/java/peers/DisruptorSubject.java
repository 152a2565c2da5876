// SPDX-License-Identifier: Apache-2.0
package peers;

import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.WaitStrategy;
import com.lmax.disruptor.WorkHandler;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;
import java.util.Arrays;

/** A ring whose slots a pool of workers shares out, and behind them a handler that sees all slots in the ring's order. */
public abstract class DisruptorSubject implements Subject {
    private final String waiting;

    private DisruptorSubject(String waiting) {
        this.waiting = waiting;
    }

    /** Threads that find nothing to do sleep. */
    public static final class Blocking extends DisruptorSubject {
        public Blocking() {
            super("blocking");
        }

        @Override
        WaitStrategy waitStrategy() {
            return new BlockingWaitStrategy();
        }
    }

    /** Threads that find nothing to do spin and yield. */
    public static final class Yielding extends DisruptorSubject {
        public Yielding() {
            super("yielding");
        }

        @Override
        WaitStrategy waitStrategy() {
            return new YieldingWaitStrategy();
        }
    }

    abstract WaitStrategy waitStrategy();

    @Override
    public String name() {
        return "disruptor-" + waiting;
    }

    @Override
    public String summary() {
        return "LMAX Disruptor: worker pool, " + waiting + " waits; window rounded up to a power of two";
    }

    @Override
    public Peer open(Job job) {
        return new Pool(job, waitStrategy());
    }

    private static final class Slot {
        long index;
        long result;
    }

    private static final class Pool implements Peer {
        private final RingBuffer<Slot> ring;
        // Written before a pass's first request is published, read by those who have seen that.
        private Job job;
        private Receiver receiver;

        @SuppressWarnings({"unchecked", "rawtypes"})
        Pool(Job job, WaitStrategy waitStrategy) {
            int slots = Integer.highestOneBit(2 * job.window() - 1);
            Disruptor<Slot> disruptor =
                    new Disruptor<>(Slot::new, slots, DaemonThreadFactory.INSTANCE, ProducerType.SINGLE, waitStrategy);
            WorkHandler<Slot>[] workers = new WorkHandler[job.workers()];
            Arrays.setAll(workers, i -> slot -> slot.result = this.job.work(slot.index));
            disruptor.handleEventsWithWorkerPool(workers).then((slot, sequence, isLast) -> receiver.receive(slot.result));
            ring = disruptor.start();
        }

        @Override
        public void pass(Job job, Receiver receiver) throws InterruptedException {
            this.job = job;
            this.receiver = receiver;
            receiver.begin();
            for (int i = 0; i < job.items(); i++) {
                receiver.pace(i);
                long sequence = ring.next();
                ring.get(sequence).index = i;
                ring.publish(sequence);
            }
            receiver.awaitLast();
        }
    }
}
