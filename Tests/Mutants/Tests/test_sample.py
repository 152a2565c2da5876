# SPDX-License-Identifier: Apache-2.0
import collections
import unittest

from mutants import sample
from support import mutants_of


def function(name, calls):
    return f"void {name}(void)\n{{\n" + "".join(f"    tell{i}(a{i} == b);\n" for i in range(calls)) + "}\n"


MUTANTS = mutants_of("".join(function(f"f{i}", 2 + i) for i in range(30)))


class SampleTests(unittest.TestCase):
    def test_it_has_the_size_that_was_asked_for(self):
        for count in (1, 17, 100, len(MUTANTS)):
            self.assertEqual(len(sample.take(MUTANTS, 5, count)), count)
        self.assertEqual(sample.take(MUTANTS, 5, len(MUTANTS) + 1), MUTANTS)

    def test_the_seed_decides(self):
        self.assertEqual(sample.take(MUTANTS, 5, 50), sample.take(list(MUTANTS), 5, 50))
        self.assertNotEqual(sample.take(MUTANTS, 5, 50), sample.take(MUTANTS, 6, 50))

    def test_every_function_gets_its_share(self):
        count = len(MUTANTS) // 5
        chosen = collections.Counter(mutant.function for mutant in sample.take(MUTANTS, 5, count))
        for name, size in collections.Counter(mutant.function for mutant in MUTANTS).items():
            self.assertLessEqual(abs(chosen[name] - size * count / len(MUTANTS)), 1, name)

    def test_every_mutant_can_be_drawn(self):
        drawn = set()
        for seed in range(60):
            drawn.update(mutant.id for mutant in sample.take(MUTANTS, seed, len(MUTANTS) // 4))
        self.assertEqual(len(drawn), len(MUTANTS))

    def test_operators_take_turns_within_a_function(self):
        mutants = mutants_of(function("f", 20))
        operators = collections.Counter(mutant.operator for mutant in sample.take(mutants, 1, 6))
        self.assertEqual(max(operators.values()), 2, operators)


if __name__ == "__main__":
    unittest.main()
