// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Runs `body`, which may block, on a thread of its own instead of one that tasks need.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
