# SPDX-License-Identifier: Apache-2.0
"""One pass: how many items of what size, and how they are requested."""

import argparse
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Job:
    items: int
    steps: int
    workers: int
    window: int
    tail: tuple[int, int] | None  # every so manyth item is so many times as long
    slow_head: int | None  # how many times as long the first item is
    rate: float  # requests per second; 0: as fast as possible
    burst: int

    def to_warm_up(self, items):
        return replace(self, items=items, steps=0, rate=0)

    def due(self, index):
        """When an item is to be requested, in nanoseconds after the begin of the pass."""
        return int((index - index % self.burst) * (1e9 / self.rate))


def parse(words, names):
    """The arguments of the command, and the job they describe. Ends the process with status 2 where they are wrong."""
    parser = argparse.ArgumentParser(prog="python-peers", allow_abbrev=False)
    parser.add_argument("subject", choices=names)
    parser.add_argument("--items", type=positive, required=True)
    parser.add_argument("--steps", type=natural, required=True)
    parser.add_argument("--workers", type=positive, required=True)
    parser.add_argument("--window", type=positive, required=True)
    parser.add_argument("--expect", type=checksum, required=True)
    parser.add_argument("--tail", type=tail)
    parser.add_argument("--slow-head", type=natural)
    parser.add_argument("--rate", type=rate, default=0)
    parser.add_argument("--burst", type=positive, default=1)
    parser.add_argument("--latencies")
    parser.add_argument("--warm-up", type=natural, default=5000)
    arguments = parser.parse_args(words)
    if arguments.latencies and not arguments.rate:
        parser.error("--latencies needs --rate")
    job = Job(
        items=arguments.items,
        steps=arguments.steps,
        workers=arguments.workers,
        window=arguments.window,
        tail=arguments.tail,
        slow_head=arguments.slow_head,
        rate=arguments.rate,
        burst=arguments.burst,
    )
    return parser, arguments, job


def natural(word):
    number = int(word)
    if not 0 <= number < 1 << 64:
        raise ValueError
    return number


def positive(word):
    number = natural(word)
    if number == 0:
        raise ValueError
    return number


def checksum(word):
    number = int(word, 16)
    if not 0 <= number < 1 << 64:
        raise ValueError
    return number


def rate(word):
    number = float(word)
    if not 0 < number <= 1e9:
        raise ValueError
    return number


def tail(word):
    every, times = word.split(",")
    return positive(every), natural(times)
