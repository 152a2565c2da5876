// SPDX-License-Identifier: Apache-2.0

/// A way to make items side by side and receive them in order.
protocol Subject: Sendable {
    static var name: String { get }
    /// One line for the list of subjects.
    static var summary: String { get }

    /// Starts what outlives a pass: threads.
    init(_ job: Job)

    /// Requests all items of the receiver's job from the calling thread; returns when the last has been received.
    func pass(_ receiver: Receiver)
}

let allSubjects: [any Subject.Type] = [
    AsyncStreamSubject.self,
    DispatchSubject.self,
    OperationQueueSubject.self,
    NIOThreadPoolSubject.self,
]
