// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// One watched producer: what the core tells its events to.
@safe
final class TraceLane: Sendable {
    private let store: TraceStore
    private let producer: Int

    init(store: TraceStore, name: String?) {
        self.store = store
        producer = store.register(name)
    }

    /// The core's observer; its context is a lane that the producer's hooks keep alive.
    static let callback: oip_observe_function = { context, event in
        unsafe Unmanaged<TraceLane>.fromOpaque(context!)._withUnsafeGuaranteedRef { lane in
            unsafe lane.record(event!.pointee)
        }
    }

    private func record(_ event: oip_event) {
        let kind: TraceEvent.Kind =
            switch event.kind {
            case OIP_REQUESTED: .requested
            case OIP_STARTED: .started
            case OIP_FINISHED: .finished
            case OIP_DELIVERED: .delivered
            default: .overtaken
            }
        store.record(
            TraceEvent(
                kind: kind, failed: event.code != 0, thread: event.thread, producer: producer,
                sequence: event.sequence, time: event.time))
    }
}
