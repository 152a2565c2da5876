// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer

/// Sends a part of a response: suspends while the client is slow, throws where it has gone.
typealias Send = @Sendable (String) async throws -> Void

/// The checksums of the files of a directory.
struct Report: Sendable {
    let directory: URL
    let pool: WorkerPool

    func send(with send: Send) async throws {
        let files = try await pool.run { [directory] in try listing(of: directory) }
        for try await line in files.mapInOrder(width: 2, window: 16, pool: pool, { try line(of: $0) }) {
            try await send(line)
        }
    }
}
