# SPDX-License-Identifier: Apache-2.0
import unittest

from mutants.lexer import Tokens


def texts(source, language):
    return [token.text for token in Tokens(source, language).list]


class LexerTests(unittest.TestCase):
    def test_comments_are_no_tokens(self):
        self.assertEqual(texts("a /* b */ c // d\ne", "c"), ["a", "c", "e"])
        self.assertEqual(texts("a /* b /* c */ d */ e // f\ng", "swift"), ["a", "e", "g"])

    def test_a_string_is_one_token(self):
        self.assertEqual(texts(r'f("a \" /* b */ {", \'{\')'.replace("\\'", "'"), "c"), ["f", "(", r'"a \" /* b */ {"', ",", "'{'", ")"])  # fmt: skip
        self.assertEqual(texts(r'f("a \(g("}", h: { $0 })) b")', "swift")[2], r'"a \(g("}", h: { $0 })) b"')
        self.assertEqual(texts('f(#"a " \\( b"#)', "swift")[2], '#"a " \\( b"#')
        self.assertEqual(texts('f("""\n a "quoted" {\n """)', "swift")[2], '"""\n a "quoted" {\n """')

    def test_a_directive_is_one_token_with_its_continued_lines(self):
        self.assertEqual(texts("#define A \\\n  {\nb", "c"), ["#define A \\\n  {", "b"])
        self.assertEqual(texts("#if NIO\na\n#endif", "swift"), ["#if NIO", "a", "#endif"])

    def test_operators_are_whole(self):
        self.assertEqual(texts("a->b <= c && d++", "c"), ["a", "->", "b", "<=", "c", "&&", "d", "++"])
        self.assertEqual(texts("a?.b ?? c", "swift"), ["a", "?", ".", "b", "??", "c"])

    def test_brackets_know_their_partners(self):
        tokens = Tokens("f(a[1], { b })", "c")
        self.assertEqual(tokens.partner[1], len(tokens) - 1)
        self.assertEqual(tokens.source(1, tokens.partner[1]), "(a[1], { b })")

    def test_a_bracket_of_one_branch_only_disturbs_no_other(self):
        tokens = Tokens("#if A\nif (a) {\n#endif\nf();\n}", "c")
        self.assertTrue(all(tokens.partner[partner] == at for at, partner in tokens.partner.items()))


if __name__ == "__main__":
    unittest.main()
