# SPDX-License-Identifier: Apache-2.0
"""Which names can stand in the place of which: the constants of an enum, the errors that are returned."""

import dataclasses
import re


@dataclasses.dataclass
class Vocabulary:
    cases: dict = dataclasses.field(default_factory=dict)  # of an enum, to the next one of it
    errors: dict = dataclasses.field(default_factory=dict)  # of errno, to another one


def of_c(all_tokens):
    """The enums of these sources, but for those that only give names to numbers; and the errors in use."""
    vocabulary = Vocabulary()
    errors = set()
    for tokens in all_tokens:
        for at in range(len(tokens)):
            if tokens.is_at(at, "enum"):
                _add_enum(tokens, at, vocabulary.cases)
            elif tokens.kind_at(at) == "name" and re.fullmatch(r"E[A-Z0-9]{2,}", tokens[at].text):
                if tokens.is_at(at - 1, "-"):
                    errors.add(tokens[at].text)
    vocabulary.errors = _circle(sorted(errors))
    return vocabulary


def of_swift(all_tokens):
    """The cases without values of these sources' enums."""
    vocabulary = Vocabulary()
    for tokens in all_tokens:
        for at in range(len(tokens)):
            if tokens.is_at(at, "enum") and tokens.kind_at(at + 1) == "name":
                opening = next((p for p in range(at, len(tokens)) if tokens.is_at(p, "{")), None)
                if opening in tokens.partner:
                    vocabulary.cases.update(_circle(_cases_of_swift(tokens, opening)))
    return vocabulary


def _cases_of_swift(tokens, opening):
    names = []
    for place in tokens.outer(opening + 1, tokens.partner[opening]):
        in_list = tokens.is_at(place - 1, "case") or (tokens.is_at(place - 1, ",") and names)
        if in_list and tokens.kind_at(place) == "name" and not tokens.is_at(place + 1, "("):
            names.append(tokens[place].text)
    return names


def _add_enum(tokens, at, cases):
    has_name = tokens.kind_at(at + 1) == "name"
    opening = at + 2 if has_name else at + 1
    if not tokens.is_at(opening, "{"):
        return
    closing = tokens.partner[opening]
    has_values = any(tokens.is_at(place, "=") for place in range(opening, closing))
    if not has_name and has_values:
        return  # sizes and times, of which none stands for another
    names = [
        tokens[place].text for place in range(opening + 1, closing) if tokens.is_at(place - 1, "{", ",")
        and tokens.kind_at(place) == "name"
    ]
    cases.update(_circle(names))


def _circle(names):
    return dict(zip(names, names[1:] + names[:1])) if len(names) > 1 else {}
