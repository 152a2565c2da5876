# SPDX-License-Identifier: Apache-2.0
"""Tokens of C and Swift sources, exact enough to change one of them without touching comments or strings."""

import dataclasses
import re

OPENING = {"(": ")", "[": "]", "{": "}"}

C_PUNCTUATION = sorted(
    "<<= >>= ... -> ++ -- << >> <= >= == != && || += -= *= /= %= &= |= ^= ##".split(), key=len, reverse=True
)
SWIFT_OPERATOR = re.compile(r"[-+*/%<>=!&|^~?]+|\.\.[.<]")

NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*|`[A-Za-z_][A-Za-z0-9_]*`")
NUMBER = re.compile(r"0[xX][0-9a-fA-F_]+[uUlL]*|0b[01_]+|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][-+]?[0-9]+)?[uUlLfF]*")


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str  # name, number, string, punctuation, directive
    text: str
    start: int
    end: int


class Tokens:
    """The tokens of a text, and for each bracket the place of its partner."""

    def __init__(self, text, language):
        self.text = text
        self.language = language
        self.list = list(_c_tokens(text) if language == "c" else _swift_tokens(text))
        self.partner = {}
        open_ones = []
        for index, token in enumerate(self.list):
            if token.kind != "punctuation":
                continue
            if token.text in OPENING:
                open_ones.append(index)
            elif token.text in OPENING.values():
                # Where only one branch of an #if opens a bracket the brackets do not match up: the rest is left alone.
                if open_ones and OPENING[self.list[open_ones[-1]].text] == token.text:
                    self.partner[index] = open_ones[-1]
                    self.partner[open_ones.pop()] = index

    def __len__(self):
        return len(self.list)

    def __getitem__(self, index):
        return self.list[index]

    def is_at(self, index, *texts):
        return 0 <= index < len(self.list) and self.list[index].text in texts and self.list[index].kind != "string"

    def kind_at(self, index):
        return self.list[index].kind if 0 <= index < len(self.list) else None

    def source(self, first, last):
        """The text from the token `first` to the token `last`, both included."""
        return self.text[self.list[first].start : self.list[last].end]

    def outer(self, first, end):
        """The places in [first, end) that are not inside brackets."""
        index = first
        while index < end:
            yield index
            index = self.partner[index] if self.is_at(index, *OPENING) and index in self.partner else index
            index += 1


def _c_tokens(text):
    at = 0
    line_begins = True
    while at < len(text):
        character = text[at]
        if character == "\n":
            line_begins = True
            at += 1
        elif character.isspace():
            at += 1
        elif text.startswith("//", at):
            at = _end_of_line(text, at)
        elif text.startswith("/*", at):
            at = text.index("*/", at) + 2
        else:
            if character == "#" and line_begins:
                end = _end_of_directive(text, at)
                token = Token("directive", text[at:end], at, end)
            else:
                token = _c_token(text, at)
            yield token
            at = token.end
            line_begins = False


def _c_token(text, at):
    if text[at] in "\"'":
        return _string(text, at, text[at])
    for kind, pattern in (("name", NAME), ("number", NUMBER)):
        match = pattern.match(text, at)
        if match:
            return Token(kind, match.group(), at, match.end())
    sign = next((sign for sign in C_PUNCTUATION if text.startswith(sign, at)), text[at])
    return Token("punctuation", sign, at, at + len(sign))


def _swift_tokens(text):
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("//", at):
            at = _end_of_line(text, at)
        elif text.startswith("/*", at):
            at = _end_of_nested_comment(text, at)
        else:
            token = _swift_token(text, at)
            yield token
            at = token.end


def _swift_token(text, at):
    raw = re.match(r'#*"', text[at : at + 8])
    if raw:
        return _swift_string(text, at, len(raw.group()) - 1)
    if re.match(r"#(if|elseif|else|endif)\b", text[at : at + 10]):
        end = _end_of_line(text, at)
        return Token("directive", text[at:end], at, end)
    for kind, pattern in (("name", NAME), ("number", NUMBER)):
        match = pattern.match(text, at)
        if match:
            return Token(kind, match.group(), at, match.end())
    match = SWIFT_OPERATOR.match(text, at)
    if match:
        sign = re.split(r"//|/\*", match.group())[0]  # a comment may follow at once
        return Token("punctuation", sign, at, at + len(sign))
    return Token("punctuation", text[at], at, at + 1)


def _string(text, at, quote):
    end = at + 1
    while text[end] != quote:
        end += 2 if text[end] == "\\" else 1
    return Token("string", text[at : end + 1], at, end + 1)


def _swift_string(text, at, hashes):
    """A string with all that is interpolated in it."""
    marks = "#" * hashes
    quote = '"""' if text.startswith('"""', at + hashes) else '"'
    escape = "\\" + marks
    end = at + hashes + len(quote)
    while not text.startswith(quote + marks, end):
        if text.startswith(escape + "(", end):
            end = _end_of_interpolation(text, end + len(escape))
        elif text.startswith(escape, end):
            end += len(escape) + 1
        else:
            end += 1
    end += len(quote) + hashes
    return Token("string", text[at:end], at, end)


def _end_of_interpolation(text, at):
    depth = 0
    while True:
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        elif text[at] == '"':
            at = _swift_string(text, at, 0).end
            continue
        at += 1


def _end_of_line(text, at):
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end_of_directive(text, at):
    while True:
        end = _end_of_line(text, at)
        if end == len(text) or text[end - 1] != "\\":
            return end
        at = end + 1


def _end_of_nested_comment(text, at):
    depth = 0
    while True:
        if text.startswith("/*", at):
            depth += 1
            at += 2
        elif text.startswith("*/", at):
            depth -= 1
            at += 2
            if depth == 0:
                return at
        else:
            at += 1
