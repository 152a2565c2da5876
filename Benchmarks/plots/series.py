# SPDX-License-Identifier: Apache-2.0
"""How the cost of an item grows with window, workers, producers and callers."""

from style import Pens, finish, label_durations, legend, plt

SERIES = [
    ("window", "", "window", "Time per trivial item against the window"),
    ("workers", "", "threads of the pool", "Time per trivial item against the pool's size"),
    ("workers", "10us", "threads of the pool", "Time per item of 10 µs against the pool's size"),
    ("producers", "", "producers on one pool", "Time per trivial item against the number of producers"),
    ("producers", "1us", "producers on one pool", "Time per item of 1 µs against the number of producers"),
    ("callers", "", "callers on one producer", "Time per trivial item against the number of callers"),
]


def draw(report, folder):
    drawn = []
    for prefix, work, axis, title in SERIES:
        found = report.numbered(prefix, work)
        if any(len(points) > 1 for points in found.values()):
            name = f"{prefix}-{work}" if work else prefix
            drawn.append(lines(report, folder, name, found, axis, title))
    return drawn


def lines(report, folder, name, found, axis, title):
    figure, axes = plt.subplots(figsize=(9, 4.6))
    pens = Pens(report)
    numbers = sorted({number for points in found.values() for number, _ in points})
    for subject in [subject for subject in report.order if subject in found]:
        points = found[subject]
        pen = pens.next(subject)
        times = [row["nanosecondsPerItem"] for _, row in points]
        axes.plot([number for number, _ in points], [time["median"] for time in times], label=subject, **pen)
        axes.fill_between(
            [number for number, _ in points],
            [time["lowest"] for time in times],
            [time["highest"] for time in times],
            color=pen["color"],
            alpha=0.13,
            linewidth=0,
        )
    axes.set_xscale("log", base=10 if numbers[-1] == 1000 else 2)
    axes.set_yscale("log")
    axes.set_xticks(numbers)
    axes.set_xticklabels([f"{number:,}" for number in numbers])
    axes.xaxis.set_minor_locator(plt.NullLocator())
    label_durations(axes.yaxis)
    axes.set_xlabel(axis)
    axes.set_ylabel("time per item (shade: lowest to highest)")
    legend(axes)
    return finish(figure, axes, report, folder, name, title)
