// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The file that is being compressed, or standard input.
///
/// A regular file must not change while it is read: what was written would be neither its old nor its new content, and
/// the original is about to be removed.
final class InputFile {
    /// What tells whether a regular file is still the one that was opened.
    private struct Snapshot: Equatable {
        let device: dev_t
        let inode: ino_t
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            device = status.st_dev
            inode = status.st_ino
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// For messages.
    let name: String
    /// nil: standard input.
    let path: String?
    let status: stat
    private let descriptor: Int32
    private let snapshot: Snapshot?
    /// Where reading began: standard input may be a file that somebody has read from.
    private let origin: Int
    private(set) var bytesRead = 0

    private init(name: String, path: String?, descriptor: Int32, status: stat) {
        self.name = name
        self.path = path
        self.descriptor = descriptor
        self.status = status
        snapshot = isRegular(status) ? Snapshot(status) : nil
        origin = snapshot == nil ? 0 : Int(max(0, lseek(descriptor, 0, SEEK_CUR)))
    }

    deinit { if path != nil { close(descriptor) } }

    static func standardInput() throws -> InputFile {
        let name = "standard input"
        return InputFile(
            name: name, path: nil, descriptor: STDIN_FILENO, status: try fileStatus(STDIN_FILENO, name: name)
        )
    }

    /// Opens `path`, and refuses what gzip refuses: see `Refusal`.
    static func open(_ path: String, for use: Use) throws -> InputFile {
        var flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
        // A named pipe without a writer must be refused, not waited for, where it is not going to be read.
        if use != .copy { flags |= O_NONBLOCK }
        if use == .replace { flags |= O_NOFOLLOW }
        let descriptor = unsafe Glibc.open(path, flags)
        guard descriptor >= 0 else {
            guard errno != ELOOP || use != .replace else {
                throw Failure(subject: path, cause: "is a symbolic link, and is followed with -f or -c only")
            }
            throw Failure.system(path, "cannot open")
        }
        do {
            let status = try fileStatus(descriptor, name: path)
            try use.admit(status, name: path)
            return InputFile(name: path, path: path, descriptor: descriptor, status: status)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Bytes still to come; nil where only the end will tell.
    var size: Int? { snapshot.map { max(0, $0.size - origin) } }

    /// Fills `buffer` as far as the input goes: fewer bytes than it has room for mean the end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var count = 0
        while count < buffer.count {
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let step = unsafe try Descriptor.read(descriptor, into: room, name: name)
            if step == 0 { break }
            count += step
            bytesRead += step
            // Reading on would never end where the output is appended to the input.
            if let size, size > 0, bytesRead > size { throw changed("grew") }
        }
        return count
    }

    /// To be called when all is read: throws where the file is not what it was when it was opened.
    func verifyUnchanged() throws {
        guard let snapshot, let size else { return }
        let now = Snapshot(try fileStatus(descriptor, name: name))
        if now.size < snapshot.size || (bytesRead < size && size > 0) { throw changed("shrank") }
        if now.size > snapshot.size { throw changed("grew") }
        if now != snapshot { throw changed("was modified") }
    }

    /// Removes the file, unless another has taken its place meanwhile.
    func removeOriginal() throws {
        guard let path, let snapshot else { return }
        var status = stat()
        // With -f a symbolic link is followed for reading, and it is the link that goes.
        guard unsafe stat(path, &status) == 0, Snapshot(status) == snapshot else {
            throw Failure(subject: path, cause: "was replaced while it was read; what is there now is kept")
        }
        guard unsafe unlink(path) == 0 else { throw Failure.system(path, "cannot remove the original") }
    }

    private func changed(_ how: String) -> Failure {
        Failure(subject: name, cause: "\(how) while it was read; \(bytesRead) of \(size ?? 0) bytes were read")
    }
}

private func fileStatus(_ descriptor: Int32, name: String) throws -> stat {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw Failure.system(name, "cannot examine") }
    return status
}

private func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

extension InputFile {
    /// What becomes of the file: the more, the pickier.
    enum Use {
        /// Its content goes to standard output.
        case copy
        /// It is compressed whatever is unusual about it (`-f`).
        case replaceForced
        /// It becomes FILE.gz.
        case replace

        /// Throws for files that gzip leaves alone.
        fileprivate func admit(_ status: stat, name: String) throws {
            if status.st_mode & S_IFMT == S_IFDIR { throw Failure.ignored(name, "is a directory") }
            if self == .copy { return }
            if !isRegular(status) { throw Failure.ignored(name, "is not a regular file") }
            if self == .replaceForced { return }
            if status.st_mode & (S_ISUID | S_ISGID) != 0 {
                throw Failure.ignored(name, "is set-user-ID or set-group-ID on execution")
            }
            if status.st_nlink > 1 {
                let others = status.st_nlink - 1
                throw Failure.ignored(name, "has \(others) other link\(others == 1 ? "" : "s")")
            }
        }
    }
}
