// SPDX-License-Identifier: Apache-2.0
#if Server
    import CPNG

    /// A PNG file, decoded by libpng.
    struct DecodedImage {
        struct Failure: Error {
            let message: String
        }

        let width: Int
        let height: Int
        /// Three bytes each.
        let pixels: [UInt8]

        init(_ file: [UInt8]) throws {
            var image = png_image()
            image.version = png_uint_32(PNG_IMAGE_VERSION)
            defer { png_image_free(&image) }
            guard png_image_begin_read_from_memory(&image, file, file.count) != 0 else { throw Self.failure(image) }
            image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
            width = Int(image.width)
            height = Int(image.height)
            var pixels = [UInt8](repeating: 0, count: 3 * width * height)
            guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0, image.warning_or_error == 0 else {
                throw Self.failure(image)
            }
            self.pixels = pixels
        }

        private static func failure(_ image: png_image) -> Failure {
            let message = withUnsafeBytes(of: image.message) { Array($0.prefix { $0 != 0 }) }
            return Failure(message: String(decoding: message, as: UTF8.self))
        }
    }
#endif
