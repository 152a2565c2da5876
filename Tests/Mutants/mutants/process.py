# SPDX-License-Identifier: Apache-2.0
"""Programs that may crash, hang, fill the memory or never stop printing: run under limits, and ended with their children."""

import dataclasses
import glob
import os
import resource
import selectors
import signal
import subprocess
import time

MOST_MEMORY = 3 << 30  # bytes that a program and its children may keep resident
IDLE_SECONDS = 0.5  # of processor time: who gets less done in `idle` seconds, and prints nothing, waits for nothing
KEPT_OUTPUT = 1 << 20


_sessions = set()  # of what runs now


def end_all():
    """Before this program ends in the middle of something."""
    for session in list(_sessions):
        _kill(session)


@dataclasses.dataclass
class Ended:
    status: int  # negative: the signal; None: ended by a limit
    output: str
    seconds: float
    limit: str = None  # which limit: "time", "idle", "memory"; "told": `stops_at` saw its line

    @property
    def passed(self):
        return self.status == 0


def run(command, *, seconds, environment=None, folder=None, stops_at=None, idle=None):
    """Runs a command until it ends, a limit is reached, or a line of its output is one that `stops_at` wants. `idle`:
    a limit in seconds, too, within which it has to print something or to use the processor."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_limits,
    )
    _sessions.add(process.pid)
    output = _Output(process.stdout)
    limit = None
    looks_at_memory = began + 1
    busy_at, busy_for = began, 0
    while limit is None and not output.ended:
        has_printed = output.read(0.2)
        now = time.monotonic()
        if stops_at is not None and output.has_line(stops_at):
            limit = "told"
        elif now - began > seconds:
            limit = "time"
        elif now > looks_at_memory:
            looks_at_memory = now + 1
            resident, busy = _used(process.pid)
            if has_printed or busy - busy_for > IDLE_SECONDS or _wants_a_processor(process.pid):
                busy_at, busy_for = now, busy
            if resident > MOST_MEMORY:
                limit = "memory"
            elif idle is not None and now - busy_at > idle:
                limit = "idle"
    if limit is None:
        try:
            process.wait(timeout=max(1, began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            limit = "time"  # it closed its output and goes on
    _end(process)
    output.read_rest()
    process.stdout.close()
    return Ended(process.returncode if limit is None else None, output.text(), time.monotonic() - began, limit)


def _limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end(process):
    """Ends whatever is left of its session."""
    _kill(process.pid)
    process.wait()
    _sessions.discard(process.pid)


def _kill(session):
    """Some begin groups of their own, as what a build starts: so all of the session, and not only its first group."""
    for pid, _ in _processes(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class _Output:
    """The last of what a program prints, as it comes."""

    def __init__(self, pipe):
        os.set_blocking(pipe.fileno(), False)
        self.pipe = pipe
        self.kept = bytearray()
        self.looked_at = 0  # lines before were looked at
        self.ended = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(pipe, selectors.EVENT_READ)

    def read(self, timeout):
        """Whether there was anything."""
        if not self.selector.select(timeout):
            return False
        self._take()
        return True

    def read_rest(self):
        self._take()
        self.selector.close()

    def _take(self):
        try:
            data = os.read(self.pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        self.ended = self.ended or not data
        self.kept += data
        dropped = len(self.kept) - KEPT_OUTPUT
        if dropped > 0:
            del self.kept[:dropped]
            self.looked_at = max(0, self.looked_at - dropped)

    def has_line(self, wanted):
        """Whether one of the new whole lines is wanted."""
        end = self.kept.rfind(b"\n") + 1
        lines = self.kept[self.looked_at : end].decode(errors="replace").splitlines()
        self.looked_at = max(end, self.looked_at)
        return any(wanted(line) for line in lines)

    def text(self):
        return self.kept.decode(errors="replace")


def _processes(session):
    """The number of each of a session's processes, and its fields in `stat` behind the name."""
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield int(entry), fields
        except (OSError, IndexError, ValueError):
            continue  # it has gone


def _wants_a_processor(session):
    """Whether one of the threads runs, or waits for a processor and for nothing else."""
    for pid, _ in _processes(session):
        for path in glob.glob(f"/proc/{pid}/task/*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    if file.read().rpartition(")")[2].split()[0] == "R":
                        return True
            except OSError:
                continue
    return False


def _used(session):
    """Bytes and seconds of processor time of a session's processes."""
    pages = ticks = 0
    for _, fields in _processes(session):
        pages += int(fields[21])
        ticks += sum(map(int, fields[11:15]))
    return pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK")
