// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A closure on its way through a C function's `void *argument`: retained by the sender, consumed by the thread that
/// runs it.
final class ThreadJob: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    static func run(_ argument: UnsafeMutableRawPointer?) {
        // Non-null by construction: every sender passes a retained job.
        let job = unsafe Unmanaged<ThreadJob>.fromOpaque(argument!).takeRetainedValue()
        job.body()
    }

    /// Runs `body` on a thread that exists for it alone, so that it may block; the result of `pthread_create`. Signals
    /// are blocked there, as on the core's threads, except for those that a thread brings upon itself.
    static func runOnOwnThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
        let job = unsafe Unmanaged.passRetained(ThreadJob(body))
        var blocked = sigset_t()
        unsafe sigfillset(&blocked)
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { unsafe sigdelset(&blocked, signal) }
        var callers = sigset_t()
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &callers)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                unsafe ThreadJob.run(argument)
                return nil
            }, job.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &callers, nil)
        if result == 0 {
            pthread_detach(thread)
        } else {
            unsafe job.release()
        }
        return result
    }

    /// As ``runOnOwnThread(_:)``, where there is nobody to tell that the system is out of threads: tries until it
    /// has one again.
    static nonisolated(nonsending) func runOnOwnThreadInTheEnd(
        _ body: @escaping @Sendable () -> Void,
        start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Int32 = runOnOwnThread,
        pause: @escaping @Sendable () async -> Void = { try? await Task.sleep(for: .milliseconds(10)) }
    ) async {
        if start(body) == 0 { return }
        // In a task that nobody cancels: a cancelled one does not sleep.
        await Task {
            repeat { await pause() } while start(body) != 0
        }.value
    }
}
