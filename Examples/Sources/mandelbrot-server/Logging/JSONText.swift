// SPDX-License-Identifier: Apache-2.0
#if Server
    import Logging

    /// Log metadata as JSON.
    enum JSONText {
        static func value(_ value: Logger.Metadata.Value) -> String {
            switch value {
            case .string(let text): string(text)
            case .stringConvertible(let value): convertible(value)
            case .array(let values): "[\(values.map(Self.value).joined(separator: ","))]"
            case .dictionary(let values):
                "{\(values.sorted { $0.key < $1.key }.map { "\(string($0.key)):\(Self.value($0.value))" }.joined(separator: ","))}"
            }
        }

        static func string(_ text: String) -> String {
            var result = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result + "\""
        }

        private static func convertible(_ value: any CustomStringConvertible) -> String {
            switch value {
            case let number as any BinaryInteger: "\(number)"
            case let number as Double where number.isFinite: "\(number)"
            case let truth as Bool: "\(truth)"
            default: string(value.description)
            }
        }
    }
#endif
