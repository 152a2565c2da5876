# SPDX-License-Identifier: Apache-2.0
"""What is changed in a function of the core: each operator yields the changes that it can make there."""

import re

from . import expressions
from .c_syntax import Function
from .lexer import Tokens
from .mutant import Change, Edit

REFERENCE = re.compile(r"(^|_)(retain|release|drop|free|destroy|detach|join)(_|$)|free$")
COUNTER = re.compile(r"^atomic_fetch_(add|sub)_explicit$|(^|_)(add|count)$")
LOCK = re.compile(r"_(mutex|spinlock|rwlock)_(lock|rdlock|wrlock)$|(^|_)lock$")
UNLOCK = re.compile(r"_(mutex|spinlock|rwlock)_unlock$|(^|_)unlock$")
OBSERVES = re.compile(r"assert|^OIP_POINT$", re.IGNORECASE)  # what only looks on, and is not there in a build for users
ORDERS = re.compile(r"fence|prefetch|relax")  # memory orders, which the models and litmus tests show, and hints
INITIALISES = re.compile(r"(^|_)(init|destroy|free)$|^mem(set|cpy)$")  # things that know nothing of each other


def changes(tokens: Tokens, function: Function, vocabulary):
    """Every change of every operator in one function."""
    observed = [(s.first, s.last) for s in function.statements() if _called(tokens, s) and observes(_called(tokens, s))]
    found = []
    for operator in (_statements, _locks, _order, _conditions, _values):
        found.extend(operator(tokens, function))
    found.extend(expressions.changes(tokens, function.first, function.last, vocabulary))
    spans = [(tokens[first].start, tokens[last].end) for first, last in observed]
    return [
        change
        for change in found
        if not any(start <= edit.start < end for edit in change.edits for start, end in spans)
    ]


def observes(name):
    return OBSERVES.search(name) is not None


def _called(tokens, statement):
    """The name of the function that a statement consists of a call of; None: it is something else."""
    if statement.kind != "expression":
        return None
    first = statement.first
    if tokens.is_at(first, "(") and tokens.is_at(first + 1, "void") and tokens.is_at(first + 2, ")"):
        first += 3
    at = first
    while tokens.kind_at(at) == "name" and tokens.is_at(at + 1, "->", "."):
        at += 2
    if tokens.kind_at(at) == "name" and tokens.is_at(at + 1, "(") and tokens.partner.get(at + 1) == statement.last - 1:
        return tokens[at].text
    return None


def _is_unused(tokens, statement):
    """`(void)parameter;` is there for the compiler."""
    return tokens.source(statement.first, statement.last).startswith("(void)") and _called(tokens, statement) is None


def _whole(tokens, first, last, text):
    return Edit(tokens[first].start, tokens[last].end, text)


def _statements(tokens, function):
    """Deletes a statement; which operator that is says what the statement does."""
    for statement in function.statements():
        if statement.kind == "expression" and not _is_unused(tokens, statement):
            name = _called(tokens, statement)
            if name is not None and any(pattern.search(name) for pattern in (LOCK, UNLOCK, ORDERS)):
                continue
            yield Change(_kind_of_deletion(tokens, statement, name), (_deleted(tokens, statement),))
        elif statement.kind in ("break", "continue") or (
            statement.kind == "return" and statement.last == statement.first + 1
        ):
            yield Change("delete-jump", (_deleted(tokens, statement),))


def _kind_of_deletion(tokens, statement, name):
    if name is not None:
        if REFERENCE.search(name):
            return "drop-reference"
        return "skip-counter" if COUNTER.search(name) else "delete-call"
    counts = any(tokens.is_at(at, "++", "--", "+=", "-=") for at in range(statement.first, statement.last))
    return "skip-counter" if counts else "delete-assignment"


def _deleted(tokens, statement):
    return _whole(tokens, statement.first, statement.last, ";")


def _lock_of(tokens, statement, pattern):
    """What a statement locks or unlocks, as text."""
    name = _called(tokens, statement)
    if name is None or not pattern.search(name):
        return None
    opening = next(at for at in range(statement.first, statement.last) if tokens.is_at(at, "("))
    return tokens.source(opening, statement.last - 1)


def _locks(tokens, function):
    """Takes a lock away with all that unlocks it, or makes the locked part shorter by a statement at either end."""
    for block in function.statements():
        for index, statement in enumerate(block.children):
            locked = _lock_of(tokens, statement, LOCK)
            if locked is not None:
                yield Change("drop-lock", tuple(_pair(tokens, function, statement, locked)))
                following = block.children[index + 1 : index + 2]
                if following and following[0].kind == "expression" and _lock_of(tokens, following[0], UNLOCK) is None:
                    yield Change("late-lock", _swapped(tokens, statement, following[0]))
            if index > 0 and _lock_of(tokens, statement, UNLOCK) is not None:
                before = block.children[index - 1]
                if before.kind == "expression" and _lock_of(tokens, before, LOCK) is None:
                    yield Change("early-unlock", _swapped(tokens, before, statement))


def _pair(tokens, function, lock, locked):
    """The lock, and every unlock of the same up to the next lock of it."""
    yield _deleted(tokens, lock)
    for statement in function.statements():
        if statement.first > lock.first:
            if _lock_of(tokens, statement, LOCK) == locked:
                return
            if _lock_of(tokens, statement, UNLOCK) == locked:
                yield _deleted(tokens, statement)


def _order(tokens, function):
    """Exchanges two calls that follow each other: between threads the order is most of what there is."""
    for block in function.statements():
        calls = [s for s in block.children if not (_called(tokens, s) and observes(_called(tokens, s)))]
        for one, other in zip(calls, calls[1:]):
            names = _called(tokens, one), _called(tokens, other)
            if None in names or any(p.search(name) for p in (LOCK, UNLOCK, ORDERS) for name in names):
                continue
            if all(INITIALISES.search(name) for name in names):
                continue
            yield Change("reorder", _swapped(tokens, one, other))


def _swapped(tokens, one, other):
    return (
        _whole(tokens, one.first, one.last, tokens.source(other.first, other.last)),
        _whole(tokens, other.first, other.last, tokens.source(one.first, one.last)),
    )


def _conditions(tokens, function):
    """Negates a condition, or lets it always or never hold; what it does besides is still done."""
    for statement in function.statements():
        if statement.condition is None:
            continue
        first, last = statement.condition
        text = tokens.source(first, last)
        if text in ("true", "false", "0", "1"):
            continue
        if not expressions.is_one_equality(tokens, first, last):
            yield Change("negate", (_whole(tokens, first, last, f"!({text})"),))
        yield Change("never", (_whole(tokens, first, last, f"({text}) && 0"),))
        if statement.kind == "if":
            yield Change("always", (_whole(tokens, first, last, f"({text}) || 1"),))


def _values(tokens, function):
    """Has a value of type bool be true, or false, whatever was found out."""
    for statement in function.statements():
        if statement.kind == "return" and "bool" in function.kind.split():
            yield from _forced(tokens, statement.first + 1, statement.last - 1)
        elif statement.kind == "declaration" and tokens.is_at(statement.first, "bool"):
            for at in tokens.outer(statement.first, statement.last):
                if tokens.is_at(at, "="):
                    yield from _forced(tokens, at + 1, statement.last - 1)


def _forced(tokens, first, last):
    text = tokens.source(first, last)
    if text not in ("true", "false"):
        yield Change("always", (_whole(tokens, first, last, f"({text}) || 1"),))
        yield Change("never", (_whole(tokens, first, last, f"({text}) && 0"),))
