// SPDX-License-Identifier: Apache-2.0
#if Server
    /// Reads Prometheus' text format 0.0.4, and refuses what is not.
    ///
    /// https://prometheus.io/docs/instrumenting/exposition_formats/: one TYPE per name, before its samples; all lines
    /// of a name together; no series twice; a newline at the end.
    enum PrometheusParser {
        struct Failure: Error {
            let line: String
            let why: String
        }

        struct Sample {
            let name: String
            let labels: [String: String]
            let value: Double
        }

        static func byName(_ text: String) throws -> [String: Double] {
            Dictionary(try samples(text).map { ($0.name, $0.value) }) { $1 }
        }

        static func samples(_ text: String) throws -> [Sample] {
            guard text.isEmpty || text.hasSuffix("\n") else { throw Failure(line: text, why: "no newline at the end") }
            var samples: [Sample] = []
            var types: [String: String] = [:]
            var series: Set<String> = []
            var family = ""
            for line in text.split(separator: "\n").map(String.init) {
                let words = line.split(separator: " ", maxSplits: 3)
                if line.hasPrefix("# TYPE ") {
                    guard words.count == 4, types[String(words[2])] == nil else {
                        throw Failure(line: line, why: "a second TYPE, or none")
                    }
                    guard ["counter", "gauge", "histogram", "summary"].contains(words[3]) else {
                        throw Failure(line: line, why: "unknown type")
                    }
                    family = String(words[2])
                    types[family] = String(words[3])
                } else if !line.hasPrefix("#") {
                    let sample = try sample(line)
                    let suffixes = [types[family] == "histogram" ? "_bucket" : "", "_sum", "_count"]
                    guard suffixes.contains(where: { sample.name == family + $0 }) else {
                        throw Failure(line: line, why: "not below its TYPE")
                    }
                    guard series.insert("\(sample.name) \(sample.labels.sorted { $0.key < $1.key })").inserted else {
                        throw Failure(line: line, why: "a series twice")
                    }
                    samples.append(sample)
                }
            }
            return samples
        }

        private static func sample(_ line: String) throws -> Sample {
            var rest = Substring(line)
            let name = try identifier(&rest, line, extra: ":")
            var labels: [String: String] = [:]
            if rest.first == "{" {
                rest.removeFirst()
                while rest.first != "}" {
                    let label = try identifier(&rest, line, extra: "")
                    guard rest.hasPrefix("=\""), labels[label] == nil else {
                        throw Failure(line: line, why: "no value of a label, or a label twice")
                    }
                    rest.removeFirst(2)
                    labels[label] = try value(&rest, line)
                    if rest.first == "," { rest.removeFirst() }
                }
                rest.removeFirst()
            }
            guard rest.first == " ", let value = number(rest.dropFirst()) else {
                throw Failure(line: line, why: "no number")
            }
            return Sample(name: name, labels: labels, value: value)
        }

        private static func identifier(_ rest: inout Substring, _ line: String, extra: String) throws -> String {
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || extra.contains($0) }
            guard let first = name.first, !first.isNumber else { throw Failure(line: line, why: "no name") }
            rest = rest.dropFirst(name.count)
            return String(name)
        }

        private static func value(_ rest: inout Substring, _ line: String) throws -> String {
            var value = ""
            while let character = rest.popFirst() {
                switch character {
                case "\"": return value
                case "\\":
                    switch rest.popFirst() {
                    case "n": value += "\n"
                    case "\\": value += "\\"
                    case "\"": value += "\""
                    default: throw Failure(line: line, why: "an escape that there is not")
                    }
                default: value.append(character)
                }
            }
            throw Failure(line: line, why: "a value without end")
        }

        private static func number(_ text: Substring) -> Double? {
            switch text {
            case "+Inf": .infinity
            case "-Inf": -.infinity
            case "NaN": .nan
            default: Double(text)
            }
        }
    }
#endif
