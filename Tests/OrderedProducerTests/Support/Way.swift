// SPDX-License-Identifier: Apache-2.0
import Testing

/// What is to be known of a way to ask for items.
protocol AskingWay: CaseIterable, Equatable, Sendable {
    static var suspending: Self { get }
    static var trying: Self { get }

    /// Whether a call waits for room by suspending its task.
    var suspends: Bool { get }
    /// Whether a call waits for room by blocking its thread.
    var blocks: Bool { get }
    var takesSeveral: Bool { get }
    /// Whether items are made in tasks.
    var isTask: Bool { get }
    /// Whether an item may have a deadline of its own.
    var takesDeadlines: Bool { get }
}

/// Every way to ask an `OrderedItemProducer`.
enum ItemWay: String, AskingWay {
    case blocking, suspending, asTask, trying, tracked

    var suspends: Bool { self == .suspending || self == .asTask || self == .tracked }
    var blocks: Bool { self == .blocking }
    var takesSeveral: Bool { false }
    var isTask: Bool { self == .asTask }
    var takesDeadlines: Bool { self == .blocking || self == .suspending || self == .asTask }
}

/// Every way to ask an `OrderedTransform`.
enum TransformWay: String, AskingWay {
    case blocking, suspending, trying, contents, contentsBlocking

    var suspends: Bool { self == .suspending || self == .contents }
    var blocks: Bool { self == .blocking || self == .contentsBlocking }
    var takesSeveral: Bool { self == .contents || self == .contentsBlocking }
    var isTask: Bool { false }
    var takesDeadlines: Bool { false }
}

/// Every way to ask a producer of either kind.
enum Way: CaseIterable, Hashable, Sendable {
    case items(ItemWay)
    case transform(TransformWay)

    static let allCases = ItemWay.allCases.map(Way.items) + TransformWay.allCases.map(Way.transform)

    private var asking: any AskingWay {
        switch self {
        case .items(let way): way
        case .transform(let way): way
        }
    }

    var suspends: Bool { asking.suspends }
    var blocks: Bool { asking.blocks }
    var isTask: Bool { asking.isTask }
}

extension Way: CustomTestStringConvertible {
    var testDescription: String {
        switch self {
        case .items(let way): way.rawValue
        case .transform(let way): "transform, \(way.rawValue)"
        }
    }
}
