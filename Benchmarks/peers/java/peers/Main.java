// SPDX-License-Identifier: Apache-2.0
package peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** Measures one pass of one subject, or lists the subjects. */
public final class Main {
    /** How long the compiler is given to see the code run. */
    private static final long WARM_UP_NANOSECONDS = 700_000_000;

    private Main() {}

    public static void main(String[] words) throws Exception {
        if (words.length == 1 && words[0].equals("list")) {
            for (Subject subject : ServiceLoader.load(Subject.class)) {
                System.out.println(subject.name() + "\tpaced\t" + subject.summary());
            }
            return;
        }
        Subject subject;
        Arguments arguments;
        try {
            subject = find(words.length == 0 ? "" : words[0]);
            arguments = new Arguments(words);
        } catch (IllegalArgumentException e) {
            System.err.println("java-peers: " + e.getMessage());
            System.exit(2);
            return;
        }
        // Threads of a pool never end by themselves.
        System.exit(measure(subject, arguments) ? 0 : 1);
    }

    private static Subject find(String name) {
        for (Subject subject : ServiceLoader.load(Subject.class)) {
            if (subject.name().equals(name)) {
                return subject;
            }
        }
        throw new IllegalArgumentException("there is no subject '" + name + "'");
    }

    private static boolean measure(Subject subject, Arguments arguments) throws Exception {
        Job job = arguments.job();
        Subject.Peer peer = subject.open(job);
        warmUp(peer, job, arguments.warmUp);
        Receiver receiver = new Receiver(job, true);
        peer.pass(job, receiver);
        if (receiver.received() != job.items() || receiver.checksum() != arguments.expected) {
            System.err.printf(
                    "%s: %d of %d items received with checksum %x instead of %x%n",
                    subject.name(), receiver.received(), job.items(), receiver.checksum(), arguments.expected);
            return false;
        }
        if (arguments.latencies != null) {
            write(receiver.latencies, arguments.latencies);
        }
        Usage usage = receiver.usage();
        System.out.printf(
                "{\"subject\":\"%s\",\"seconds\":%.9f,\"cpuSeconds\":%.9f,\"contextSwitches\":%d,"
                        + "\"checksum\":\"%x\",\"received\":%d,\"peakMemoryKiB\":%d}%n",
                subject.name(),
                receiver.seconds(),
                usage.cpuSeconds(),
                usage.contextSwitches(),
                receiver.checksum(),
                receiver.received(),
                Usage.peakMemoryKiB());
        return true;
    }

    /**
     * Passes of the very work that will be measured, since the compiler specialises for what it has seen, then a paced
     * one if need be. The garbage of both is no part of the measured pass.
     */
    private static void warmUp(Subject.Peer peer, Job job, int items) throws Exception {
        if (items > 0) {
            Usage.now();
            Job unpaced = job.toWarmUp(items);
            long start = System.nanoTime();
            do {
                peer.pass(unpaced, new Receiver(unpaced, false));
            } while (System.nanoTime() - start < WARM_UP_NANOSECONDS);
            if (job.rate() > 0) {
                Job paced = job.toWarmUpPaced();
                peer.pass(paced, new Receiver(paced, false));
            }
        }
        System.gc();
    }

    private static void write(long[] latencies, Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(latencies.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(latencies);
        Files.write(path, bytes.array());
    }
}
