// SPDX-License-Identifier: Apache-2.0
#if NIO
    import Dispatch
    import NIOCore
    import Synchronization

    /// Another loop, and how often somebody gave it something to execute.
    final class CountingLoop: EventLoop {
        private let loop: any EventLoop
        private let count = Atomic(0)

        init(_ loop: any EventLoop) { self.loop = loop }

        var executions: Int { count.load(ordering: .sequentiallyConsistent) }
        var inEventLoop: Bool { loop.inEventLoop }
        var now: NIODeadline { loop.now }

        func execute(_ task: @escaping @Sendable () -> Void) {
            count.add(1, ordering: .sequentiallyConsistent)
            loop.execute(task)
        }

        func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
            loop.scheduleTask(deadline: deadline, task)
        }

        func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
            loop.scheduleTask(in: delay, task)
        }

        func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
            loop.shutdownGracefully(queue: queue, callback)
        }
    }
#endif
