// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct TextFileTests {
    private func withPath(_ body: (String) throws -> Void) rethrows {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).txt").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test func whatWasThereIsGone() throws {
        try withPath { path in
            try TextFile.create(at: path) { try $0.write("one, and more") }
            try TextFile.create(at: path) {
                try $0.write("two")
                try $0.write(" and three\n")
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "two and three\n")
        }
    }

    @Test func nothingIsLeftOfAFileThatFails() {
        withPath { path in
            #expect(throws: TestError(value: 1)) {
                try TextFile.create(at: path) {
                    try $0.write("one")
                    throw TestError(value: 1)
                }
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(
        arguments: [
            ("one\ntwo\n", "one"), ("one", "one"), ("a\0b\n", "a\0b"), ("", nil), ("\ntwo", nil),
        ] as [(String, String?)])
    func theFirstLineIsGiven(text: String, line: String?) throws {
        try withPath { path in
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(TextFile.firstLine(of: path) == line)
        }
        #expect(TextFile.firstLine(of: "/nonexistent-folder/file") == nil)
    }
}
