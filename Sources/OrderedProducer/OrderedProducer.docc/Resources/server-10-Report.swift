// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer

/// Sends a part of a response: suspends while the client is slow, throws where it has gone.
typealias Send = @Sendable (String) async throws -> Void

/// The checksums of the files of a directory.
struct Report: Sendable {
    let directory: URL
    let pool: WorkerPool

    func send(with send: @escaping Send) async throws {
        let files = try await pool.run { [directory] in try listing(of: directory) }
        var configuration = ProducerConfiguration(window: 16)
        configuration.width = 2
        configuration.deadline = .seconds(10)

        try await withOrderedItemProducer(
            pool: pool, configuration: configuration
        ) { (lines: AsyncOrderedItems<String>) in
            for try await line in lines { try await send(line) }
        } produce: { lines in
            let title = "Checksums of \(directory.path)\n"
            guard try await lines.produceItem({ title }) != nil else { return }
            for file in files {
                guard try await lines.produceItem({ try line(of: file) }) != nil else { return }
            }
            _ = try await lines.produceItem { "\(files.count) files\n" }
        }
    }
}
