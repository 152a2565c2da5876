// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc
    import Logging

    /// Writes each event as one line, a JSON object, with one call to `write`.
    ///
    /// `time`, `level`, `logger` and `message` come first; metadata follows with its own keys, numbers and truth values
    /// as such. What cannot be written is lost: nobody is left to be told.
    struct JSONLines: LogHandler {
        var logLevel: Logger.Level = .info
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        private let label: String
        private let write: @Sendable (String) -> Void

        init(label: String, write: @escaping @Sendable (String) -> Void = Self.toStandardError) {
            self.label = label
            self.write = write
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var all = metadata
            if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
            if let given = event.metadata { all.merge(given) { $1 } }
            var line = "{\"time\":\"\(Timestamp.now)\",\"level\":\"\(event.level)\",\"logger\":"
            line += "\(JSONText.string(label)),\"message\":\(JSONText.string(event.message.description))"
            if let error = event.error { line += ",\"error\":\(JSONText.string("\(error)"))" }
            for (key, value) in all.sorted(by: { $0.key < $1.key }) {
                line += ",\(JSONText.string(key)):\(JSONText.value(value))"
            }
            write(line + "}\n")
        }

        static let toStandardError: @Sendable (String) -> Void = { line in
            var line = line
            line.withUTF8 { unsafe _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }

    private enum Timestamp {
        /// In UTC, as RFC 3339 wants it, to the millisecond.
        static var now: String {
            var time = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            var parts = unsafe tm()
            unsafe gmtime_r(&time.tv_sec, &parts)
            var text = [CChar](repeating: 0, count: 32)
            let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
            let seconds = String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let milliseconds = "\(time.tv_nsec / 1_000_000)"
            return seconds + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds + "Z"
        }
    }
#endif
