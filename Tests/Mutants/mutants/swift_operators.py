# SPDX-License-Identifier: Apache-2.0
"""What is changed in a function of the Swift modules: each operator yields the changes that it can make there."""

import re

from . import expressions
from .mutant import Change, Edit
from .swift_syntax import blocks

REFERENCE = re.compile(r"^(retain|release|deallocate|deinitialize|destroy|drop|free|cancel)$|_(release|destroy|free)$")
OBSERVES = re.compile(r"^(assert\w*|precondition\w*|fatalError)$")
BINDS = {"let", "var", "case", "#"}


def changes(tokens, function, vocabulary):
    """Every change of every operator in one function."""
    found = []
    for statements in blocks(tokens, function):
        for index, statement in enumerate(statements):
            if _only_ends_its_case(tokens, statements, index):
                continue
            if len(statements) == 1 and statement.first == function.first + 1 and function.gives:
                continue  # it is the value
            if statements[0].first == function.first + 1 and function.name.startswith("init"):
                continue  # what it leaves out does not compile
            found.extend(_deletions(tokens, statement))
        found.extend(_order(tokens, statements))
    found.extend(_conditions(tokens, function))
    found.extend(expressions.changes(tokens, function.first, function.last, vocabulary))
    observed = [
        (tokens[at].start, tokens[tokens.partner[at + 1]].end)
        for at in range(function.first, function.last)
        if tokens.kind_at(at) == "name" and OBSERVES.search(tokens[at].text) and tokens.is_at(at + 1, "(")
    ]
    return [
        change
        for change in found
        if not any(start <= edit.start < end for edit in change.edits for start, end in observed)
    ]


def _only_ends_its_case(tokens, statements, index):
    """`default: break`: without the break the case does nothing, too."""
    is_alone = index > 0 and all(statement.kind == "label" for statement in statements[index - 1 : index + 2 : 2])
    return is_alone and tokens.is_at(statements[index].first, "break")


def _called(tokens, statement):
    """The name of the function that a call calls last: `a.b(c).d(e)` calls d."""
    at = statement.last
    while tokens.is_at(at, ")", "}") and at in tokens.partner and tokens.partner[at] > statement.first:
        at = tokens.partner[at] - 1
    return tokens[at].text


def _deletions(tokens, statement):
    if statement.kind == "call":
        if OBSERVES.search(_called(tokens, statement)):
            return
        name = "drop-reference" if REFERENCE.search(_called(tokens, statement)) else "delete-call"
        yield Change(name, (_whole(tokens, statement, "()"),))
    elif statement.kind == "assignment":
        counts = any(tokens.is_at(at, "+=", "-=") for at in tokens.outer(statement.first, statement.last))
        yield Change("skip-counter" if counts else "delete-assignment", (_whole(tokens, statement, "()"),))
    elif statement.kind == "jump" and statement.first == statement.last:
        yield Change("delete-jump", (_whole(tokens, statement, "()"),))


def _whole(tokens, statement, text):
    return Edit(tokens[statement.first].start, tokens[statement.last].end, text)


def _order(tokens, statements):
    for one, other in zip(statements, statements[1:]):
        if one.kind == other.kind == "call":
            yield Change(
                "reorder",
                (
                    _whole(tokens, one, tokens.source(other.first, other.last)),
                    _whole(tokens, other, tokens.source(one.first, one.last)),
                ),
            )


def _conditions(tokens, function):
    """Each condition between the commas of an if, a guard or a while, but for those that bind a name."""
    for at in range(function.first, function.last):
        if not tokens.is_at(at, "if", "guard", "while") or tokens.is_at(at - 1, "."):
            continue
        end = next(
            (place for place in tokens.outer(at + 1, function.last) if tokens.is_at(place, "{", "else")), None
        )
        if end is None:
            continue
        commas = [place for place in tokens.outer(at + 1, end) if tokens.is_at(place, ",")]
        for before, behind in zip([at, *commas], [*commas, end]):
            first, last = before + 1, behind - 1
            if first > last or tokens.is_at(first, *BINDS):
                continue
            yield from _of_condition(tokens, tokens.is_at(at, "while"), first, last)


def _of_condition(tokens, loops, first, last):
    text = tokens.source(first, last)
    if text in ("true", "false"):
        return
    edit = tokens[first].start, tokens[last].end
    if not expressions.is_one_equality(tokens, first, last):
        yield Change("negate", (Edit(*edit, f"!({text})"),))
    yield Change("never", (Edit(*edit, f"({text}) && false"),))
    if not loops:
        yield Change("always", (Edit(*edit, f"({text}) || true"),))
