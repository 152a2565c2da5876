// SPDX-License-Identifier: Apache-2.0

/// The scenarios by the questions they answer, as `make bench` asks them.
enum Catalogue {
    static let throughput = named("trivial", "1us", "10us", "100us", "tail-1us", "slow-head")
    static let latency = named("paced-1000", "paced-10000", "paced-100000", "burst-256")
    static let drain = named("drain")
    static let callers = named("callers-1", "callers-2", "callers-4", "callers-8")
    static let producers = ["", "-1us"].flatMap { work in
        [1, 10, 100, 1000].compactMap { Scenario(argument: "producers-\($0)\(work)") }
    }
    static let windows = stride(from: 0, through: 16, by: 2).compactMap { Scenario(argument: "window-\(1 << $0)") }
    static let workers = ["", "-10us"].flatMap { work in
        [1, 2, 4, 8, 16, 32, 64].compactMap { Scenario(argument: "workers-\($0)\(work)") }
    }
    /// The item costs of the curve of efficiency.
    static let sweep = named("50ns", "100ns", "200ns", "500ns", "2us", "5us", "20us", "50us")

    static let groups: [(name: String, scenarios: [Scenario])] = [
        ("throughput", throughput), ("latency", latency), ("sweep", sweep), ("drain", drain), ("callers", callers),
        ("producers", producers), ("windows", windows), ("workers", workers),
    ]
    static let all = groups.flatMap(\.scenarios)

    /// One of each sort, where the figures do not matter.
    static let smoke = named(
        "trivial", "tail-1us", "slow-head", "paced-10000", "burst-256", "drain", "callers-2", "producers-10",
        "window-1", "workers-3")

    private static func named(_ names: String...) -> [Scenario] { names.compactMap(Scenario.init(argument:)) }

    /// What a name on the command line stands for: a group, `all`, or one scenario. Empty where there is none.
    static func scenarios(_ name: String) -> [Scenario] {
        if name == "all" { return all }
        if let group = groups.first(where: { $0.name == name }) { return group.scenarios }
        return Scenario(argument: name).map { [$0] } ?? []
    }

    /// Scenarios that are measured less often, since others around them tell the same.
    static func isSecondary(_ scenario: Scenario) -> Bool {
        sweep.contains(scenario) || [.callers, .producers, .window, .workers].contains(scenario.kind)
            || ["100us", "slow-head", "paced-1000", "paced-100000", "burst-256"].contains(scenario.name)
    }
}
