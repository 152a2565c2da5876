# SPDX-License-Identifier: Apache-2.0
import unittest

from support import mutants_of

SOURCE = """void f(void)
{
    tell(a);
    if (b) {
        tell(a);
    }
}
"""


def ids(text, path="folder/file.c"):
    return [mutant.id for mutant in mutants_of(text, path=path)]


class IdentityTests(unittest.TestCase):
    def test_every_mutant_has_a_name_of_its_own(self):
        self.assertEqual(len(set(ids(SOURCE))), len(ids(SOURCE)))
        self.assertTrue(any(name.endswith(".2") for name in ids(SOURCE)))

    def test_moving_lines_or_files_changes_no_name(self):
        self.assertEqual(ids("/* new */\n\nint x;\n" + SOURCE), ids(SOURCE))
        self.assertEqual(ids(SOURCE, path="elsewhere/deep/file.c"), ids(SOURCE))

    def test_a_comment_or_an_indentation_changes_no_name(self):
        self.assertEqual(ids(SOURCE.replace("if (b) {", "  if (b) { /* why */")), ids(SOURCE))

    def test_another_statement_in_the_function_changes_no_name_but_its_own(self):
        self.assertLess(set(ids(SOURCE)), set(ids(SOURCE.replace("    if", "    ask(c);\n    if"))))

    def test_a_line_that_changes_gets_new_names(self):
        self.assertNotEqual(ids(SOURCE.replace("(b)", "(c)")), ids(SOURCE))

    def test_the_diff_shows_the_place(self):
        mutant = mutants_of(SOURCE)[0]
        self.assertEqual(mutant.place, "folder/file.c:3")
        self.assertIn("\n-    tell(a);\n+    ;\n", mutant.diff(SOURCE))


if __name__ == "__main__":
    unittest.main()
