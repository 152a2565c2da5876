# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import tempfile
import unittest

from mutants.tree import belongs_to_core, belongs_to_swift, digest, synchronize


class TreeTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "root"
        self.tree = pathlib.Path(folder.name) / "tree"
        for name in ("CSources/core/a.c", "CSources/core/b.c", "Sources/M/M.swift", "docs/D.md", ".build/x", "Package.swift",
                     "Tests/OrderedProducerTests/T.swift", "Tests/Mutants/run", "Tests/Models/a.pml"):  # fmt: skip
            self.write(name, name)

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def names(self):
        return sorted(str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if path.is_file())

    def test_only_what_belongs_is_copied(self):
        synchronize(self.root, self.tree, belongs_to_core)
        self.assertEqual(self.names(), ["CSources/core/a.c", "CSources/core/b.c"])
        synchronize(self.root, self.tree, belongs_to_swift)
        swift = ["Package.swift", "Sources/M/M.swift", "Tests/OrderedProducerTests/T.swift"]
        self.assertEqual(self.names(), ["CSources/core/a.c", "CSources/core/b.c", *swift])

    def test_only_what_differs_is_written_again(self):
        synchronize(self.root, self.tree, belongs_to_core)
        for name in ("a.c", "b.c"):
            os.utime(self.tree / "CSources/core" / name, (1, 1))
        (self.tree / "CSources/core/a.c").write_text("a mutant that was left behind", encoding="utf-8")
        synchronize(self.root, self.tree, belongs_to_core)
        self.assertEqual((self.tree / "CSources/core/a.c").read_text(encoding="utf-8"), "CSources/core/a.c")
        self.assertEqual((self.tree / "CSources/core/b.c").stat().st_mtime, 1)

    def test_what_was_built_stays_and_what_was_removed_goes(self):
        synchronize(self.root, self.tree, belongs_to_core)
        (self.tree / ".build").mkdir()
        (self.tree / ".build" / "x").write_text("built", encoding="utf-8")
        (self.root / "CSources/core/b.c").unlink()
        before = digest(self.tree)
        synchronize(self.root, self.tree, belongs_to_core)
        self.assertEqual(self.names(), [".build/x", "CSources/core/a.c"])
        self.assertNotEqual(digest(self.tree), before)


if __name__ == "__main__":
    unittest.main()
