// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// Owns one `oip_pool *`.
@safe
final class CorePool: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer

    init(threads: UInt32, name: String, stackSize: Int, affinity: [UInt32]) throws(ProducerError) {
        var handle: OpaquePointer?
        let result = unsafe name.withCString { name in
            unsafe affinity.withUnsafeBufferPointer { processors in
                var options = unsafe oip_pool_options()
                unsafe options.size = MemoryLayout<oip_pool_options>.size
                unsafe options.threads = threads
                unsafe options.name = name
                unsafe options.stack_size = stackSize
                unsafe options.cpus = processors.isEmpty ? nil : processors.baseAddress
                unsafe options.cpu_count = processors.count
                return unsafe oip_pool_create(&handle, &options)
            }
        }
        try CoreError.check(result)
        // The core sets the handle wherever it returns 0.
        unsafe self.handle = handle!
    }

    /// The threads go on until the last producer on the pool has ended; this does not wait for them.
    deinit { unsafe oip_pool_release(handle) }

    /// That this process may use.
    static var processors: Int { Int(oip_processors()) }

    var threads: Int { unsafe Int(oip_pool_threads(handle)) }

    func resize(threads: UInt32) throws(ProducerError) {
        try CoreError.check(unsafe oip_pool_resize(handle, threads))
    }

    /// Runs `job` once on a thread of the pool.
    func run(_ job: @escaping @Sendable () -> Void) throws {
        let job = unsafe Unmanaged.passRetained(ThreadJob(job))
        let result = unsafe oip_pool_run(handle, { unsafe ThreadJob.run($0) }, job.toOpaque())
        if result < 0 {
            unsafe job.release()
            throw CoreError.error(result)
        }
    }

    /// Waits until everything on the pool has ended. Blocks.
    func shutdown() {
        _ = unsafe oip_pool_shutdown(handle)
    }
}
