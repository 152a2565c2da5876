// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What gzip makes of file names.
enum FileName {
    static let suffix = ".gz"

    /// The suffix by which `path` says that it is compressed already.
    static func compressedSuffix(of path: String) -> String? {
        let name = lastComponent(of: path)
        return [".gz", "-gz", ".tgz", ".taz", ".z", "-z", "_z"].first {
            name.count > $0.count && name.lowercased().hasSuffix($0)
        }
    }

    static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A name in the directory of `path` that is unlikely to exist, and short enough however long `path`'s own is.
    static func temporarySibling(of path: String) -> String {
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        return "\(directory).ordered-gzip-\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
    }
}
