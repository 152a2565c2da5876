// SPDX-License-Identifier: Apache-2.0
#if Server
    import Foundation
    import Logging
    import Synchronization
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct JSONLinesTests {
        private func line(_ log: (inout Logger) -> Void) throws -> [String: Any] {
            let lines = Lines()
            var logger = Logger(label: "a \"label\"") { label in JSONLines(label: label, write: lines.append) }
            log(&logger)
            let text = try #require(lines.all.first)
            #expect(lines.all.count == 1)
            #expect(text.hasSuffix("}\n"))
            #expect(text.dropLast().contains { $0.isNewline } == false)
            return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        @Test func whatIsLoggedIsOneObject() throws {
            let object = try line { $0.warning("look\n\"here\" \u{1}\u{1F600}") }
            #expect(object["level"] as? String == "warning")
            #expect(object["logger"] as? String == "a \"label\"")
            #expect(object["message"] as? String == "look\n\"here\" \u{1}\u{1F600}")
            let time = try #require(object["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        }

        @Test func metadataKeepsItsTypes() throws {
            let object = try line { logger in
                logger[metadataKey: "mine"] = "always"
                logger.info(
                    "m",
                    metadata: [
                        "text": "3", "count": .stringConvertible(3), "share": .stringConvertible(0.5),
                        "right": .stringConvertible(true), "none": .stringConvertible(Double.nan),
                        "list": ["a", ["k": "v"]],
                    ])
            }
            #expect(object["mine"] as? String == "always")
            #expect(object["text"] as? String == "3")
            #expect(object["count"] as? Int == 3)
            #expect(object["share"] as? Double == 0.5)
            #expect(object["right"] as? Bool == true)
            #expect(object["none"] as? String == "nan")
            let list = try #require(object["list"] as? [Any])
            #expect(list[0] as? String == "a")
            #expect(list[1] as? [String: String] == ["k": "v"])
        }

        @Test func whatIsBelowTheLevelIsNotLogged() {
            let lines = Lines()
            Logger(label: "l") { label in JSONLines(label: label, write: lines.append) }.debug("no")
            #expect(lines.all.isEmpty)
        }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        @Sendable func append(_ line: String) { lines.withLock { $0.append(line) } }
    }
#endif
