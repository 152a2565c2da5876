// SPDX-License-Identifier: Apache-2.0
package peers;

/** What an item does and how results are folded: as in CBenchSubjects/work.c and bench_work.h. */
final class Work {
    static final long FOLD_START = 0xcbf29ce484222325L;

    private Work() {}

    static long item(long index, long steps) {
        long state = (index + 1) * 0x9e3779b97f4a7c15L;
        for (; steps > 0; steps--) {
            state ^= state >>> 12;
            state ^= state << 25;
            state ^= state >>> 27;
        }
        return state * 0x2545f4914f6cdd1dL;
    }

    static long fold(long checksum, long result) {
        return (checksum ^ result) * 0x100000001b3L;
    }
}
