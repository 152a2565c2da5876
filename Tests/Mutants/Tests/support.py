# SPDX-License-Identifier: Apache-2.0
"""Mutants of a few lines of text."""

import dataclasses

from mutants.languages import MODULES


def mutants_of(text, module="core", path="folder/file.c"):
    return MODULES[module].generate({path: text})


def results(text, operator, module="core"):
    """What each mutant of this operator makes of the lines that it changes, without indentation."""
    made = []
    for mutant in mutants_of(text, module):
        if mutant.operator == operator:
            before, after = text.splitlines(), mutant.apply(text).splitlines()
            made.append("\n".join(line.strip() for line in after if line not in before))
    return made


@dataclasses.dataclass
class FakeStage:
    """A stage that catches whatever a function says."""

    name: str
    catches: object
    usual_seconds: dict = dataclasses.field(default_factory=dict)

    def is_for(self, mutant):
        return True

    def judge(self, mutant):
        return self.catches(mutant)
