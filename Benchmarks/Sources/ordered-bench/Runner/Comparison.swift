// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import Foundation

/// Carries a plan out and collects what was measured. A participant that fails in a scenario is not asked again there.
struct Comparison {
    let plan: Plan
    let sizing: Sizing
    let shape: Shape
    let measurer: Measurer
    /// Items where their number is not to be found by a probe: figures that mean nothing, in little time.
    let fixedItems: UInt64?
    let progress: (String) -> Void

    let stepsPerMicrosecond = bench_steps_per_microsecond()
    private var checksums = ExpectedChecksums()
    /// Nanoseconds per trivial item; a participant without one failed its probe.
    private(set) var overheads: [String: Double] = [:]
    private(set) var measurements: [Measurement] = []
    private(set) var summaries: [Summary] = []
    private var items: [String: UInt64] = [:]

    init(
        plan: Plan, sizing: Sizing, shape: Shape, measurer: Measurer, fixedItems: UInt64?,
        progress: @escaping (String) -> Void
    ) {
        self.plan = plan
        self.sizing = sizing
        self.shape = shape
        self.measurer = measurer
        self.fixedItems = fixedItems
        self.progress = progress
    }

    mutating func run() {
        for scenario in plan.scenarios { measure(scenario) }
    }

    private mutating func measure(_ scenario: Scenario) {
        var participants = plan.participants(in: scenario)
        if Catalogue.sweep.contains(scenario), !plan.areNamed { participants = swept(participants) }
        var latencies: [String: [Int64]] = [:]
        var failed: Set<String> = []
        let start = measurements.count
        for repetition in 1...plan.repetitions(of: scenario) {
            for participant in participants where !failed.contains(participant.name) {
                progress("\(scenario.name): \(participant.name), run \(repetition)")
                let (measurement, latency) = measure(participant, scenario, repetition)
                measurements.append(measurement)
                latencies[participant.name, default: []] += latency
                if let failure = measurement.failure {
                    failed.insert(participant.name)
                    progress("    failed: \(failure)")
                }
            }
        }
        summarise(measurements[start...], scenario, latencies)
    }

    private mutating func measure(
        _ participant: Participant, _ scenario: Scenario, _ repetition: Int
    ) -> (Measurement, [Int64]) {
        var measurement = Measurement(
            subject: participant.name, scenario: scenario.name, repetition: repetition,
            job: scenario.job(items: 1, stepsPerMicrosecond: stepsPerMicrosecond, shape: shape))
        do {
            let items = try self.items(participant, scenario)
            let job = scenario.job(items: items, stepsPerMicrosecond: stepsPerMicrosecond, shape: shape)
            measurement.job = job
            let answer = try measurer.measure(participant, job, expected: checksums.expected(job))
            measurement.result = answer.result
            measurement.otherLoad = fixedItems == nil ? answer.otherLoad : nil
            measurement.latency = answer.latencies.isEmpty ? nil : Latency(answer.latencies)
            if fixedItems == nil,
                let better = sizing.corrected(scenario, items: items, took: answer.result.seconds)
            {
                self.items[key(participant, scenario)] = better
            }
            return (measurement, answer.latencies)
        } catch {
            measurement.failure = "\(error)"
            return (measurement, [])
        }
    }

    private func key(_ participant: Participant, _ scenario: Scenario) -> String {
        "\(scenario.name) \(participant.name)"
    }

    private mutating func items(_ participant: Participant, _ scenario: Scenario) throws -> UInt64 {
        if let fixedItems {
            if scenario.kind == .drain { return min(fixedItems * 10, Scenario.drained) }
            return scenario.isPaced ? max(scenario.burst ?? 1, 100) : fixedItems
        }
        if let known = items[key(participant, scenario)] { return known }
        let found = sizing.items(scenario, overhead: scenario.kind == .drain ? 0 : try overhead(participant))
        items[key(participant, scenario)] = found
        return found
    }

    /// Of one run with few trivial items.
    private mutating func overhead(_ participant: Participant) throws -> Double {
        if let known = overheads[participant.name] { return known }
        let scenario = Scenario("trivial", .trivial)
        var seconds = 0.0
        // A slow participant is not to spend its time on the probe; a fast one starts slowly.
        for count in [Sizing.probeItems / 20, Sizing.probeItems] {
            let job = scenario.job(items: count, stepsPerMicrosecond: stepsPerMicrosecond, shape: shape)
            seconds = try measurer.once(participant, job, expected: checksums.expected(job)).result.seconds
            overheads[participant.name] = seconds * 1e9 / Double(count)
            if seconds > 0.02 { break }
        }
        return overheads[participant.name] ?? 0
    }

    /// The main faces, and the peers that were the best at 1 µs so far.
    private func swept(_ participants: [Participant]) -> [Participant] {
        func time(_ participant: Participant) -> Double? {
            summaries.first { $0.subject == participant.name && $0.scenario == "1us" }?.nanosecondsPerItem?.median
        }
        let peers = participants.filter(\.isPeer).compactMap { peer in time(peer).map { (peer.name, $0) } }
            .sorted { $0.1 < $1.1 }.prefix(Plan.sweptPeers).map(\.0)
        return participants.filter { $0.isPeer ? peers.contains($0.name) : Plan.sweptFaces.contains($0.name) }
    }

    private mutating func summarise(
        _ measurements: ArraySlice<Measurement>, _ scenario: Scenario, _ latencies: [String: [Int64]]
    ) {
        let groups = Dictionary(grouping: measurements, by: \.subject)
        var new = plan.participants.compactMap { participant in
            groups[participant.name].map { Summary($0, latencies: latencies[participant.name] ?? []) }
        }
        let cores = min(sizing.cores, scenario.workers ?? shape.workers)
        Efficiency.add(to: &new, cores: cores, stepsPerMicrosecond: stepsPerMicrosecond)
        summaries += new
    }
}
