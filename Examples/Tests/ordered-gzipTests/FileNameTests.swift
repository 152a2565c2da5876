// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct FileNameTests {
    @Test(arguments: [
        ("a.gz", ".gz"), ("A.GZ", ".gz"), ("d/a.tgz", ".tgz"), ("a.taz", ".taz"), ("a.Z", ".z"), ("a-gz", "-gz"),
        ("a-z", "-z"), ("a_z", "_z"),
    ])
    func compressed(path: String, suffix: String) {
        #expect(FileName.compressedSuffix(of: path) == suffix)
    }

    @Test(arguments: ["a", "a.gz/b", ".gz", "agz", "a.gzip", "az", ""]) func notCompressed(path: String) {
        #expect(FileName.compressedSuffix(of: path) == nil)
    }

    @Test(arguments: [("a", "a"), ("/a/b", "b"), ("a/b.c", "b.c")]) func lastComponent(path: String, last: String) {
        #expect(FileName.lastComponent(of: path) == last)
    }

    @Test(arguments: [("/d/e/f", "/d/e/"), ("d/f", "d/"), ("f", "")]) func sibling(path: String, directory: String) {
        let name = FileName.temporarySibling(of: path)
        #expect(name.hasPrefix(directory + ".ordered-gzip-"))
        #expect(name.dropFirst(directory.count).allSatisfy { $0 != "/" })
        #expect(name != FileName.temporarySibling(of: path))
    }
}
