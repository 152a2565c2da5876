# SPDX-License-Identifier: Apache-2.0
"""What is changed inside expressions, in C and in Swift alike."""

from .lexer import OPENING
from .mutant import Change, Edit

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "==="}
OPPOSITE = {"&&": "||", "||": "&&"}
# What ends an operand of && and ||, where nothing opened before it.
ENDS = {",", ";", "?", ":", "=", "return", "{", "}", "else", "in", "??", "while", "if", "guard", "case", "for", "switch", "where"}


def changes(tokens, first, last, vocabulary):
    """The changes between two tokens; `vocabulary` says which names stand for which others."""
    for at in range(first, last + 1):
        token = tokens[at]
        if token.kind == "punctuation":
            yield from _of_operators(tokens, at)
        elif token.kind == "number":
            yield from _of_number(tokens, at)
        elif token.kind == "name":
            yield from _of_name(tokens, at, vocabulary)


def is_binary(tokens, at):
    """An operator between two operands has white space on both sides, in C here and in Swift always."""
    token = tokens[at]
    return tokens.text[token.start - 1].isspace() and tokens.text[token.end].isspace()


def is_one_equality(tokens, first, last):
    """A comparison for equality and nothing else: to negate it is to flip the comparison."""
    signs = [tokens[at].text for at in tokens.outer(first, last + 1) if tokens.kind_at(at) == "punctuation"]
    return ("==" in signs) + ("!=" in signs) == 1 and not {"&&", "||", "?"} & set(signs)


def _of_operators(tokens, at):
    text = tokens[at].text
    if not is_binary(tokens, at):
        return
    if text in COMPARISONS:
        yield Change("comparison", (_of(tokens, at, at, COMPARISONS[text]),))
    elif text in OPPOSITE:
        yield Change("and-or", (_of(tokens, at, at, OPPOSITE[text]),))
        left, right = _operands(tokens, at)
        yield Change("drop-operand", (Edit(tokens[left].start, tokens[at + 1].start, ""),))
        yield Change("drop-operand", (Edit(tokens[at - 1].end, tokens[right].end, ""),))
    elif text == "?":
        yield from _of_choice(tokens, at)


def _of(tokens, first, last, text):
    return Edit(tokens[first].start, tokens[last].end, text)


def _operands(tokens, at):
    """Where the operands of && or || at this place begin and end: `a && b || c` has `a && b` for ||."""
    stops = {"||"} if tokens[at].text == "&&" else set()
    left = at - 1
    while True:
        left = tokens.partner.get(left, left) if tokens.is_at(left, ")", "]", "}") else left
        if tokens.is_at(left - 1, "(", "[", *ENDS, *stops) or _new_statement(tokens, left - 1):
            break
        left -= 1
    right = at + 1
    stops.add(tokens[at].text)
    while True:
        right = tokens.partner.get(right, right) if tokens.is_at(right, "(", "[", "{") else right
        if tokens.is_at(right + 1, ")", "]", "}", *ENDS, *stops) or _new_statement(tokens, right):
            break
        right += 1
    return left, right


def _new_statement(tokens, at):
    """In Swift a line's end ends a statement, unless an operator goes on."""
    if tokens.language == "c" or at + 1 >= len(tokens):
        return False
    between = tokens.text[tokens[at].end : tokens[at + 1].start]
    return "\n" in between and not tokens.is_at(at + 1, "&&", "||", ".", "==", "!=", "<", ">", "??")


def _of_choice(tokens, at):
    """`c ? a : b` is a, or is b."""
    colon = _colon_of(tokens, at)
    if colon is None:
        return
    left = at - 1
    while True:
        left = tokens.partner.get(left, left) if tokens.is_at(left, ")", "]", "}") else left
        if tokens.is_at(left - 1, "(", "[", *ENDS) or _new_statement(tokens, left - 1):
            break
        left -= 1
    condition = tokens.source(left, at - 1)
    true, false = ("1", "0") if tokens.language == "c" else ("true", "false")
    yield Change("always", (_of(tokens, left, at - 1, f"(({condition}) || {true})"),))
    yield Change("never", (_of(tokens, left, at - 1, f"(({condition}) && {false})"),))


def _colon_of(tokens, at):
    depth = 0
    for place in tokens.outer(at + 1, len(tokens)):
        if tokens.is_at(place, "?") and is_binary(tokens, place):
            depth += 1
        elif tokens.is_at(place, ":") and is_binary(tokens, place):
            if depth == 0:
                return place
            depth -= 1
        elif tokens.is_at(place, ";", ")", "}", "]"):
            return None
    return None


def _of_number(tokens, at):
    """One more; and where one is added or subtracted, none."""
    text = tokens[at].text
    digits = text.rstrip("uUlL")
    if not digits.isdecimal() or tokens.is_at(at - 1, "case", "<<", ">>") or tokens.is_at(at + 1, ":"):
        return
    if digits == "1" and tokens.is_at(at - 1, "+", "-") and is_binary(tokens, at - 1):
        yield Change("off-by-one", (Edit(tokens[at - 2].end, tokens[at].end, ""),))
    elif not tokens.is_at(at - 1, "."):  # of a tuple
        yield Change("off-by-one", (_of(tokens, at, at, str(int(digits) + 1) + text[len(digits) :]),))


def _of_name(tokens, at, vocabulary):
    text = tokens[at].text
    if text in ("true", "false"):
        yield Change("boolean", (_of(tokens, at, at, "false" if text == "true" else "true"),))
    elif text in vocabulary.errors and tokens.is_at(at - 1, "-"):
        other = vocabulary.errors[text]
        yield Change("errno", (_of(tokens, at, at, other),))
        yield Change("errno", (Edit(tokens[at - 1].start, tokens[at].end, "0"),))
    elif text in vocabulary.cases and (tokens.language == "c" or _is_case(tokens, at)):
        yield Change("other-case", (_of(tokens, at, at, vocabulary.cases[text]),))


def _is_case(tokens, at):
    """`.name` by itself or of a type, and no member of a value."""
    if not tokens.is_at(at - 1, ".") or tokens.is_at(at + 1, ".", "("):
        return False
    before = tokens[at - 2]
    if before.end != tokens[at - 1].start:
        return True
    return before.text[0].isupper() if before.kind == "name" else before.text in OPENING
