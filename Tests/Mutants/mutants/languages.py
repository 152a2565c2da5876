# SPDX-License-Identifier: Apache-2.0
"""The two languages, the sources that are in them, and every mutant of those."""

import dataclasses
import pathlib

from . import c_operators, c_syntax, swift_operators, swift_syntax, vocabulary
from .lexer import Tokens
from .mutant import name_changes


@dataclasses.dataclass(frozen=True)
class Language:
    name: str
    folder: str  # of the sources, from the root of the package
    suffixes: tuple
    functions: object
    changes: object
    vocabulary: object

    def read(self, root: pathlib.Path):
        """The text of every source, by its path from the root."""
        files = sorted(path for path in (root / self.folder).rglob("*") if path.suffix in self.suffixes)
        return {
            str(path.relative_to(root)): path.read_text(encoding="utf-8")
            for path in files
            if not any(part.endswith(".docc") for part in path.parts)
        }

    def generate(self, texts, changes=None):
        """Every mutant of these sources by these changes, in the order of the files and their lines."""
        tokens = {path: Tokens(text, self.name) for path, text in texts.items()}
        words = self.vocabulary(tokens.values())
        mutants = []
        for path, text in texts.items():
            for function in self.functions(tokens[path]):
                found = (changes or self.changes)(tokens[path], function, words)
                mutants.extend(name_changes(path, text, function.name, found))
        return mutants


MODULES = {
    "core": Language(
        "c", "CSources/COrderedProducer", (".c", ".h"), c_syntax.functions, c_operators.changes, vocabulary.of_c
    ),
    "swift": Language(
        "swift", "Sources", (".swift",), swift_syntax.functions, swift_operators.changes, vocabulary.of_swift
    ),
}
