# SPDX-License-Identifier: Apache-2.0
"""The calls that restore liveness: each taken away, and each condition under which one is made taken for false.

liveness.txt says which functions those are, each with the invariant that it restores.
"""

import pathlib
import re

from .mutant import Change, Edit


class Restorers:
    def __init__(self, path: pathlib.Path):
        self.path = path
        self.patterns = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            text = line.split("#")[0].split()
            if text:
                if len(text) != 2 or not re.fullmatch(r"L\d", text[0]):
                    raise SystemExit(f"{path}:{number}: wants an invariant and the name of a function")
                self.patterns.append((text[0], re.compile(text[1])))
        self.met = set()

    def changes(self, tokens, function, _vocabulary):
        """For languages.generate()."""
        found = []
        for at in range(function.first, function.last):
            invariants = self._invariants(tokens, at)
            if not invariants:
                continue
            found.append(_without_call(tokens, function, at, invariants))
            condition = _condition_around(function, at)
            if condition is not None:
                text = tokens.source(*condition)
                edit = Edit(tokens[condition[0]].start, tokens[condition[1]].end, f"({text}) && 0")
                found.append(Change(f"never-{invariants}", (edit,)))
        return found

    def _invariants(self, tokens, at):
        if tokens.kind_at(at) != "name" or not tokens.is_at(at + 1, "("):
            return ""
        matching = [entry for entry in self.patterns if entry[1].fullmatch(tokens[at].text)]
        self.met.update(matching)
        return "".join(sorted({invariant for invariant, _ in matching}))

    def unused(self):
        """The patterns that no call matches: the function has another name now."""
        return [pattern.pattern for _, pattern in self.patterns if (_, pattern) not in self.met]


def _without_call(tokens, function, at, invariants):
    end = tokens.partner[at + 1]
    whole = any(
        statement.kind == "expression" and statement.first == at and statement.last == end + 1
        for statement in function.statements()
    )
    edit = Edit(tokens[at].start, tokens[end].end, "" if whole else "0")
    return Change(f"drop-{invariants}", (edit,))


def _condition_around(function, at):
    """Of the innermost if that the call at this place is in a branch of, or in the condition of."""
    innermost = None
    for statement in function.statements():
        if statement.kind != "if" or not statement.first < at <= statement.last:
            continue
        if len(statement.children) > 1 and statement.children[1].first <= at:
            continue  # in its else, which it would always get to
        innermost = statement.condition
    return innermost
