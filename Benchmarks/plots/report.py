# SPDX-License-Identifier: Apache-2.0
"""What a benchmark's JSON file says, as the plots need it."""

import json
import re

UNITS = {"ns": 1, "us": 1e3, "ms": 1e6}


def nanoseconds(name):
    """The work of an item in a scenario that is named for it, or None."""
    match = re.fullmatch(r"([0-9.]+)(ns|us|ms)", name)
    return float(match[1]) * UNITS[match[2]] if match else None


class Report:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.data = json.load(file)
        self.peers = {p["name"] for p in self.data["participants"] if p["isPeer"]}
        self.order = [p["name"] for p in self.data["participants"]]
        machine = self.data["machine"]
        self.cores = min(machine["processors"], self.data["shape"]["workers"])
        self.caption = f"{machine['processor']}, {machine['processors']} processors, {machine['date'][:10]}"
        if self.data["smoke"]:
            self.caption += "; a smoke run: the figures mean nothing"
        self.window = self.data["shape"]["window"]

    def summaries(self, scenario=None):
        """Those that have a figure, of one scenario or of all."""
        return [
            row
            for row in self.data["summaries"]
            if row.get("nanosecondsPerItem") and (scenario is None or row["scenario"] == scenario)
        ]

    def is_ours(self, subject):
        return subject not in self.peers and subject not in ("taskgroup", "serial", "spsc-spinning", "spsc-parked")

    def curve(self, subject):
        """Its scenarios with even work: (nanoseconds of work, summary), in order."""
        points = [(nanoseconds(row["scenario"]), row) for row in self.summaries() if row["subject"] == subject]
        return sorted((p for p in points if p[0]), key=lambda point: point[0])

    def numbered(self, prefix, work=""):
        """Subjects of scenarios such as window-64: name -> [(number, summary)]."""
        pattern = re.compile(re.escape(prefix) + r"-(\d+)" + (f"-{work}" if work else ""))
        found = {}
        for row in self.summaries():
            match = pattern.fullmatch(row["scenario"])
            if match:
                found.setdefault(row["subject"], []).append((int(match[1]), row))
        return {name: sorted(points, key=lambda point: point[0]) for name, points in found.items()}
