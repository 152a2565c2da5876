// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// A ``ProducerConfiguration`` whose values fit the core's types. Zero means "the default" there and is out of range
/// here, so what the core would misunderstand is refused before.
struct CoreConfiguration {
    private let configuration: ProducerConfiguration
    private let width: UInt32
    private let deadline: UInt64

    init(_ configuration: ProducerConfiguration) throws(ProducerError) {
        guard configuration.window >= 1 else {
            throw ProducerError.invalidConfiguration("window is \(configuration.window); it must be at least 1")
        }
        guard let width = UInt32(exactly: configuration.width ?? 0), configuration.width != 0 else {
            throw ProducerError.invalidConfiguration(
                "width is \(configuration.width ?? 0); it must be 1 to \(UInt32.max), or nil for the pool's threads")
        }
        deadline = try configuration.deadline.map(Self.nanoseconds(of:)) ?? 0
        self.configuration = configuration
        self.width = width
    }

    /// A deadline as the core wants it; beyond its range there is none.
    static func nanoseconds(of deadline: Duration) throws(ProducerError) -> UInt64 {
        guard deadline > .zero else {
            throw ProducerError.invalidConfiguration("the deadline is \(deadline); it must be more than zero")
        }
        let (seconds, attoseconds) = deadline.components
        guard seconds < 1 << 33 else { return .max }
        // At least 1, since 0 means the default there.
        return max(1, UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
    }

    /// Calls `body` with options that are valid during the call.
    func withOptions<Result>(_ body: (inout oip_producer_options) -> Result) -> Result {
        var options = unsafe oip_producer_options()
        unsafe options.size = MemoryLayout<oip_producer_options>.size
        unsafe options.window = configuration.window
        unsafe options.width = width
        unsafe options.no_assist = !configuration.assists
        unsafe options.deadline_ns = deadline
        unsafe options.on_failure =
            switch configuration.onFailure {
            case .endInOrder: OIP_END_IN_ORDER
            case .failFast: OIP_FAIL_FAST
            case .skip: OIP_SKIP
            }
        unsafe options.wait =
            switch configuration.wait {
            case .adaptive: OIP_WAIT_ADAPTIVE
            case .park: OIP_WAIT_PARK
            case .spin: OIP_WAIT_SPIN
            }
        guard let name = configuration.name else { return unsafe body(&options) }
        return unsafe name.withCString { name in
            unsafe options.name = name
            return unsafe body(&options)
        }
    }
}
