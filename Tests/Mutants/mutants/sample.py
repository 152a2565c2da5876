# SPDX-License-Identifier: Apache-2.0
"""Which mutants are tried: by seed, each function with its share, and in it every operator before one comes twice."""

import hashlib


def take(mutants, seed, count):
    """About every n-th mutant of each function, `count` in all, in their own order. A change elsewhere in the sources
    leaves the choice within a function as it is."""
    if count >= len(mutants):
        return list(mutants)
    functions = {}
    for mutant in mutants:
        functions.setdefault((mutant.path, mutant.function), []).append(mutant)
    chosen = set()
    share = count / len(mutants)
    passed = _fraction(seed, "start")
    for key in sorted(functions, key=lambda key: _fraction(seed, *key)):
        before = int(passed)
        passed += share * len(functions[key])
        chosen.update(mutant.id for mutant in _by_operator(functions[key], seed)[: int(passed) - before])
    return [mutant for mutant in mutants if mutant.id in chosen]


def _by_operator(mutants, seed):
    """At random, but that no operator comes for the second time before each has come once."""
    drawn = sorted(mutants, key=lambda mutant: _fraction(seed, mutant.id))
    met = {}
    turns = {}
    for mutant in drawn:
        met[mutant.operator] = met.get(mutant.operator, 0) + 1
        turns[mutant.id] = met[mutant.operator]
    return sorted(drawn, key=lambda mutant: turns[mutant.id])


def _fraction(*parts):
    """A number in [0, 1) that is always the same for the same parts."""
    text = "\0".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64
