# SPDX-License-Identifier: Apache-2.0
"""The functions of a Swift source and their statements: as much of a parser as changing one of them needs."""

import dataclasses

from .lexer import Tokens

PREFIXES = {"unsafe", "try", "await", "_", "=", "?", "!"}
COMPOUND = {"if", "guard", "for", "while", "switch", "repeat", "do", "defer", "else", "catch"}
DECLARES = {"let", "var", "func", "struct", "class", "enum", "extension", "typealias", "init", "deinit", "import"}
MODIFIERS = {"private", "fileprivate", "internal", "package", "public", "static", "final", "mutating", "weak", "lazy"}
JUMPS = {"return", "throw", "break", "continue", "fallthrough"}
TYPES = {"struct", "class", "enum", "extension", "protocol", "actor"}
CONTINUES = {".", "&&", "||", "??", "?", ":", "+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "=", "else",
             "catch", "where", "in", "->", ",", ")", "]", "{", "throws", "async", "as", "is", "...", "..<", "~=", "?."}  # fmt: skip
GOES_ON = CONTINUES - {")", "]", "?"} | {"(", "[", "return", "try", "await", "unsafe", "case", "let", "var", "if",
                                         "guard", "while", "for", "switch", "throw"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Statement:
    kind: str  # call, assignment, jump, declaration, compound, label
    first: int  # tokens, both included
    last: int


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    first: int  # the tokens of the body, braces included
    last: int
    gives: bool  # a value


def functions(tokens: Tokens):
    """Every function, initialiser, accessor and closure that a declaration consists of; one within another is part of
    that. Of several with one name in a file the later ones get numbers."""
    found = []
    counts = {}
    index = 0
    while index < len(tokens):
        name, body = _function_at(tokens, index)
        if body is None:
            index += 1
            continue
        counts[name] = counts.get(name, 0) + 1
        gives = tokens.is_at(index, "var", "let", "subscript") or any(
            tokens.is_at(at, "->") for at in tokens.outer(index, body)
        )
        name = name if counts[name] == 1 else f"{name}-{counts[name]}"
        found.append(Function(name, body, tokens.partner[body], gives))
        index = tokens.partner[body] + 1
    return found


def _function_at(tokens, index):
    if tokens.kind_at(index) != "name" or tokens.is_at(index - 1, "."):
        return None, None
    if tokens.is_at(index, "func"):
        return tokens[index + 1].text, _body(tokens, index + 2)
    if tokens.is_at(index, "init", "subscript") and tokens.is_at(index + 1, "(", "?", "<"):
        return tokens[index].text, _body(tokens, index + 1)
    if tokens.is_at(index, "deinit"):
        return "deinit", _body(tokens, index + 1)
    if tokens.is_at(index, "var", "let") and tokens.kind_at(index + 1) == "name":
        return tokens[index + 1].text, _body(tokens, index + 2, stops={"=>"})
    return None, None


def _body(tokens, index, stops=frozenset()):
    """The brace that the body begins with: before anything else is declared."""
    for at in tokens.outer(index, len(tokens)):
        if tokens.is_at(at, "{"):
            return at if at in tokens.partner else None
        if tokens.kind_at(at) == "directive" or tokens.is_at(at, "}", "@", *stops):
            return None
        if tokens.is_at(at, *DECLARES, *TYPES, "case", "subscript", *MODIFIERS) and not tokens.is_at(at - 1, "."):
            return None
    return None


def blocks(tokens: Tokens, function: Function):
    """The statements of every block in a function, closures included, block by block."""
    for at in range(function.first, function.last):
        if tokens.is_at(at, "{") and at in tokens.partner and not _is_of_type(tokens, at):
            yield _statements(tokens, at)


def _is_of_type(tokens, brace):
    """Whether it is the body of a type."""
    at = brace - 1
    while at >= 0 and not tokens.is_at(at, "{", "}", ")", ";"):
        if tokens.is_at(at, *TYPES) and not tokens.is_at(at - 1, "."):
            return True
        at -= 1
    return False


def _statements(tokens, brace):
    end = tokens.partner[brace]
    at = _after_signature(tokens, brace, end)
    found = []
    while at < end:
        if tokens.kind_at(at) == "directive" or tokens.is_at(at, ";"):
            at += 1
            continue
        last = _label_end(tokens, at, end) if tokens.is_at(at, "case", "default") else _last(tokens, at, end)
        found.append(Statement(_kind(tokens, at, last), at, last))
        at = last + 1
    return found


def _after_signature(tokens, brace, end):
    """Behind `[weak self] a, b in`, if the block is a closure with that."""
    for at in tokens.outer(brace + 1, end):
        if tokens.is_at(at, "in"):
            return at + 1
        if tokens.is_at(at, "{", "}", ";", "for", "=", "if", "let", "var", "return", "."):
            break
    return brace + 1


def _label_end(tokens, at, end):
    return next((place for place in tokens.outer(at, end) if tokens.is_at(place, ":")), end - 1)


def _last(tokens, first, end):
    for at in tokens.outer(first, end):
        last = tokens.partner.get(at, at) if tokens.is_at(at, "(", "[", "{") else at
        following = last + 1
        if following >= end or tokens.is_at(following, ";") or tokens.kind_at(following) == "directive":
            return last
        breaks = "\n" in tokens.text[tokens[last].end : tokens[following].start]
        if breaks and not tokens.is_at(following, *CONTINUES) and not tokens.is_at(last, *GOES_ON):
            return last
    return end - 1


def _kind(tokens, first, last):
    if tokens.is_at(first, "case", "default"):
        return "label"
    at = first
    while tokens.is_at(at, "@", *MODIFIERS):
        at += 1
    if tokens.is_at(at, *DECLARES):
        return "declaration"
    if tokens.is_at(first, *COMPOUND):
        return "compound"
    if tokens.is_at(first, *JUMPS):
        return "jump"
    at = first
    while at < last and tokens.is_at(at, *PREFIXES):
        at += 1
    if any(tokens.is_at(place, "=", "+=", "-=", "*=", "&=", "|=") for place in tokens.outer(at, last)):
        return "assignment"
    return "call" if tokens.is_at(last, ")", "}") and tokens.kind_at(at) == "name" else "value"
