// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// Each ends with a message that names the file and the cause, leaves no partial output and the original as it was.
@Suite(.serialized, .endsWithin(minutes: 5)) struct BadInputTests {
    private let folder = TemporaryFolder()
    private let content = Content.incompressible.bytes(300_000)

    /// Runs `script` beside a file `f`; expects `status`, exactly `message`, and nothing but `names` left.
    private func expect(
        _ script: String, status: Int32, message: String, names: [String] = ["f"],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        folder.write(content, to: "f")
        let result = Program.shell(script, in: folder)
        #expect(result.ending == .exited(status), "\(result.error)", sourceLocation: sourceLocation)
        #expect(result.error == "ordered-gzip: \(message)\n", sourceLocation: sourceLocation)
        #expect(folder.names == names, sourceLocation: sourceLocation)
        #expect(Fingerprint(folder.read("f")) == Fingerprint(content), sourceLocation: sourceLocation)
    }

    @Test func missingFile() {
        expect("\"$G\" none", status: 1, message: "none: cannot open: No such file or directory")
        expect("\"$G\" ''", status: 1, message: ": cannot open: No such file or directory")
        expect("\"$G\" f/g", status: 1, message: "f/g: cannot open: Not a directory")
    }

    @Test(arguments: ["", "-f", "-c"]) func directory(option: String) {
        mkdir(folder.file("d"), 0o755)
        defer { rmdir(folder.file("d")) }
        expect("\"$G\" \(option) d", status: 2, message: "d: is a directory -- ignored", names: ["d", "f"])
    }

    @Test func unreadableFile() {
        folder.write([1], to: "secret")
        chmod(folder.file("secret"), 0)
        // Root may read everything, and so goes as somebody else, who must be able to reach the program.
        let asUser = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""
        chmod(folder.path, 0o777)
        let copy = "cp \"$G\" program && chmod 755 program"
        expect(
            "\(copy) && \(asUser) ./program secret", status: 1, message: "secret: cannot open: Permission denied",
            names: ["f", "program", "secret"]
        )
    }

    @Test func unwritableFolder() {
        folder.write([1], to: "g")
        chmod(folder.path, 0o555)
        defer { chmod(folder.path, 0o755) }
        guard geteuid() != 0 else { return }
        let result = Program.shell("\"$G\" g", in: folder)
        #expect(result.ending == .exited(1))
        #expect(result.error == "ordered-gzip: g.gz: cannot create: Permission denied\n")
    }

    @Test func fullDisk() {
        expect(
            "\"$G\" -c f > /dev/full", status: 1,
            message: "standard output: cannot write: No space left on device"
        )
    }

    @Test(arguments: ["", "-f"]) func fileSizeLimit(option: String) {
        expect("ulimit -f 100; \"$G\" \(option) f", status: 1, message: "f.gz: cannot write: File too large")
    }

    @Test func closedPipe() {
        // The reader has gone before the first byte: `exec` closes its end, and only then the fifo says so.
        expect(
            "mkfifo p; { \"$G\" -c f; echo $? > status; } > p & exec 3< p; exec 3<&-; wait; rm p; "
                + "read status < status; rm status; exit $status",
            status: 1, message: "standard output: cannot write: Broken pipe"
        )
    }

    @Test func existingOutput() {
        folder.write([7], to: "f.gz")
        expect(
            "\"$G\" f", status: 2, message: "f.gz: already exists and is not overwritten without -f",
            names: ["f", "f.gz"]
        )
        #expect(folder.read("f.gz") == [7])
    }

    @Test func compressedAlready() {
        folder.write([7], to: "g.gz")
        expect("\"$G\" g.gz", status: 2, message: "g.gz: already has .gz suffix -- unchanged", names: ["f", "g.gz"])
    }

    @Test func symbolicLink() {
        symlink("f", folder.file("s"))
        expect(
            "\"$G\" s", status: 1, message: "s: is a symbolic link, and is followed with -f or -c only",
            names: ["f", "s"]
        )
        for script in ["\"$G\" -c s | gunzip", "\"$G\" -f s && gunzip -c s.gz"] {
            #expect(Fingerprint(Program.shell(script, in: folder).output) == Fingerprint(content))
        }
        #expect(folder.names == ["f", "s.gz"])
    }

    @Test func otherLinks() {
        folder.write(content, to: "f")
        link(folder.file("f"), folder.file("g"))
        expect("\"$G\" f", status: 2, message: "f: has 1 other link -- ignored", names: ["f", "g"])
    }

    @Test func namedPipe() {
        mkfifo(folder.file("p"), 0o600)
        expect("\"$G\" p", status: 2, message: "p: is not a regular file -- ignored", names: ["f", "p"])
    }

    @Test func setUserID() {
        folder.write([1], to: "g")
        chmod(folder.file("g"), 0o4755)
        expect(
            "\"$G\" g", status: 2, message: "g: is set-user-ID or set-group-ID on execution -- ignored",
            names: ["f", "g"]
        )
    }

    @Test func closedStandardInputAndOutput() {
        expect("\"$G\" - <&-", status: 1, message: "standard input: cannot read: Bad file descriptor")
        expect("\"$G\" -c f >&-", status: 1, message: "standard output: cannot write: Bad file descriptor")
    }

    @Test(arguments: ["-p 0", "-p 1000000000", "-p 99999999999999999999", "-b 0", "-b 1000000000", "-p x", "-b -1"])
    func absurdNumbers(option: String) {
        folder.write(content, to: "f")
        let result = Program.shell("\"$G\" \(option) f", in: folder)
        #expect(result.ending == .exited(64))
        #expect(result.error.contains(option.prefix(2)) && result.error.contains(option.dropFirst(3)))
        #expect(folder.names == ["f"])
    }
}
