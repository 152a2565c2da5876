# SPDX-License-Identifier: Apache-2.0
"""A mutant: one change of one place, and a name for it that outlives whatever moves its line."""

import dataclasses
import difflib
import hashlib
import re


@dataclasses.dataclass(frozen=True)
class Edit:
    start: int
    end: int
    text: str


@dataclasses.dataclass(frozen=True)
class Change:
    """What an operator proposes; `edits` are in order, and more than one only where one makes no sense alone."""

    operator: str
    edits: tuple


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str  # of the file, from the root of the package
    function: str
    operator: str
    edits: tuple
    line: int
    line_hash: str
    ordinal: int  # among those of this operator on lines with this text in this function

    @property
    def id(self):
        """The file's name without its folder, so that moving the file changes nothing either."""
        name = self.path.rsplit("/", 1)[-1]
        ordinal = "" if self.ordinal == 1 else f".{self.ordinal}"
        return f"{name}:{self.function}:{self.operator}:{self.line_hash}{ordinal}"

    @property
    def place(self):
        return f"{self.path}:{self.line}"

    def apply(self, text):
        for edit in reversed(self.edits):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def diff(self, text):
        """The lines that differ, as a unified diff without its head."""
        before, after = text.splitlines(), self.apply(text).splitlines()
        lines = difflib.unified_diff(before, after, self.path, self.path, n=1, lineterm="")
        return "\n".join(lines)


def name_changes(path, text, function, changes):
    """The mutants of one function from its changes: in the order of the text, those that change nothing left out."""
    mutants = []
    counted = {}
    seen = set()
    for change in sorted(changes, key=lambda change: (change.edits[0].start, change.edits[-1].end)):
        edits = tuple(edit for edit in change.edits if text[edit.start : edit.end] != edit.text)
        if not edits or edits in seen:
            continue
        seen.add(edits)
        line_hash = _hash_of_line(text, edits[0].start)
        key = (change.operator, line_hash)
        counted[key] = counted.get(key, 0) + 1
        line = text.count("\n", 0, edits[0].start) + 1
        mutants.append(Mutant(path, function, change.operator, edits, line, line_hash, counted[key]))
    return mutants


def _hash_of_line(text, at):
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : len(text) if end < 0 else end]
    line = re.sub(r"/\*.*?(\*/|$)|//.*", "", line)  # a comment may be rewritten
    return hashlib.sha256("".join(line.split()).encode()).hexdigest()[:6]
