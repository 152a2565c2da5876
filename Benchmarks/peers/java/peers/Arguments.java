// SPDX-License-Identifier: Apache-2.0
package peers;

import java.nio.file.Path;

/** What the command line asks for. */
final class Arguments {
    private int items;
    private long steps = -1;
    private int workers;
    private int window;
    private long tailEvery;
    private long tailTimes = 1;
    private long headTimes = 1;
    private double rate;
    private int burst = 1;
    int warmUp = 5000;
    long expected;
    Path latencies;

    /** Reads what follows the subject's name. */
    Arguments(String[] words) {
        boolean expects = false;
        for (int at = 1; at < words.length; at += 2) {
            String option = words[at];
            if (at + 1 == words.length) {
                throw new IllegalArgumentException(option + " is unknown or lacks its value");
            }
            String value = words[at + 1];
            try {
                switch (option) {
                    case "--items" -> items = Integer.parseInt(value);
                    case "--steps" -> steps = Long.parseLong(value);
                    case "--workers" -> workers = Integer.parseInt(value);
                    case "--window" -> window = Integer.parseInt(value);
                    case "--tail" -> {
                        String[] pair = value.split(",", 2);
                        tailEvery = Long.parseLong(pair[0]);
                        tailTimes = Long.parseLong(pair.length == 2 ? pair[1] : "");
                        check(tailEvery > 0 && tailTimes >= 0, option);
                    }
                    case "--slow-head" -> headTimes = Long.parseLong(value);
                    case "--rate" -> rate = Double.parseDouble(value);
                    case "--burst" -> burst = Integer.parseInt(value);
                    case "--warm-up" -> warmUp = Integer.parseInt(value);
                    case "--latencies" -> latencies = Path.of(value);
                    case "--expect" -> {
                        expected = Long.parseUnsignedLong(value, 16);
                        expects = true;
                    }
                    default -> throw new IllegalArgumentException("there is no option " + option);
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(option + " does not take '" + value + "'", e);
            }
        }
        check(items > 0, "--items");
        check(steps >= 0, "--steps");
        check(workers > 0 && workers <= 4000, "--workers");
        check(window > 0 && window <= 1 << 30, "--window");
        check(headTimes >= 0, "--slow-head");
        check(rate >= 0 && rate <= 1e9, "--rate");
        check(burst > 0, "--burst");
        check(warmUp >= 0, "--warm-up");
        check(expects, "--expect");
        check(latencies == null || rate > 0, "--latencies without --rate:");
    }

    Job job() {
        return new Job(items, steps, workers, window, tailEvery, tailTimes, headTimes, rate, burst);
    }

    private static void check(boolean isFine, String option) {
        if (!isFine) {
            throw new IllegalArgumentException(option + " is missing or out of range");
        }
    }
}
