// SPDX-License-Identifier: Apache-2.0

/// pthreads that run item functions, shared by any number of producers: the original's class-wide thread pool.
///
/// Producers with something to run are served in turn, so that thousands of them share a pool fairly. Item functions
/// may block: that is what these threads are for, unlike those of Swift's concurrency runtime. Signals are blocked in
/// them, except those that a thread causes itself (`SIGSEGV` and its like): a program's crash handler runs there.
///
/// Every method may be called from any thread or task. Producers keep their pool: its threads go on until the last of
/// them is gone, whoever else has let go of it.
public final class WorkerPool: Sendable {
    /// How a pool is set up.
    public struct Configuration: Sendable {
        /// How many threads run items, from 1 to 4,000. Unless told, as many as there are processors that this process
        /// may use: those of its affinity mask, and no more than the quotas of its control groups grant, rounded up.
        public var threads: Int
        /// Threads appear as `<name>-<n>` in `ps`, `perf` and debuggers, cut to what the system allows.
        public var name: String
        /// The size of each thread's stack in bytes; `nil`: the system's default.
        public var stackSize: Int?
        /// The Linux numbers of the processors that the threads are bound to, round robin; `nil`: none.
        public var affinity: [Int]?

        /// The defaults.
        public init() {
            self.init(threads: CorePool.processors)
        }

        /// The defaults, except for what is given.
        public init(threads: Int, name: String = "oip", stackSize: Int? = nil, affinity: [Int]? = nil) {
            self.threads = threads
            self.name = name
            self.stackSize = stackSize
            self.affinity = affinity
        }
    }

    /// The pool that producers use unless told: starts at first use, with as many threads as the process may use
    /// processors. Where not one thread can be started the program ends with a message; make a pool of your own to
    /// handle that as an error.
    public static let shared: WorkerPool = {
        do {
            return try WorkerPool()
        } catch {
            fatalError("WorkerPool.shared cannot start: \(error)")
        }
    }()

    let core: CorePool

    /// Starts a pool.
    ///
    /// - Throws: ``ProducerError/invalidConfiguration(_:)`` with the value that is out of range, or
    ///   ``ProducerError/system(_:code:)`` where a thread cannot be started; nothing is left behind then.
    public init(_ configuration: Configuration = .init()) throws(ProducerError) {
        let threads = try Self.validated(threads: configuration.threads)
        let stackSize = configuration.stackSize ?? 0
        guard configuration.stackSize == nil || stackSize > 0 else {
            throw ProducerError.invalidConfiguration("stackSize is \(stackSize); it must be positive, or nil")
        }
        guard configuration.affinity?.isEmpty != true else {
            throw ProducerError.invalidConfiguration("affinity is empty; it must name a processor, or be nil")
        }
        let affinity = try (configuration.affinity ?? []).map { processor throws(ProducerError) in
            guard let number = UInt32(exactly: processor) else {
                throw ProducerError.invalidConfiguration(
                    "affinity names processor \(processor); there is no such number")
            }
            return number
        }
        core = try CorePool(threads: threads, name: configuration.name, stackSize: stackSize, affinity: affinity)
    }

    /// Starts a pool of `threads` threads, with the defaults otherwise.
    ///
    /// - Throws: as ``init(_:)``.
    public convenience init(threads: Int) throws(ProducerError) {
        try self.init(Configuration(threads: threads))
    }

    private static func validated(threads: Int) throws(ProducerError) -> UInt32 {
        guard threads >= 1, let number = UInt32(exactly: threads) else {
            throw ProducerError.invalidConfiguration("threads is \(threads); it must be at least 1")
        }
        return number
    }

    /// How many threads the pool has, or will have as soon as those that are to leave have finished their item.
    public var threads: Int { core.threads }

    /// Changes the number of threads, live. Running items are not disturbed: a thread too many leaves after its item.
    ///
    /// - Throws: ``ProducerError/invalidConfiguration(_:)``, ``ProducerError/poolShutDown``, or
    ///   ``ProducerError/system(_:code:)`` where a thread cannot be started; the number is unchanged then.
    public func resize(threads: Int) throws {
        try core.resize(threads: Self.validated(threads: threads))
    }

    /// Runs `body` once on a thread of the pool, where it may block, and gives what it returns: the original's
    /// `deferToThreadInPool`. No order is promised.
    ///
    /// A task that is cancelled before `body` has begun throws at once, and `body` never runs. Once `body` runs,
    /// cancelling the task neither interrupts it nor ends the wait for it.
    ///
    /// - Throws: what `body` throws, `CancellationError`, or ``ProducerError/poolShutDown``.
    public nonisolated(nonsending) func run<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        let call = PoolCall(body)
        defer { call.drop() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { call.start(on: core, $0) }
        } onCancel: {
            call.cancel()
        }
    }

    /// Refuses new producers, items and calls of ``run(_:)`` from the beginning; each producer on the pool finishes as
    /// by `finish()`. Waits until what is outstanding is delivered and every ``run(_:)`` has returned, then ends the
    /// threads. So it waits for a consumer where items are outstanding and none was started, and for the end of a
    /// pause. Idempotent: each call returns when all is done.
    ///
    /// Inside an async item function it cannot wait for its own caller: there it starts the shutdown and returns.
    public nonisolated(nonsending) func shutdown() async {
        let core = core
        let done = ItemOutcome<Void>()
        // The wait blocks, so it gets a thread for itself: blocking one of the concurrency runtime's could keep the
        // very tasks from running that the pool waits for.
        await ThreadJob.runOnOwnThreadInTheEnd {
            core.shutdown()
            done.resolve(.success(()))
        }
        if !ItemScope.isInsideAny { _ = await done.resolution }
    }
}
