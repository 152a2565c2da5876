// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// Random operations against a plain sequential model.
///
/// The model knows which items were accepted, which of them fail and what ends production, and from that alone what the
/// consumer must have received and what `stop()` must say. Timing is free: items take their time or none at all.
@Suite(.endsWithin(minutes: 1))
struct ModelTests {
    private struct Model {
        var values: [Int] = []
        var failing: Set<Int> = []
        var policy: FailurePolicy

        var lowestFailure: Int? { values.firstIndex { failing.contains($0) } }

        /// What is delivered where production goes on to `stop()`.
        var delivered: [Int] {
            switch policy {
            case .skip: values.filter { !failing.contains($0) }
            case .endInOrder, .failFast: Array(values.prefix(lowestFailure ?? values.count))
            }
        }
    }

    private enum End: CaseIterable { case stop, stopProducing, drop }

    /// Each case is its seed, so a report of any kind names it; MODEL_SEED=… runs that one alone.
    private static var seeds: [UInt64] {
        if let seed = ProcessInfo.processInfo.environment["MODEL_SEED"].flatMap(UInt64.init) { return [seed] }
        return (0..<60).map { _ in UInt64.random(in: .min ... .max) }
    }

    @Test(arguments: seeds)
    func randomOperations(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        try await withLedger { ledger in
            try await run(&generator, ledger, Comment(rawValue: "seed \(seed)"))
        }
    }

    private func run(_ generator: inout SeededGenerator, _ ledger: Ledger, _ seed: Comment) async throws {
        let way = Way.allCases.randomElement(using: &generator)!
        let kind = Consumer.Kind.allCases.randomElement(using: &generator)!
        var configuration = ProducerConfiguration(window: Int.random(in: 1...40, using: &generator))
        configuration.onFailure = [.endInOrder, .failFast, .skip].randomElement(using: &generator)!
        configuration.assists = Bool.random(using: &generator)
        configuration.wait = Bool.random(using: &generator) ? .adaptive : .park
        if Bool.random(using: &generator) { configuration.width = Int.random(in: 1...3, using: &generator) }
        let pool = try WorkerPool(threads: Int.random(in: 1...4, using: &generator))
        let line = try Line(way, pool: pool, configuration: configuration)
        let consumer = Consumer(kind)
        let failures = Bool.random(using: &generator)
        var model = Model(policy: configuration.onFailure)
        var (started, refused, paused, ended) = (false, false, false, false)

        for value in 0..<Int.random(in: 1...150, using: &generator) {
            if !started, !refused, value >= configuration.window || Int.random(in: 0..<4, using: &generator) == 0 {
                do {
                    try await consumer.attach(to: line)
                    started = true
                } catch ProducerError.ended {
                    #expect(model.lowestFailure != nil && model.policy == .failFast, seed)
                    refused = true
                }
            }
            if started, Int.random(in: 0..<16, using: &generator) == 0 {
                paused ? line.resume() : line.pause()
                paused.toggle()
            }
            if Int.random(in: 0..<24, using: &generator) == 0 {
                try pool.resize(threads: .random(in: 1...4, using: &generator))
            }
            if paused, line.statistics.outstanding >= configuration.window {
                line.resume()  // else the next call would wait for ever
                paused = false
            }
            var make = Make(value, ledger)
            make.fails = failures && Int.random(in: 0..<20, using: &generator) == 0
            let pauses = Int.random(in: 0...3, using: &generator)
            make.inside = { for _ in 0..<pauses * 200 { _ = ledger.live } }
            switch try await line.produce(contended: make) {
            case .accepted:
                model.values.append(value)
                if make.fails { model.failing.insert(value) }
            case .ended:
                #expect(model.lowestFailure != nil && model.policy != .skip, seed)
                ended = true
            case .full:
                Issue.record("a contended call does not give up, \(seed)")
            }
            if ended { break }
        }
        try await end(line, consumer, model, started, End.allCases.randomElement(using: &generator)!, seed)
    }

    private func end(
        _ line: Line, _ consumer: Consumer, _ model: Model, _ started: Bool, _ end: End, _ seed: Comment
    ) async throws {
        if end == .drop { return }
        if end == .stopProducing { line.stopProducing() }
        var failure: ItemFailure?
        do {
            let value = try await line.stop()
            await settle(consumer, started)
            if started, consumer.kind == .thread { #expect(value == nil || value == consumer.received.count, seed) }
        } catch {
            failure = try #require(error as? ItemFailure, seed)
            await settle(consumer, started)
        }
        let statistics = line.statistics
        #expect(statistics.requested == model.values.count, seed)
        #expect(statistics.outstanding == 0, seed)
        #expect(statistics.delivered == consumer.received.count, seed)
        #expect(statistics.delivered + statistics.failed + statistics.discarded == statistics.requested, seed)
        // Whatever ended production: what was delivered is the beginning of what the order allows.
        #expect(model.delivered.starts(with: consumer.received), seed)
        if let failure {
            #expect(model.failing.contains(model.values[Int(failure.sequence)]), seed)
            #expect(failure.underlying as? TestError == TestError(value: model.values[Int(failure.sequence)]), seed)
        }
        guard end == .stop, started else { return }
        switch model.policy {
        case .skip:
            #expect(failure == nil, seed)
            #expect(consumer.received == model.delivered, seed)
            #expect(statistics.skipped == model.failing.count, seed)
        case .endInOrder:
            #expect(failure.map { Int($0.sequence) } == model.lowestFailure, seed)
            #expect(consumer.received == model.delivered, seed)
        case .failFast:
            #expect((failure != nil) == (model.lowestFailure != nil), seed)
            if failure == nil { #expect(consumer.received == model.delivered, seed) }
        }
    }

    private func settle(_ consumer: Consumer, _ started: Bool) async {
        if started { await consumer.finished() }
    }
}
