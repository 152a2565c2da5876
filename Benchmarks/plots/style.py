# SPDX-License-Identifier: Apache-2.0
"""How all plots look: colours that colour-blind readers can tell apart (Okabe and Ito), each with a marker of its own;
ours thick and full, peers thin and dashed."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

OURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9"]
PEERS = ["#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#7F7F7F", "#000000"]
OUR_MARKERS = ["o", "s", "D", "^", "v", "P"]
PEER_MARKERS = ["x", "+", "1", "2", "3", "4", "*", "|"]

plt.rcParams.update(
    {
        "font.size": 11,
        "axes.grid": True,
        "grid.color": "#DDDDDD",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.dpi": 110,
        "svg.hashsalt": "ordered-bench",
        "svg.fonttype": "path",
    }
)


class Pens:
    """Line styles by subject, the same ones within a plot."""

    def __init__(self, report):
        self.report = report
        self.ours = 0
        self.peers = 0

    def next(self, subject):
        if self.report.is_ours(subject):
            i, self.ours = self.ours, self.ours + 1
            return {
                "color": OURS[i % len(OURS)],
                "marker": OUR_MARKERS[i % len(OUR_MARKERS)],
                "linewidth": 2.2,
                "markersize": 6,
            }
        i, self.peers = self.peers, self.peers + 1
        return {
            "color": PEERS[i % len(PEERS)],
            "marker": PEER_MARKERS[i % len(PEER_MARKERS)],
            "linewidth": 1.2,
            "linestyle": "--",
            "markersize": 7,
        }


def duration(nanoseconds):
    """Short text of a duration."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{round(nanoseconds / size, 1 if nanoseconds < 100 * size else 0):g} {unit}"
    return f"{nanoseconds:.3g} ns"


def label_durations(axis):
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: duration(value)))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def finish(figure, axes, report, folder, name, title):
    """Title, caption and legend; writes both files."""
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", pad=12)
    figure.text(0.01, 0.005, report.caption, fontsize=8, color="#666666")
    figure.tight_layout(rect=(0, 0.025, 1, 1))
    for suffix in ("svg", "png"):
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(folder / f"{name}.{suffix}", metadata=metadata)
    plt.close(figure)
    return name


def legend(axes, **options):
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=10, alignment="left", **options)
