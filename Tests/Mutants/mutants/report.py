# SPDX-License-Identifier: Apache-2.0
"""What became of the mutants."""

import collections
import dataclasses

NOT_COUNTED = ("not compiling", "same code", "same as another", "equivalent")


@dataclasses.dataclass
class Result:
    mutant: object
    state: str  # one of NOT_COUNTED, "caught", "survived"
    stage: str = ""
    by: str = ""
    hung: bool = False
    seconds: float = 0

    def line(self):
        what = f"{'hung' if self.hung else self.state} {self.stage}".strip()
        by = f"  {self.by}" if self.by else ""
        return f"  {what:<16} {self.mutant.place:<52} {self.mutant.id}{by}"


def print_report(results, texts, generated, stale):
    counts = collections.Counter(result.state for result in results)
    counted = [result for result in results if result.state not in NOT_COUNTED]
    caught = [result for result in counted if result.state == "caught"]
    survivors = [result for result in counted if result.state == "survived"]
    if survivors:
        print("\nSurvivors:")
    for result in survivors:
        print(f"\n{result.mutant.place}  {result.mutant.id}\n{result.mutant.diff(texts[result.mutant.path])}")
    for name in stale:
        print(f"\nequivalent.txt: no mutant is called {name} any more: judge again what its line has become")
    print(f"\n{generated} mutants, {len(results)} tried")
    for state in NOT_COUNTED:
        print(f"  {counts[state]:5} {state}")
    by_stage = collections.Counter((result.stage, result.hung) for result in caught)
    for (stage, hung), count in sorted(by_stage.items()):
        print(f"  {count:5} caught by {stage}{', by a hang only' if hung else ''}")
    print(f"  {len(survivors):5} survived")
    print(f"  score {100 * len(caught) / len(counted):.1f} %" if counted else "  no score: none counts")
    print(f"{len(caught)} passed, {len(survivors) + len(stale)} failed")
    return not survivors and not stale
