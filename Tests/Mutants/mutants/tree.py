# SPDX-License-Identifier: Apache-2.0
"""A copy of a part of the package, in which one file at a time is changed while work on the package goes on."""

import filecmp
import hashlib
import pathlib
import shutil


def synchronize(root: pathlib.Path, tree: pathlib.Path, belongs):
    """Copies what differs, so that what was built of the rest stays valid, and removes what belongs no longer."""
    kept = {path for path in root.rglob("*") if belongs(path.relative_to(root)) and path.is_file()}
    for path in kept:
        target = tree / path.relative_to(root)
        if not target.exists() or not filecmp.cmp(path, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            shutil.copymode(path, target)
    for name in files(tree):
        if root / name not in kept:
            (tree / name).unlink()


def files(tree: pathlib.Path):
    """Those of the copy, without what was built of them."""
    return [path.relative_to(tree) for path in sorted(tree.rglob("*"))
            if path.is_file() and not _is_hidden(path.relative_to(tree))]  # fmt: skip


def digest(tree: pathlib.Path):
    summed = hashlib.sha256()
    for name in files(tree):
        summed.update(f"{name}\0".encode() + hashlib.sha256((tree / name).read_bytes()).digest())
    return summed.hexdigest()


def belongs_to_core(name: pathlib.PurePath):
    """The core and its own tests."""
    parts = ("CSources", "Snippets", "Tests/COrderedProducerTests", "Tests/Faults", "Tests/Schedules")
    return any(name.is_relative_to(part) for part in parts) and not _is_hidden(name)


def belongs_to_swift(name: pathlib.PurePath):
    """The package and its tests, without the packages within it and the tests of the core."""
    if name.parts[0] == "Tests":
        return len(name.parts) > 2 and name.parts[1].startswith("OrderedProducer")
    return (name.parts[0] in ("CSources", "Sources", "Snippets") or len(name.parts) == 1) and not _is_hidden(name)


def _is_hidden(name):
    return any(part.startswith(".") or part == "__pycache__" for part in name.parts)
