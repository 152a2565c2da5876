// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import Foundation

/// How much the whole machine and our own children have computed so far: what remains of the difference between two
/// samples is the work of others, which disturbs a measurement.
struct LoadSample {
    private let machineSeconds: Double
    private let ownSeconds: Double
    private let time: Double

    init() throws {
        let fields = try String(contentsOfFile: "/proc/stat", encoding: .utf8)
            .prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard fields.count >= 8 else { throw BenchError.child("/proc/stat has another form than expected") }
        // user, nice, system, idle, iowait, irq, softirq, steal
        let busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]
        machineSeconds = busy / Double(sysconf(Int32(_SC_CLK_TCK)))
        ownSeconds = bench_own_cpu_seconds()
        time = ProcessInfo.processInfo.systemUptime
    }

    func coresUsedByOthers(since before: LoadSample) -> Double {
        let others = (machineSeconds - before.machineSeconds) - (ownSeconds - before.ownSeconds)
        return max(0, others / (time - before.time))
    }
}
