// SPDX-License-Identifier: Apache-2.0
internal import OrderedProducer

/// How a Swift subject receives its results.
enum Consumer: String, CaseIterable, Sendable {
    case thread, sink, async

    var summary: String {
        switch self {
        case .thread: "consumer thread"
        case .sink: "inline sink"
        case .async: "AsyncSequence in a task"
        }
    }

    /// Attaches a consumer that hands every result to `receiver`; the value waits for its end.
    func attach(
        _ receiver: Receiver,
        thread: (@escaping @Sendable (OrderedItems<UInt64>) throws -> Void) async throws -> Void,
        sink: (@escaping @Sendable (UInt64) throws -> Void) throws -> Void,
        items: () throws -> AsyncOrderedItems<UInt64>
    ) async throws -> @Sendable () async throws -> Void {
        switch self {
        case .thread:
            try await thread { results in
                for result in results { receiver.receive(result) }
            }
            return {}
        case .sink:
            try sink { receiver.receive($0) }
            return {}
        case .async:
            let results = try items()
            let task = Task { for try await result in results { receiver.receive(result) } }
            return { try await task.value }
        }
    }
}
