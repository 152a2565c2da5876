# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

from mutants import kept
from mutants.liveness import Restorers
from mutants.languages import MODULES
from support import mutants_of

SOURCE = """bool g(void)
{
    if (a) {
        wake(pool);
    } else {
        b();
    }
    return c() && wake(pool);
}
"""


class FileTests(unittest.TestCase):
    def file(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "list.txt"
        path.write_text(text, encoding="utf-8")
        return path


class KeptTests(FileTests):
    def test_a_line_is_a_name_and_a_reason(self):
        read = kept.read(self.file("# comment\n\na.c:f:never:12 it is polled\n"))
        self.assertEqual(read, {"a.c:f:never:12": "it is polled"})

    def test_a_name_without_a_reason_or_twice_is_refused(self):
        for text in ("a.c:f:never:12\n", "a.c:f:never:12 a\na.c:f:never:12 b\n"):
            with self.assertRaises(SystemExit):
                kept.read(self.file(text))

    def test_what_no_mutant_is_called_any_more_is_told_for_this_language(self):
        mutants = mutants_of(SOURCE)
        reasons = {mutants[0].id: "x", "file.c:f:never:000000": "x", "F.swift:f:never:000000": "x"}
        self.assertEqual(kept.stale(reasons, mutants, (".c", ".h")), ["file.c:f:never:000000"])


class LivenessTests(FileTests):
    def made(self, text):
        restorers = Restorers(self.file(text))
        mutants = MODULES["core"].generate({"file.c": SOURCE}, restorers.changes)
        return restorers, {mutant.operator: mutant.apply(SOURCE) for mutant in mutants}, mutants

    def test_each_call_is_taken_away_and_each_condition_of_one(self):
        _, made, mutants = self.made("L1 wake\n")
        self.assertEqual([mutant.operator for mutant in mutants], ["never-L1", "drop-L1", "drop-L1"])
        self.assertIn("if ((a) && 0) {", mutants[0].apply(SOURCE))
        self.assertIn("        ;\n", mutants[1].apply(SOURCE))
        self.assertIn("return c() && 0;", mutants[2].apply(SOURCE))

    def test_a_function_that_nobody_calls_is_told(self):
        self.assertEqual(self.made("L1 wake\nL3 let_in\n")[0].unused(), ["let_in"])

    def test_a_line_that_is_none_is_refused(self):
        with self.assertRaises(SystemExit):
            self.made("wake\n")


if __name__ == "__main__":
    unittest.main()
