# SPDX-License-Identifier: Apache-2.0
import unittest

from support import mutants_of, results


def swift(*lines, head="func f()"):
    return "struct S {\n    " + head + " {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n}\n"


class SwiftOperatorTests(unittest.TestCase):
    def made(self, operator, *lines, head="func f()"):
        return results(swift(*lines, head=head), operator, "swift")

    def test_a_call_is_deleted_with_its_closure(self):
        self.assertEqual(self.made("delete-call", "try await a.b(c)", "d { e in g(e) }"), ["()", "()", "d { e in () }"])

    def test_a_call_may_go_on_over_lines(self):
        mutant = next(m for m in mutants_of(swift("a", "    .b()", "c()"), "swift") if m.operator == "delete-call")
        self.assertEqual(mutant.edits[0].text, "()")
        self.assertIn("c()", mutant.apply(swift("a", "    .b()", "c()")))
        self.assertNotIn(".b()", mutant.apply(swift("a", "    .b()", "c()")))

    def test_the_only_call_of_what_gives_a_value_stays(self):
        self.assertEqual(self.made("delete-call", "a(b)", head="func f() -> Int"), [])
        self.assertEqual(self.made("delete-call", "a(b)", head="var x: Int"), [])

    def test_an_assignment_is_deleted_and_a_declaration_is_not(self):
        self.assertEqual(self.made("delete-assignment", "let a = 2", "self.b = a"), ["()"])
        self.assertEqual(self.made("skip-counter", "count += 1"), ["()"])

    def test_each_condition_of_a_list_is_changed_but_not_a_binding(self):
        source = "guard let a, b.isEmpty, c < d else { return }"
        self.assertEqual(
            self.made("never", source),
            [
                "guard let a, (b.isEmpty) && false, c < d else { return }",
                "guard let a, b.isEmpty, (c < d) && false else { return }",
            ],
        )
        self.assertEqual(self.made("delete-jump", source), ["guard let a, b.isEmpty, c < d else { () }"])

    def test_the_angle_of_a_type_is_no_comparison(self):
        self.assertEqual(self.made("comparison", "let a: Array<Int> = b()"), [])
        self.assertEqual(self.made("comparison", "if a < b { c() }"), ["if a <= b { c() }"])

    def test_an_operand_ends_with_its_line(self):
        self.assertEqual(self.made("drop-operand", "a()", "return b && c"), ["return c", "return b"])

    def test_a_case_becomes_the_next_and_a_member_stays(self):
        source = "enum E { case one, two\n case three(Int) }\n" + swift("a = .one", "b = c.two", "d = E.two")
        self.assertEqual(results(source, "other-case", "swift"), ["a = .two", "d = E.one"])

    def test_a_break_that_is_all_of_a_case_stays(self):
        lines = ["switch a {", "case .b: break", "case .c:", "    d()", "    break", "default: break", "}"]
        deleted = ["switch a {", "case .b: break", "case .c:", "    d()", "    ()", "default: break", "}"]
        texts = [m.apply(swift(*lines)) for m in mutants_of(swift(*lines), "swift") if m.operator == "delete-jump"]
        self.assertEqual(texts, [swift(*deleted)])

    def test_functions_of_one_name_are_told_apart(self):
        source = "func f() {\n    a()\n}\nfunc f(_ b: Int) {\n    a()\n}\n"
        self.assertEqual([mutant.function for mutant in mutants_of(source, "swift")], ["f", "f-2"])
        self.assertEqual(len({mutant.id for mutant in mutants_of(source, "swift")}), 2)

    def test_a_requirement_of_a_protocol_has_no_body(self):
        source = "protocol P {\n    func f()\n    func g() -> Int\n}\nfunc h() {\n    a()\n}\n"
        self.assertEqual([mutant.function for mutant in mutants_of(source, "swift")], ["h"])

    def test_a_check_of_what_cannot_be_is_left_alone(self):
        self.assertEqual(mutants_of(swift('precondition(a && b, "c")', 'fatalError("d")'), "swift"), [])


if __name__ == "__main__":
    unittest.main()
