# SPDX-License-Identifier: Apache-2.0
"""The mutants that are known to be equivalent: an id and the reason on each line."""

import pathlib


def read(path: pathlib.Path):
    reasons = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, _, reason = text.partition(" ")
        if not reason.strip():
            raise SystemExit(f"{path}:{number}: {name} has no reason")
        if name in reasons:
            raise SystemExit(f"{path}:{number}: {name} is there twice")
        reasons[name] = reason.strip()
    return reasons


def stale(reasons, mutants, suffixes):
    """Those of the list that no mutant has the name of: what they judged has changed."""
    names = {mutant.id for mutant in mutants}
    return sorted(name for name in reasons if name not in names and name.split(":")[0].endswith(suffixes))
