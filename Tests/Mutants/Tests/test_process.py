# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import tempfile
import time
import unittest

from mutants import process


class ProcessTests(unittest.TestCase):
    def test_what_ends_by_itself_is_told(self):
        ended = process.run(["bash", "-c", "echo out; echo err >&2; exit 3"], seconds=60)
        self.assertEqual((ended.status, ended.limit, ended.passed), (3, None, False))
        self.assertEqual(sorted(ended.output.split()), ["err", "out"])

    def test_a_hang_is_ended_with_its_children(self):
        with tempfile.TemporaryDirectory() as folder:
            child = pathlib.Path(folder) / "child"
            # `-m`: in a group of its own.
            ended = process.run(["bash", "-mc", f"sleep 600 & echo $! > {child}; wait"], seconds=0.5)
            self.assertEqual((ended.status, ended.limit), (None, "time"))
            self.assertTrue(_is_gone(int(child.read_text(encoding="utf-8"))))

    def test_only_what_waits_in_silence_is_idle(self):
        self.assertEqual(process.run(["sleep", "600"], seconds=60, idle=1).limit, "idle")
        self.assertEqual(process.run(["bash", "-c", "while :; do echo; sleep 0.1; done"], seconds=4, idle=1).limit, "time")
        self.assertEqual(process.run(["bash", "-c", "while :; do :; done"], seconds=4, idle=3).limit, "time")

    def test_whoever_gives_up_ends_what_runs(self):
        program = (
            "import threading; from mutants import process\n"
            "threading.Thread(target=process.run, args=(['sleep', '600'],), kwargs={'seconds': 600}, daemon=True).start()\n"
            "while not process._sessions: pass\n"
            "session = list(process._sessions)[0]; process.end_all(); print(session)"
        )
        folder = pathlib.Path(__file__).resolve().parent.parent
        ended = process.run(["python3", "-c", program], seconds=60, folder=folder)
        self.assertTrue(_is_gone(int(ended.output)))

    def test_a_wanted_line_ends_it(self):
        ended = process.run(
            ["bash", "-c", "echo one; echo FAIL two; sleep 600"],
            seconds=60,
            stops_at=lambda line: line.startswith("FAIL"),
        )
        self.assertEqual((ended.status, ended.limit), (None, "told"))
        self.assertIn("FAIL two", ended.output)

    def test_endless_output_fills_no_memory(self):
        ended = process.run(["yes"], seconds=0.5)
        self.assertEqual(ended.limit, "time")
        self.assertLessEqual(len(ended.output), process.KEPT_OUTPUT + 65536)

    def test_too_much_memory_ends_it(self):
        before = process.MOST_MEMORY
        process.MOST_MEMORY = 50 << 20
        try:
            program = "x = b'x' * (100 << 20)\nimport time\ntime.sleep(600)"
            self.assertEqual(process.run(["python3", "-c", program], seconds=60).limit, "memory")
        finally:
            process.MOST_MEMORY = before

    def test_what_closes_its_output_and_goes_on_is_ended(self):
        self.assertEqual(process.run(["bash", "-c", "exec >&- 2>&-; sleep 600"], seconds=0.5).limit, "time")


def _is_gone(number):
    for _ in range(600):  # whoever inherits it has to collect it first
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{number}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    unittest.main()
