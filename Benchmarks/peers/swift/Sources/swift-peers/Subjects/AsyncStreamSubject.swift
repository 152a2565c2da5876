// SPDX-License-Identifier: Apache-2.0
internal import Dispatch

/// A task for each item; a stream brings the tasks to a consumer that awaits each in turn. No buffering policy of a
/// stream holds its producer back, so that a semaphore is the window. The requester is a task, but where requests are
/// paced it is a thread, which may sleep.
struct AsyncStreamSubject: Subject {
    static let name = "swift-asyncstream"
    static let summary = "AsyncStream of tasks, awaited in order; as wide as the system has processors"

    private typealias Request = AsyncStream<Task<UInt64, Never>>

    init(_ job: Job) {}

    func pass(_ receiver: Receiver) {
        let (tasks, requests) = Request.makeStream()
        let finished = DispatchSemaphore(value: 0)
        if receiver.job.pace == nil {
            let permits = Permits(receiver.job.window)
            consume(tasks, receiver, finished) { permits.put() }
            Task { await request(permits, requests, receiver) }
        } else {
            let permits = DispatchSemaphore(value: receiver.job.window)
            consume(tasks, receiver, finished) { permits.signal() }
            requestPaced(permits, requests, receiver)
        }
        finished.wait()
    }

    private func consume(
        _ tasks: Request, _ receiver: Receiver, _ finished: DispatchSemaphore, permit: @escaping @Sendable () -> Void
    ) {
        Task {
            for await task in tasks {
                receiver.receive(await task.value)
                permit()
            }
            finished.signal()
        }
    }

    private func request(_ permits: Permits, _ requests: Request.Continuation, _ receiver: Receiver) async {
        let job = receiver.job
        receiver.begin()
        for index in 0..<job.items {
            await permits.take()
            requests.yield(Task { job.item(index) })
        }
        requests.finish()
    }

    private func requestPaced(_ permits: DispatchSemaphore, _ requests: Request.Continuation, _ receiver: Receiver) {
        let job = receiver.job
        receiver.begin()
        for index in 0..<job.items {
            receiver.pace(index)
            permits.wait()
            requests.yield(Task { job.item(index) })
        }
        requests.finish()
    }
}
