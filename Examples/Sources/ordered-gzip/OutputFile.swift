// SPDX-License-Identifier: Apache-2.0
import CPartialOutput
import Glibc

/// Where the compressed stream goes: standard output, or a file that exists under its name only when it is whole or
/// being written by this process.
final class OutputFile {
    /// For messages.
    let name: String
    private let descriptor: Int32
    private let destination: Destination

    private enum Destination {
        case standardOutput
        /// Created under its own name.
        case new
        /// Created under another name in the same directory, to take the place of `path` in one step.
        case replacement(path: String)
    }

    private init(name: String, descriptor: Int32, destination: Destination) {
        self.name = name
        self.descriptor = descriptor
        self.destination = destination
    }

    /// - Parameter force: write to a terminal, too.
    static func standardOutput(force: Bool) throws -> OutputFile {
        guard force || isatty(STDOUT_FILENO) == 0 else {
            throw Failure(
                subject: "standard output", cause: "compressed data is not written to a terminal, except with -f"
            )
        }
        return OutputFile(name: "standard output", descriptor: STDOUT_FILENO, destination: .standardOutput)
    }

    /// To be called once, at the end: some file systems report only then what they could not store.
    static func closeStandardOutput() throws {
        guard close(STDOUT_FILENO) == 0 else { throw Failure.system("standard output", "cannot close") }
    }

    /// - Parameter force: replace a file of that name, which otherwise is a failure.
    static func create(_ path: String, force: Bool) throws -> OutputFile {
        guard force else {
            let descriptor = unsafe partial_output_create(path)
            guard descriptor != -EEXIST else {
                throw Failure(
                    subject: path, cause: "already exists and is not overwritten without -f", status: .warning
                )
            }
            guard descriptor >= 0 else { throw Failure.system(path, "cannot create", code: -descriptor) }
            return OutputFile(name: path, descriptor: descriptor, destination: .new)
        }
        while true {
            let temporary = FileName.temporarySibling(of: path)
            let descriptor = unsafe partial_output_create(temporary)
            if descriptor == -EEXIST { continue }
            guard descriptor >= 0 else { throw Failure.system(path, "cannot create", code: -descriptor) }
            return OutputFile(name: path, descriptor: descriptor, destination: .replacement(path: path))
        }
    }

    func write(_ buffer: BlockBuffer) throws {
        unsafe try Descriptor.write(buffer.contents, to: descriptor, name: name)
    }

    /// The output is whole: gives it the original's owner, mode and time and its final name. On failure nothing of it
    /// is left. Either this or `discard()` is the last call, after which no thread may write.
    func commit(attributesOf original: stat) throws {
        if case .standardOutput = destination { return }
        do {
            try copyAttributes(of: original)
        } catch {
            discard()
            throw error
        }
        // Some file systems report what they could not store only here.
        guard close(descriptor) == 0 else {
            let failure = Failure.system(name, "cannot close")
            partial_output_remove()
            throw failure
        }
        let result: Int32 =
            if case .replacement(let path) = destination {
                unsafe partial_output_keep(path)
            } else {
                partial_output_keep(nil)
            }
        guard result == 0 else {
            partial_output_remove()
            throw Failure.system(name, "cannot replace", code: -result)
        }
    }

    /// Leaves nothing behind, except on standard output, which cannot be taken back.
    func discard() {
        if case .standardOutput = destination { return }
        close(descriptor)
        partial_output_remove()
    }

    /// Mode and time as the original's; its owner as far as this process may give files away.
    private func copyAttributes(of original: stat) throws {
        _ = fchown(descriptor, original.st_uid, gid_t.max)
        var mode = original.st_mode & 0o777
        // Another group than the original's must not get the rights that were meant for that one.
        if fchown(descriptor, uid_t.max, original.st_gid) != 0 { mode &= ~0o070 }
        guard fchmod(descriptor, mode) == 0 else { throw Failure.system(name, "cannot set the mode") }
        let times = [original.st_atim, original.st_mtim]
        guard unsafe futimens(descriptor, times) == 0 else { throw Failure.system(name, "cannot set the time") }
    }
}
