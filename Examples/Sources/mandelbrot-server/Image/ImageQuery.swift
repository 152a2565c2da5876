// SPDX-License-Identifier: Apache-2.0
#if Server
    import HummingbirdCore

    /// The parameters of `/mandelbrot.png`, as a client wrote them.
    struct ImageQuery {
        /// What is wrong with them, in a sentence that says what to give.
        struct Mistake: Error, Equatable, CustomStringConvertible {
            let description: String
        }

        static let names = ["width", "re", "im", "span", "iterations"]
        private static let example = "/mandelbrot.png?width=900&re=-0.5&im=0&span=3.5&iterations=500"

        private var values: [String: String] = [:]

        /// - Throws: ``Mistake`` where a parameter is unknown or given twice.
        init(of address: URI) throws(Mistake) {
            for (key, value) in address.queryParameters {
                let name = String(key)
                guard Self.names.contains(name) else {
                    throw Mistake(
                        description: """
                            There is no parameter \(quoted(key)); give \(Self.names.joined(separator: ", ")), \
                            as in \(Self.example).
                            """)
                }
                guard values.updateValue(String(value), forKey: name) == nil else {
                    throw Mistake(description: "Give \(name) once, not several times.")
                }
            }
        }

        /// - Throws: ``Mistake`` where a parameter is missing, not a number, or beyond `limits`.
        func mandelbrot(limits: Limits) throws(Mistake) -> Mandelbrot {
            let image = Mandelbrot(
                width: try integer("width", in: limits.width),
                re: try number("re", in: limits.centre),
                im: try number("im", in: limits.centre),
                span: try number("span", in: limits.span),
                iterations: try integer("iterations", in: limits.iterations))
            let pixels = image.width * image.height
            guard pixels * image.iterations <= limits.work else {
                throw Mistake(
                    description: """
                        \(image.width) × \(image.height) pixels with \(image.iterations) iterations are too much \
                        work; with this width give at most \(limits.work / pixels) iterations.
                        """)
            }
            return image
        }

        private func text(_ name: String, _ wanted: String) throws(Mistake) -> String {
            guard let text = values[name] else {
                throw Mistake(description: "The parameter \(name) is missing; give \(wanted), as in \(Self.example).")
            }
            return text
        }

        private func integer(_ name: String, in range: ClosedRange<Int>) throws(Mistake) -> Int {
            let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
            let text = try text(name, wanted)
            // Digits only: "+3" and "-0" are integers to Swift.
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text), range.contains(value) else {
                throw Mistake(description: "\(name) must be \(wanted), not \(quoted(text)).")
            }
            return value
        }

        private func number(_ name: String, in range: ClosedRange<Double>) throws(Mistake) -> Double {
            let wanted = "a number from \(range.lowerBound) to \(range.upperBound)"
            let text = try text(name, wanted)
            // Decimal only: "nan", "infinity" and "0x1p4" are numbers to Swift. A range contains neither of the first
            // two, which 1e999 becomes as well.
            guard text.utf8.allSatisfy(Self.isDecimal), let value = Double(text), range.contains(value) else {
                throw Mistake(description: "\(name) must be \(wanted), not \(quoted(text)).")
            }
            return value
        }

        private static func isDecimal(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                true
            default: false
            }
        }
    }

    /// What a client wrote, short and printable.
    private func quoted(_ text: some StringProtocol) -> String {
        let printable = text.unicodeScalars.prefix(40).map { $0.properties.isGraphic ? Character($0) : "?" }
        return "'\(String(printable))\(text.unicodeScalars.count > 40 ? "…" : "")'"
    }

    extension Unicode.Scalar.Properties {
        fileprivate var isGraphic: Bool {
            switch generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }
#endif
