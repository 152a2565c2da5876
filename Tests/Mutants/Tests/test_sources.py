# SPDX-License-Identifier: Apache-2.0
"""The sources themselves: whatever is in them is read."""

import pathlib
import re
import unittest

from mutants import c_syntax
from mutants.languages import MODULES
from mutants.lexer import Tokens

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent


class SourcesTests(unittest.TestCase):
    def test_every_mutant_has_a_name_of_its_own_and_changes_something(self):
        for name, language in MODULES.items():
            with self.subTest(module=name):
                texts = language.read(ROOT)
                mutants = language.generate(texts)
                self.assertEqual(len({mutant.id for mutant in mutants}), len(mutants))
                self.assertGreater(len(mutants), 1000)
                for mutant in mutants:
                    self.assertNotEqual(mutant.apply(texts[mutant.path]), texts[mutant.path])

    def test_every_function_of_the_core_is_found(self):
        for path, text in MODULES["core"].read(ROOT).items():
            found = [function.name for function in c_syntax.functions(Tokens(text, "c"))]
            code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
            heads = re.findall(r"^(?:\w[^;{}=]*?)\b(\w+)\([^;{}]*\)\n\{", code, re.MULTILINE)
            self.assertEqual(found, heads, path)

    def test_every_swift_file_with_a_function_has_mutants(self):
        language = MODULES["swift"]
        texts = language.read(ROOT)
        with_mutants = {mutant.path for mutant in language.generate(texts)}
        for path, text in texts.items():
            if re.search(r"^\s*(?:\w+ )*func \w+.*\{\n", text, re.MULTILINE):
                self.assertIn(path, with_mutants)


if __name__ == "__main__":
    unittest.main()
