# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import pathlib
import subprocess
import os
import tempfile
import unittest

from mutants import report
from mutants.objects import Objects
from mutants.stages import Verdict
from mutants.worker import Worker, try_all
from support import FakeStage, mutants_of

SOURCE = "void f(void)\n{\n    tell(a);\n    ask(b);\n    use(c);\n}\n"


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class WorkerTests(InFolder):
    """One worker with two stages that look into the file."""

    def setUp(self):
        super().setUp()
        (self.folder / "folder").mkdir()
        self.file = self.folder / "folder" / "file.c"
        self.file.write_text(SOURCE, encoding="utf-8")
        self.mutants = [mutant for mutant in mutants_of(SOURCE) if mutant.operator == "delete-call"]

    def lacks(self, text, hung=False):
        return lambda _: Verdict(text not in self.file.read_text(encoding="utf-8"), f"{text} is not there", hung)

    def campaign(self, equivalent=None):
        stages = [FakeStage("first", self.lacks("tell")), FakeStage("second", self.lacks("ask", hung=True))]
        texts = {"folder/file.c": SOURCE}
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            results = try_all(self.mutants, texts, equivalent or {}, [Worker(self.folder, stages, [])])
            good = report.print_report(results, texts, len(self.mutants), [])
        return results, good, out.getvalue()

    def test_each_is_caught_by_the_first_stage_that_can_or_survives(self):
        results, good, out = self.campaign()
        self.assertEqual([(r.state, r.stage, r.hung) for r in results],
                         [("caught", "first", False), ("caught", "second", True), ("survived", "", False)])  # fmt: skip
        self.assertFalse(good)
        self.assertIn("-    use(c);\n+    ;", out)
        self.assertIn("folder/file.c:5", out)
        self.assertTrue(out.endswith("2 passed, 1 failed\n"), out)

    def test_the_file_is_as_before(self):
        self.campaign()
        self.assertEqual(self.file.read_text(encoding="utf-8"), SOURCE)

    def test_one_that_is_known_to_be_equivalent_does_not_count(self):
        results, good, out = self.campaign({self.mutants[2].id: "nobody uses it"})
        self.assertEqual(results[2].state, "equivalent")
        self.assertTrue(good)
        self.assertIn("score 100.0 %", out)

    def test_a_stage_that_breaks_ends_the_campaign(self):
        def breaks(_):
            raise OSError("no room")

        worker = Worker(self.folder, [FakeStage("first", breaks)], [])
        with self.assertRaises(OSError):
            try_all(self.mutants, {"folder/file.c": SOURCE}, {}, [worker])

    def test_sources_that_do_not_pass_unchanged_are_refused(self):
        worker = Worker(self.folder, [FakeStage("first", lambda _: Verdict(True, "red"))], [])
        with self.assertRaises(SystemExit):
            worker.check_sound(self.folder / ".passed")

    def test_that_they_pass_is_remembered_until_one_is_changed(self):
        record = self.folder / ".passed"
        looks = []

        def passes(_):
            looks.append(1)
            return Verdict(False)

        worker = Worker(self.folder, [FakeStage("first", passes)], [])
        with contextlib.redirect_stdout(io.StringIO()):
            worker.check_sound(record)
            worker.check_sound(record)
            self.assertEqual(len(looks), 1)
            self.file.write_text(SOURCE + "\n", encoding="utf-8")
            worker.check_sound(record)
        self.assertEqual(len(looks), 2)

    def test_a_stage_that_is_none_is_refused(self):
        with self.assertRaises(SystemExit):
            Worker(self.folder, [FakeStage("first", None)], ["second"])


class ReportTests(unittest.TestCase):
    def test_a_stale_line_of_the_kept_list_is_a_failure(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            good = report.print_report([], {}, 10, ["file.c:f:never:000000"])
        self.assertFalse(good)
        self.assertTrue(out.getvalue().endswith("0 passed, 1 failed\n"))


class ObjectsTests(InFolder):
    def test_the_same_code_is_told_from_other_code_and_from_none(self):
        core = self.folder / "core"
        core.mkdir()
        (core / "a.h").write_text("static inline int twice(int x)\n{\n    return x + x;\n}\n", encoding="utf-8")
        (core / "a.c").write_text('#include "a.h"\nint f(int x)\n{\n    return twice(x);\n}\n', encoding="utf-8")
        objects = Objects(core, self.folder / "objects")
        header = core / "a.h"
        for text, expected in (("x * 2", ""), ("x +", None)):
            header.write_text(f"static inline int twice(int x)\n{{\n    return {text};\n}}\n", encoding="utf-8")
            self.assertEqual(objects.compare(header), expected)
        header.write_text("static inline int twice(int x)\n{\n    return x * 3;\n}\n", encoding="utf-8")
        self.assertTrue(objects.compare(header).startswith("a.c "))


class CompilerTests(InFolder):
    def test_no_text_is_compiled_twice(self):
        source = self.folder / "a.c"
        source.write_text("int f(void)\n{\n    return 1;\n}\n", encoding="utf-8")
        only_once = self.folder / "cc"
        only_once.write_text('#!/bin/bash\n[[ " $* " == *" -E "* ]] || echo x >> "$0.calls"\nexec cc "$@"\n', encoding="utf-8")
        only_once.chmod(0o755)
        environment = {**os.environ, "MUTANTS_CC": str(only_once), "MUTANTS_CACHE": str(self.folder)}
        out = self.folder / "a.o"

        def compile_it():
            out.unlink(missing_ok=True)
            compiler = pathlib.Path(__file__).resolve().parent.parent / "cc"
            subprocess.run([compiler, "-MMD", "-c", source, "-o", out], env=environment, check=True)
            self.assertTrue(out.exists() and (self.folder / "a.d").exists())
            return (self.folder / "cc.calls").read_text(encoding="utf-8").count("x")

        self.assertEqual((compile_it(), compile_it()), (1, 1))
        source.write_text("int f(void)\n{\n    return 2;\n}\n", encoding="utf-8")
        self.assertEqual(compile_it(), 2)


if __name__ == "__main__":
    unittest.main()
