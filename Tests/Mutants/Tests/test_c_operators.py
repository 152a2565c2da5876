# SPDX-License-Identifier: Apache-2.0
import unittest

from support import mutants_of, results


def body(*lines, kind="static int"):
    return f"{kind} f(struct thing *thing)\n{{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


class StatementTests(unittest.TestCase):
    def test_a_call_is_deleted(self):
        self.assertEqual(results(body("tell(thing, 1);"), "delete-call"), [";"])

    def test_an_assignment_is_deleted_and_a_declaration_is_not(self):
        self.assertEqual(results(body("int a = 2;", "thing->b = a;", "*c = a;"), "delete-assignment"), [";", ";"])

    def test_dropping_a_reference_and_skipping_a_counter_have_operators_of_their_own(self):
        source = body("thing_retain(thing);", "free(thing);", "thing->count++;", "atomic_fetch_add_explicit(&a, 1, o);")
        self.assertEqual(len(results(source, "drop-reference")), 2)
        self.assertEqual(len(results(source, "skip-counter")), 2)
        self.assertEqual(results(source, "delete-call"), [])

    def test_a_jump_is_deleted_but_not_a_value_that_is_returned(self):
        self.assertEqual(results(body("for (;;) {", "break;", "}", "return 1;"), "delete-jump"), [";"])

    def test_what_only_looks_on_is_left_alone(self):
        self.assertEqual(mutants_of(body("assert(a == b && c);", "OIP_POINT(here);", "(void)thing;")), [])

    def test_a_fence_is_left_to_the_models(self):
        self.assertEqual(results(body("heavy_fence();", "a = 1;"), "delete-call"), [])

    def test_calls_that_follow_each_other_are_exchanged(self):
        mutants = mutants_of(body("one();", "OIP_POINT(here);", "other();"))
        edits = [mutant.edits for mutant in mutants if mutant.operator == "reorder"]
        self.assertEqual([[edit.text for edit in both] for both in edits], [["other();", "one();"]])


class LockTests(unittest.TestCase):
    LOCKED = body(
        "pthread_mutex_lock(&thing->lock);",
        "a = 1;",
        "if (a) {",
        "    pthread_mutex_unlock(&thing->lock);",
        "    return 0;",
        "}",
        "b();",
        "pthread_mutex_unlock(&thing->lock);",
        "pthread_mutex_lock(&other->lock);",
        "pthread_mutex_unlock(&other->lock);",
    )

    def test_a_lock_goes_with_all_that_unlocks_it(self):
        first, second = (mutant for mutant in mutants_of(self.LOCKED) if mutant.operator == "drop-lock")
        self.assertEqual(first.apply(self.LOCKED).count("&thing->lock"), 0)
        self.assertEqual(first.apply(self.LOCKED).count("&other->lock"), 2)
        self.assertEqual(second.apply(self.LOCKED).count("&thing->lock"), 3)

    def test_a_locked_part_is_made_shorter_at_either_end(self):
        self.assertEqual(len(results(self.LOCKED, "late-lock")), 1)
        self.assertEqual(len(results(self.LOCKED, "early-unlock")), 1)

    def test_a_lock_is_never_deleted_alone(self):
        self.assertTrue(all("lock" not in line for line in results(self.LOCKED, "delete-call")))


class ConditionTests(unittest.TestCase):
    def test_a_condition_is_negated_or_holds_always_or_never(self):
        source = body("if (a < b) {", "c();", "}")
        self.assertEqual(results(source, "negate"), ["if (!(a < b)) {"])
        self.assertEqual(results(source, "always"), ["if ((a < b) || 1) {"])
        self.assertEqual(results(source, "never"), ["if ((a < b) && 0) {"])

    def test_an_equality_is_only_flipped(self):
        source = body("if (a == NULL) {", "c();", "}")
        self.assertEqual(results(source, "negate"), [])
        self.assertEqual(results(source, "comparison"), ["if (a != NULL) {"])

    def test_a_loop_never_goes_on_for_ever_on_purpose(self):
        source = body("while (more(a)) {", "c();", "}")
        self.assertEqual((results(source, "always"), results(source, "never")), ([], ["while ((more(a)) && 0) {"]))

    def test_operands_are_dropped_with_what_belongs_to_them(self):
        source = body("bool x = a == 1 && f(b, c) || (d && e);")
        self.assertEqual(
            results(source, "drop-operand"),
            [
                "bool x = f(b, c) || (d && e);",
                "bool x = (d && e);",
                "bool x = a == 1 || (d && e);",
                "bool x = a == 1 && f(b, c);",
                "bool x = a == 1 && f(b, c) || (e);",
                "bool x = a == 1 && f(b, c) || (d);",
            ],
        )

    def test_a_choice_takes_one_side(self):
        source = body("x = a > 1 ? b : c;")
        self.assertEqual(results(source, "always"), ["x = ((a > 1) || 1) ? b : c;"])

    def test_a_bool_that_is_returned_or_kept_is_forced(self):
        self.assertEqual(results(body("return look(a);", kind="bool"), "never"), ["return (look(a)) && 0;"])
        self.assertEqual(results(body("return look(a);", kind="int"), "never"), [])
        self.assertEqual(results(body("bool b = look(a);"), "always"), ["bool b = (look(a)) || 1;"])


class ValueTests(unittest.TestCase):
    def test_one_is_left_away_or_added(self):
        self.assertEqual(results(body("a = b + 1;"), "off-by-one"), ["a = b;"])
        self.assertEqual(results(body("a = f(4u);"), "off-by-one"), ["a = f(5u);"])

    def test_a_constant_of_an_enum_becomes_the_next(self):
        source = "enum phase { READY, DONE, FAILED };\n" + body("a = FAILED;", "b = READY;")
        self.assertEqual(results(source, "other-case"), ["a = READY;", "b = DONE;"])

    def test_numbers_with_names_do_not_stand_for_each_other(self):
        source = "enum { SMALL = 16, LARGE = 32 };\n" + body("a = SMALL;")
        self.assertEqual(results(source, "other-case"), [])

    def test_an_error_becomes_another_or_none(self):
        source = body("return fail(-EINVAL);", "return -EPIPE;")
        self.assertEqual(
            results(source, "errno"),
            ["return fail(0);", "return fail(-EPIPE);", "return 0;", "return -EINVAL;"],
        )

    def test_a_mutant_that_repeats_another_is_left_out(self):
        mutants = mutants_of(body("if (a) {", "b();", "}"))
        self.assertEqual(len({mutant.edits for mutant in mutants}), len(mutants))


if __name__ == "__main__":
    unittest.main()
