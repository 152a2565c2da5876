# SPDX-License-Identifier: Apache-2.0
"""Prints the public interface in symbol graphs, one line for each declaration and each conformance, sorted.

    swift_api.py OrderedProducer.symbols.json OrderedProducer@Swift.symbols.json …

The further files hold what the module adds to types of others.
"""

import json
import sys
from pathlib import Path
from typing import Any


def declaration(symbol: dict[str, Any]) -> str:
    path = ".".join(symbol["pathComponents"])
    text = "".join(fragment["spelling"] for fragment in symbol["declarationFragments"])
    return f"{path}  |  {symbol['accessLevel']} {' '.join(text.split())}"


def constraints(of: dict[str, Any]) -> str:
    parts = [f"{c['lhs']} {c['kind']} {c['rhs']}" for c in of.get("swiftConstraints", [])]
    return f" where {', '.join(parts)}" if parts else ""


def interface(graph: dict[str, Any]) -> set[str]:
    names = {symbol["identifier"]["precise"]: ".".join(symbol["pathComponents"]) for symbol in graph["symbols"]}
    lines = {declaration(symbol) for symbol in graph["symbols"]}
    for relation in graph["relationships"]:
        # Who a declaration belongs to is in its path already.
        if relation["kind"] in ("conformsTo", "inheritsFrom") and relation["source"] in names:
            target = names.get(relation["target"], relation.get("targetFallback", relation["target"]))
            lines.add(f"{names[relation['source']]}  |  {relation['kind']} {target}{constraints(relation)}")
    return lines


def main() -> None:
    graphs = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    print("\n".join(sorted(set[str]().union(*map(interface, graphs)))))


if __name__ == "__main__":
    main()
