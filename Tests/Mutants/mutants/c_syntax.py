# SPDX-License-Identifier: Apache-2.0
"""The functions of a C source and their statements: as much of a parser as changing one of them needs."""

import dataclasses

from .lexer import Tokens

NOT_FUNCTIONS = {"if", "for", "while", "switch", "sizeof", "return", "__attribute__", "_Alignas", "_Pragma", "defined"}
LOOPS = {"for", "while", "switch"}
JUMPS = {"break", "continue", "goto", "return"}


@dataclasses.dataclass(frozen=True)
class Statement:
    kind: str  # expression, declaration, return, break, continue, goto, if, while, for, switch, do, each, block, label
    first: int  # tokens, both included
    last: int
    condition: tuple = None  # first and last token of an if, a while, a do
    children: tuple = ()

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    kind: str  # the words before the name: storage and type of the result
    first: int  # the tokens of the body, braces included
    last: int
    body: Statement

    def statements(self):
        return self.body.walk()


def functions(tokens: Tokens):
    """Every function that has a body."""
    found = []
    index = 0
    begins = 0  # of what may be the declaration
    while index < len(tokens):
        if tokens.kind_at(index) == "directive" or tokens.is_at(index, ";", "}"):
            begins = index + 1
        elif tokens.is_at(index, "{"):
            name = _name_before(tokens, index)
            if name is not None and index in tokens.partner:
                last = tokens.partner[index]
                kind = " ".join(token.text for token in tokens.list[begins:name])
                found.append(Function(tokens[name].text, kind, index, last, _block(tokens, index)))
                index = last
            begins = index + 1
        index += 1
    return found


def _name_before(tokens, brace):
    """The name of the function whose body begins at `brace`; None: something else begins there."""
    if not tokens.is_at(brace - 1, ")"):
        return None
    name = tokens.partner.get(brace - 1, 0) - 1
    if tokens.kind_at(name) != "name" or tokens[name].text in NOT_FUNCTIONS:
        return None
    return name


def _block(tokens, brace):
    last = tokens.partner[brace]
    children = []
    index = brace + 1
    while index < last:
        child = _statement(tokens, index)
        children.append(child)
        index = child.last + 1
    return Statement("block", brace, last, None, tuple(children))


def _statement(tokens, index):
    if tokens.kind_at(index) == "directive":
        return Statement("directive", index, index)
    if tokens.is_at(index, "{"):
        return _block(tokens, index)
    if tokens.is_at(index, "if"):
        return _if(tokens, index)
    if tokens.is_at(index, *LOOPS):
        kind = tokens[index].text
        closing = tokens.partner[index + 1]
        child = _statement(tokens, closing + 1)
        condition = (index + 2, closing - 1) if kind == "while" else _middle_of_for(tokens, index, closing)
        return Statement(kind, index, child.last, condition, (child,))
    if tokens.is_at(index, "do"):
        child = _statement(tokens, index + 1)
        opening = child.last + 2
        closing = tokens.partner[opening]
        return Statement("do", index, closing + 1, (opening + 1, closing - 1), (child,))
    if tokens.is_at(index, "case", "default"):
        colon = next(at for at in tokens.outer(index, len(tokens)) if tokens.is_at(at, ":"))
        return Statement("label", index, colon)
    if tokens.kind_at(index) == "name" and tokens.is_at(index + 1, ":"):
        return Statement("label", index, index + 1)
    return _simple(tokens, index)


def _if(tokens, index):
    closing = tokens.partner[index + 1]
    children = [_statement(tokens, closing + 1)]
    if tokens.is_at(children[0].last + 1, "else"):
        children.append(_statement(tokens, children[0].last + 2))
    return Statement("if", index, children[-1].last, (index + 2, closing - 1), tuple(children))


def _middle_of_for(tokens, index, closing):
    semicolons = [at for at in tokens.outer(index + 2, closing) if tokens.is_at(at, ";")]
    if not tokens.is_at(index, "for") or len(semicolons) != 2 or semicolons[1] == semicolons[0] + 1:
        return None
    return (semicolons[0] + 1, semicolons[1] - 1)


def _simple(tokens, index):
    for at in tokens.outer(index, len(tokens)):
        if tokens.is_at(at, ";"):
            if tokens.is_at(index, *JUMPS):
                return Statement(tokens[index].text, index, at)
            return Statement("declaration" if _declares(tokens, index, at) else "expression", index, at)
        if at > index and tokens.is_at(at, "{") and tokens.is_at(at - 1, ")"):
            body = _block(tokens, at)  # a macro that loops
            return Statement("each", index, body.last, None, (body,))
    raise ValueError(f"a statement without an end: {tokens[index].text} at {tokens[index].start}")


def _declares(tokens, first, last):
    if tokens.kind_at(first) != "name" or tokens[first].text == "sizeof":
        return False
    at = first + 1
    while tokens.is_at(at, "*"):
        at += 1
    if tokens.kind_at(at) != "name":
        return False
    # `type name` and `type *name = …`; but `a * b;` alone would be no statement.
    return at < last
