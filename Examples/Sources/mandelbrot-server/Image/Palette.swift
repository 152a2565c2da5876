// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc

    /// The colours by number of iterations: a wheel that comes round every 64.
    struct Palette: Sendable {
        struct Colour: Sendable, Equatable {
            let red: UInt8
            let green: UInt8
            let blue: UInt8

            static let black = Colour(red: 0, green: 0, blue: 0)
        }

        static let shared = Palette()

        private static let perIteration = 16.0
        private let colours: [Colour]

        private init() {
            colours = (0..<1024).map { index in
                let turn = Double(index) / 1024
                func channel(_ offset: Double) -> UInt8 {
                    UInt8(((0.5 - 0.5 * cos(2 * .pi * (turn + offset))) * 255).rounded())
                }
                return Colour(red: channel(0), green: channel(0.1), blue: channel(0.25))
            }
        }

        func colour(at iterations: Double) -> Colour {
            colours[Int(iterations * Self.perIteration) % colours.count]
        }
    }
#endif
