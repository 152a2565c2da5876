// SPDX-License-Identifier: Apache-2.0
package peers;

/** One pass: how many items of what size, and how they are requested. A rate of 0 is as fast as possible. */
public record Job(
        int items,
        long steps,
        int workers,
        int window,
        long tailEvery,
        long tailTimes,
        long headTimes,
        double rate,
        int burst) {
    /** The result of item {@code index}. */
    long work(long index) {
        return Work.item(index, stepsOf(index));
    }

    private long stepsOf(long index) {
        if (index == 0 && headTimes != 1) {
            return steps * headTimes;
        }
        return tailEvery > 0 && index % tailEvery == tailEvery - 1 ? steps * tailTimes : steps;
    }

    /** When item {@code index} is to be requested, in nanoseconds after the begin of the pass. */
    long due(long index) {
        return (long) ((index - index % burst) * (1e9 / rate));
    }

    /** The same work, unpaced. */
    Job toWarmUp(int items) {
        return new Job(items, steps, workers, window, tailEvery, tailTimes, 1, 0, 1);
    }

    /** The same work and pace for a short while. */
    Job toWarmUpPaced() {
        int few = (int) Math.min(items, Math.max(1, rate / 5));
        return new Job(few, steps, workers, window, tailEvery, tailTimes, 1, rate, burst);
    }
}
