// SPDX-License-Identifier: Apache-2.0
#if Server
    /// What Prometheus' text format lets names and values look like.
    enum PrometheusText {
        static func name(_ label: String) -> String {
            sanitised(label) { $0 == ":" }
        }

        /// As written between braces, sorted, so that equal ones are equal texts.
        static func labels(_ dimensions: [(String, String)]) -> String {
            dimensions.map { "\(labelName($0.0))=\"\(value($0.1))\"" }.sorted().joined(separator: ",")
        }

        static func help(_ text: String) -> String {
            text.reduce(into: "") { result, character in
                switch character {
                case "\\": result += "\\\\"
                case "\n", "\r\n": result += "\\n"
                default: result.append(character)
                }
            }
        }

        private static func labelName(_ name: String) -> String {
            let name = sanitised(name) { _ in false }
            // Taken for histograms, and for what Prometheus adds.
            return name == "le" || name == "quantile" || name.hasPrefix("__") ? "label_\(name)" : name
        }

        private static func value(_ text: String) -> String {
            help(text).reduce(into: "") { result, character in
                result += character == "\"" ? "\\\"" : String(character)
            }
        }

        private static func sanitised(_ name: String, also allows: (Character) -> Bool) -> String {
            var result = ""
            for character in name {
                let isDigit = character.isASCII && character.isNumber
                if result.isEmpty && isDigit { result = "_" }
                result.append(
                    isDigit || character.isASCII && character.isLetter || allows(character) ? character : "_")
            }
            return result.isEmpty ? "_" : result
        }
    }
#endif
