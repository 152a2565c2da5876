// SPDX-License-Identifier: Apache-2.0
package peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What each thread of this process has used so far. By thread, because the process's own figures are in ticks of 10 ms
 * and leave out context switches; hence only threads that live at the end of a pass count.
 */
record Usage(Map<String, Thread> threads) {
    private static final Path TASKS = Path.of("/proc/self/task");

    record Thread(long nanoseconds, long switches) {}

    static Usage now() {
        Map<String, Thread> threads = new HashMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                try {
                    threads.put(task.getFileName().toString(), thread(task));
                } catch (IOException e) {
                    continue; // it has just ended
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Usage(threads);
    }

    private static Thread thread(Path task) throws IOException {
        String onProcessor = Files.readString(task.resolve("schedstat"));
        long switches = 0;
        for (String line : Files.readAllLines(task.resolve("status"))) {
            if (line.contains("ctxt_switches:")) {
                switches += Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        return new Thread(Long.parseLong(onProcessor.substring(0, onProcessor.indexOf(' '))), switches);
    }

    Usage since(Usage before) {
        Map<String, Thread> differences = new HashMap<>();
        threads.forEach((id, now) -> {
            Thread then = before.threads.getOrDefault(id, new Thread(0, 0));
            differences.put(id, new Thread(now.nanoseconds - then.nanoseconds, now.switches - then.switches));
        });
        return new Usage(differences);
    }

    double cpuSeconds() {
        return threads.values().stream().mapToLong(Thread::nanoseconds).sum() / 1e9;
    }

    long contextSwitches() {
        return threads.values().stream().mapToLong(Thread::switches).sum();
    }

    /** The largest that this process has been. */
    static long peakMemoryKiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        return 0;
    }
}
