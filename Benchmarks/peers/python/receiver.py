# SPDX-License-Identifier: Apache-2.0
"""The two ends of a pass."""

import array
import ctypes
import resource
import time
from time import monotonic_ns

FOLD_START = 0xCBF29CE484222325
FOLD_PRIME = 0x100000001B3
ALL_BITS = (1 << 64) - 1

# A paced pass begins a little in the future, so that its first request is as punctual as the others.
HEAD_START = 1_000_000


class Receiver:
    """The requester calls begin() just before its first request and pace() before each; one thread at a time calls
    receive() with each result in turn. Latency is counted from the time a request was due."""

    def __init__(self, job):
        self.job = job
        self.latencies = array.array("q")
        self._begin = self._end = 0
        self._usage_at_begin = self._usage_at_end = None
        self.checksum = FOLD_START
        self.received = 0
        self.receive = self._receive_timed if job.rate else self._receive

    def begin(self):
        if self.job.rate:
            sharpen_timers()
        self._usage_at_begin = resource.getrusage(resource.RUSAGE_SELF)
        self._begin = monotonic_ns() + (HEAD_START if self.job.rate else 0)

    def pace(self, index):
        """Sleeps until the request is due; for paced passes only."""
        due = self._begin + self.job.due(index)
        while (left := due - monotonic_ns()) > 0:
            time.sleep(left * 1e-9)

    def indices(self):
        """The items to be requested, each when it is due."""
        if not self.job.rate:
            return range(self.job.items)
        return self._paced_indices()

    def _paced_indices(self):
        for index in range(self.job.items):
            self.pace(index)
            yield index

    def _receive(self, result):
        self.checksum = ((self.checksum ^ result) * FOLD_PRIME) & ALL_BITS
        self.received += 1
        if self.received == self.job.items:
            self._end = monotonic_ns()
            self._usage_at_end = resource.getrusage(resource.RUSAGE_SELF)

    def _receive_timed(self, result):
        self.latencies.append(monotonic_ns() - self._begin - self.job.due(self.received))
        self._receive(result)

    def measurement(self, subject):
        before, after = self._usage_at_begin, self._usage_at_end
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "subject": subject,
            "seconds": (self._end - self._begin) / 1e9,
            "cpuSeconds": round(cpu, 6),
            "contextSwitches": after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw,
            "checksum": f"{self.checksum:x}",
            "received": self.received,
            "peakMemoryKiB": after.ru_maxrss,
        }


def sharpen_timers():
    """Lets the calling thread wake from sleep as exactly as the kernel can: a timer slack of 1 ns instead of 50 µs."""
    set_timer_slack = 29
    ctypes.CDLL(None).prctl(set_timer_slack, 1, 0, 0, 0)
