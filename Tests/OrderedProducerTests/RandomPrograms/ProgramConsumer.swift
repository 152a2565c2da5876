// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// The consumer of a program, of whichever kind, and its turn: what it does at its mark.
struct ProgramConsumer: Sendable {
    private enum Step { case goOn, leave }

    private let program: Program
    private let record: Record
    private let overtaking: Overtaking
    private let subject: WeakSubject

    init(_ program: Program, _ record: Record, _ overtaking: Overtaking, _ subject: any Subject) {
        self.program = program
        self.record = record
        self.overtaking = overtaking
        self.subject = WeakSubject(subject)
    }

    func attach() async throws {
        guard let subject = subject.value else { return }
        do {
            switch program.consumer {
            case .thread: try await subject.start { try consume($0) }
            case .blockingThread: try await onThread { try subject.startBlocking { try consume($0) } }
            case .sink:
                try subject.start(onItem: { token in
                    if try take(token) == .leave { self.subject.value?.stopProducing() }
                })
            case .sequence:
                let items = try subject.items()
                Task { await iterate(items) }
            case .nobody: return
            }
            record.note { $0.isAttached = true }
        } catch ProducerError.ended {
            let notes = record.snapshot
            if !notes.endedAtOnce, notes.threw.isEmpty { record.complain("attach says that production has ended") }
            return
        }
        await attachAgain(subject)
    }

    private func attachAgain(_ subject: any Subject) async {
        do {
            try subject.start(onItem: { _ in record.complain("two consumers") })
            record.complain("a second consumer was attached")
        } catch ProducerError.alreadyStarted, ProducerError.ended {
        } catch {
            record.complain("a second consumer was refused with \(error)")
        }
    }

    private func consume(_ items: OrderedItems<Token>) throws -> Int {
        defer { record.consumerEnded.open() }
        while let token = items.next() {
            if try take(token) == .leave { return record.snapshot.delivered.count }
        }
        if items.next() != nil { record.complain("an item after the end") }
        return record.snapshot.delivered.count
    }

    private func iterate(_ items: AsyncOrderedItems<Token>) async {
        defer { record.consumerEnded.open() }
        var iterator = items.makeAsyncIterator()
        do {
            while let token = try await iterator.next() {
                if try take(token) == .leave { return }
            }
            if try await iterator.next() != nil { record.complain("an item after the end") }
        } catch let failure as ItemFailure {
            record.note { $0.iterationFailure = failure }
        } catch {}  // the consumer's own
    }

    private func take(_ token: Token) throws -> Step {
        let count = record.note { notes -> Int in
            notes.delivered.append(token.value)
            return notes.delivered.count
        }
        overtaking.delivered(token.value)
        guard count == program.mark, let subject = subject.value else { return .goOn }
        switch program.turn {
        case .nothing: break
        case .leave:
            record.note { $0.endedAtOnce = true }
            return .leave
        case .fail:
            record.note {
                $0.endedAtOnce = true
                $0.consumerThrew = true
            }
            throw TestError(value: -1)
        case .stopProducing:
            record.note { $0.endedAtOnce = true }
            subject.stopProducing()
        case .stop: if program.consumer != .sequence { expectDeadlock(record) { _ = try subject.stopBlocking() } }
        case .produce: nest(record, subject, waits: false)
        case .pause:
            // Whoever pauses sees to it that it is lifted, or callers would wait for ever.
            subject.pause()
            Task { [weak subject] in subject?.resume() }
        }
        return .goOn
    }
}

/// The consumer does not keep the producer: dropping that is one of the endings.
final class WeakSubject: Sendable {
    private let box: Locked<Box>

    private struct Box { weak var value: (any Subject)? }

    init(_ subject: any Subject) { box = Locked(Box(value: subject)) }

    var value: (any Subject)? { box.withLock { $0.value } }
}
