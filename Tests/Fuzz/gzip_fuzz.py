#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds ordered-gzip arbitrary arguments and arbitrary bytes.

    gzip_fuzz.py PROGRAM SECONDS [SEED=number] [CASE=number]

A case draws its folder of files, its standard input, its arguments and its limits from the seed and its number; CASE
repeats one. Half of the cases are ones that must succeed. In all of them: the program ends by itself with one of its
documented statuses, says why where it is not 0, and each file is afterwards as it was, or compressed so that gzip gives
back every byte. Ends with the line "N passed, N failed".
"""

import dataclasses
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

STATUSES = {0, 1, 2, 64}
PATIENCE = 120  # seconds; ends a case that hangs, no case passes because of it
NAMES = [b"f", b"g.txt", b"with space", b"-dash", b"\xc3\xa4", b"bad\xff", b"line\nbreak", b"n" * 251, b"n" * 253]
SUFFIXED = [b"a.gz", b"b.tgz", b"c-z", b"d_z", b".gz"]
STRANGE = [b"directory", b"link", b"dangling", b"missing", b"", b".", b"f/g", b"-", b"--", b"twin"]
OPTIONS = [b"-c", b"--stdout", b"-k", b"--keep", b"-f", b"--force", b"--stats", b"-p", b"-b", b"-h", b"--help"]
NUMBERS = [b"0", b"-1", b"1", b"2", b"4", b"8", b"4001", b"1048577", b"99999999999999999999", b"x", b"", b"1e3", b"0x2"]


@dataclasses.dataclass
class Case:
    files: dict[bytes, bytes]
    stdin: bytes
    arguments: list[bytes]
    must_succeed: bool
    stdout_expected: bytes | None  # None: not known
    file_limit: int | None
    output: str  # "pipe", "full" or "closed"


def content(dice: random.Random) -> bytes:
    size = dice.choice([0, 1, 2, 1023, 1024, 1025, 4096, 65536, dice.randrange(300_000)])
    kind = dice.randrange(5)
    if kind == 0:
        return bytes(size)
    if kind == 1:
        return dice.randbytes(size)
    if kind == 2:
        words = [dice.randbytes(dice.randrange(1, 9)) for _ in range(20)]
        return b" ".join(dice.choice(words) for _ in range(size // 6))[:size]
    if kind == 3:  # what begins like a compressed file
        return (b"\x1f\x8b\x08" + dice.randbytes(40))[:size] + bytes(max(0, size - 43))
    return (dice.randbytes(13) * (size // 13 + 1))[:size]


def mutate(dice: random.Random, argument: bytes) -> bytes:
    at = dice.randrange(len(argument) + 1)
    byte = bytes([dice.randrange(1, 256)])
    return dice.choice(
        [argument[:at] + byte + argument[at:], argument[:at] + argument[at + 1 :], argument + argument, argument[::-1]]
    )


def stays_inside(argument: bytes) -> bool:
    return b".." not in argument and b"/" not in argument.replace(b"f/g", b"") and b"\0" not in argument


def valid_case(dice: random.Random) -> Case:
    files = {name: content(dice) for name in dice.sample(NAMES[:5] + NAMES[6:8], dice.randrange(0, 4))}
    stdin = content(dice)
    arguments: list[bytes] = []
    to_stdout = dice.random() < 0.5
    arguments += dice.choice([[b"-c"], [b"--stdout"], [b"-c", b"-k"]]) if to_stdout else dice.choice([[], [b"-k"]])
    arguments += dice.choice([[], [b"-f"], [b"--force"]])
    arguments += dice.choice([[], [b"-%d" % dice.randrange(1, 13)]])
    arguments += dice.choice([[], [b"-p", b"%d" % dice.randrange(1, 9)], [b"-p%d" % dice.randrange(1, 9)]])
    arguments += dice.choice([[], [b"-b", b"%d" % dice.choice([1, 2, 64, 700])]])
    arguments += dice.choice([[], [b"--stats"]])
    operands = list(files)
    if dice.random() < 0.3:
        operands.insert(dice.randrange(len(operands) + 1), b"-")
    expected = b"".join(stdin if name == b"-" else files[name] if to_stdout else b"" for name in operands or [b"-"])
    return Case(files, stdin, [*arguments, b"--", *operands], True, expected, None, "pipe")


def arbitrary_case(dice: random.Random) -> Case:
    files = {name: content(dice) for name in dice.sample(NAMES + SUFFIXED, dice.randrange(0, 6))}
    for name in list(files):
        if dice.random() < 0.2 and len(name) < 252:
            files[name + b".gz"] = content(dice)  # is in the way
    arguments: list[bytes] = []
    for _ in range(dice.randrange(8)):
        known = list(files) or [b"f"]
        arguments.append(dice.choice(dice.choice([OPTIONS, NUMBERS, STRANGE, known])))
        if dice.random() < 0.2:
            arguments[-1] += dice.choice(NUMBERS)
        if dice.random() < 0.1:
            arguments.append(b"-%d" % dice.randrange(14))
        if dice.random() < 0.2:
            arguments[-1] = mutate(dice, arguments[-1])
    arguments = [argument for argument in arguments if stays_inside(argument)]
    limit = dice.choice([0, 1, 100, 5000]) if dice.random() < 0.15 else None
    output = dice.choice(["pipe"] * 8 + ["full", "closed"])
    return Case(files, content(dice), arguments, False, None, limit, output)


def fill(folder: bytes, case: Case) -> None:
    os.mkdir(os.path.join(folder, b"directory"))
    os.symlink(b"f", os.path.join(folder, b"link"))
    os.symlink(b"nowhere", os.path.join(folder, b"dangling"))
    for name, data in case.files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    if b"f" in case.files and not case.must_succeed:
        os.link(os.path.join(folder, b"f"), os.path.join(folder, b"twin"))


def run(program: str, folder: bytes, case: Case) -> subprocess.CompletedProcess[bytes]:
    def prepare() -> None:
        if case.file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (case.file_limit, case.file_limit))
        if case.output == "closed":
            os.close(1)

    command = [os.fsencode(program), *case.arguments]
    with open("/dev/full", "wb") as full:
        output = full if case.output == "full" else subprocess.PIPE
        return subprocess.run(
            command,
            input=case.stdin,
            stdout=output,
            stderr=subprocess.PIPE,
            cwd=folder,
            preexec_fn=prepare,
            timeout=PATIENCE,
            check=False,
        )


def inflate(data: bytes) -> bytes | None:
    environment = {name: value for name, value in os.environ.items() if name != "GZIP"}  # options of gzip's
    done = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=False, env=environment)
    return done.stdout if done.returncode == 0 else None


def read(path: bytes) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def check_files(folder: bytes, case: Case) -> str | None:
    originals = dict(case.files)
    if not case.must_succeed and b"f" in originals:
        originals[b"twin"] = originals[b"f"]
    names = set(os.listdir(folder)) - {b"directory"}
    for name in names - set(originals) - {b"link", b"dangling"}:
        source = name.removesuffix(b".gz")
        data = originals.get(b"f" if source == b"link" else source)
        if not name.endswith(b".gz") or data is None:
            return f"{name!r} is left over"
        if inflate(read(os.path.join(folder, name))) != data:
            return f"{name!r} does not hold what {source!r} held"
    for name, data in originals.items():
        path = os.path.join(folder, name)
        if name not in names:
            if inflate(read(path + b".gz")) != data if name + b".gz" in names else True:
                return f"{name!r} is lost"
        elif read(path) != data:
            source = name.removesuffix(b".gz")
            held = originals.get(source)
            if source == name or held is None or inflate(read(path)) != held:
                return f"{name!r} was changed"
    if b"dangling" not in names or not os.path.isdir(os.path.join(folder, b"directory")):
        return "what is no file was removed"
    return None


def check(folder: bytes, case: Case, done: subprocess.CompletedProcess[bytes]) -> str | None:
    status, output = done.returncode, done.stdout or b""
    if status not in STATUSES:
        return f"ended with {status}"
    if case.must_succeed and (status != 0 or (b"--stats" not in case.arguments and done.stderr)):
        return "did not succeed"
    if status == 64 and (output or not done.stderr.startswith(b"Error: ") or set(os.listdir(folder)) - before(case)):
        return "a mistake on the command line was more than an error"
    if status in (1, 2) and b"ordered-gzip: " not in done.stderr:
        return "failed without a word"
    if case.stdout_expected is not None and (inflate(output) if output else b"") != case.stdout_expected:
        return "standard output is not what was to be compressed"
    if status == 0 and output and not output.startswith(b"OVERVIEW: ") and inflate(output) is None:
        return "standard output is no gzip file"
    return check_files(folder, case)


def before(case: Case) -> set[bytes]:
    return set(case.files) | {b"directory", b"link", b"dangling", b"twin"}


def try_case(program: str, seed: int, number: int) -> bool:
    dice = random.Random(f"{seed}/{number}")
    case = valid_case(dice) if dice.random() < 0.5 else arbitrary_case(dice)
    folder = os.fsencode(tempfile.mkdtemp(prefix="gzip-fuzz-"))
    fill(folder, case)
    error = b""
    try:
        done = run(program, folder, case)
        error = done.stderr
        wrong = check(folder, case, done)
    except subprocess.TimeoutExpired:
        wrong = "hangs"
    if wrong is not None:
        print(
            f"gzip_fuzz: {wrong}: SEED={seed} CASE={number}, arguments {case.arguments}, {folder.decode()}: {error!r}"
        )
        return False
    shutil.rmtree(folder)
    return True


def main() -> int:
    numbers = dict(word.split("=") for word in sys.argv[3:])
    if len(sys.argv) < 3 or not set(numbers) <= {"SEED", "CASE"}:
        sys.exit("gzip_fuzz.py PROGRAM SECONDS [SEED=number] [CASE=number]")
    program, end = os.path.abspath(sys.argv[1]), time.monotonic() + float(sys.argv[2])
    seed = int(numbers.get("SEED") or time.time_ns() % 1_000_000_007)
    print(f"gzip_fuzz: SEED={seed}", flush=True)
    passed = failed = 0
    cases = [int(numbers["CASE"])] if "CASE" in numbers else range(sys.maxsize)
    for number in cases:
        if try_case(program, seed, number):
            passed += 1
        else:
            failed += 1
        if time.monotonic() >= end or failed == 10:
            break
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
