// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc

    /// A part of the complex plane, and how finely to look at it. A row is a pure function of it: the same bytes,
    /// whoever computes it.
    struct Mandelbrot: Sendable, Equatable {
        /// In pixels.
        let width: Int
        /// In pixels; two thirds of the width, at least 1.
        var height: Int { max(1, width * 2 / 3) }

        /// The middle of the image.
        let re: Double
        let im: Double
        /// How much of the real axis the image is wide.
        let span: Double
        /// A point that stays for so many counts as one that stays for ever.
        let iterations: Int

        /// Row `y` from the top: three bytes a pixel.
        func row(_ y: Int) -> [UInt8] {
            let step = span / Double(width)
            let ci = im + (Double(height - 1) / 2 - Double(y)) * step
            let left = re - Double(width - 1) / 2 * step
            var pixels: [UInt8] = []
            pixels.reserveCapacity(3 * width)
            for x in 0..<width {
                let colour = colour(re: left + Double(x) * step, im: ci)
                pixels.append(colour.red)
                pixels.append(colour.green)
                pixels.append(colour.blue)
            }
            return pixels
        }

        private func colour(re cr: Double, im ci: Double) -> Palette.Colour {
            if Self.isInMainBodies(cr, ci) { return .black }
            var zr = 0.0
            var zi = 0.0
            for count in 0..<iterations {
                let rr = zr * zr
                let ii = zi * zi
                let distance = rr + ii
                if distance > Self.bailOut {
                    // Without the fraction there would be bands of one colour.
                    let smooth = Double(count) + 1 - log2(log2(distance) / 2)
                    return Palette.shared.colour(at: max(0, smooth))
                }
                zi = 2 * zr * zi + ci
                zr = rr - ii + cr
            }
            return .black
        }

        /// The square of a radius far outside, where the fraction of an iteration is smooth.
        private static let bailOut = 65536.0

        /// Whether the point lies in the cardioid or the disc beside it, most of what never escapes, by formula.
        private static func isInMainBodies(_ cr: Double, _ ci: Double) -> Bool {
            let ii = ci * ci
            let p = cr - 0.25
            let q = p * p + ii
            if q * (q + p) <= ii / 4 { return true }
            let beside = cr + 1
            return beside * beside + ii <= 1 / 16
        }
    }
#endif
