// SPDX-License-Identifier: Apache-2.0
#if Server
    import Foundation
    import Testing

    @testable import mandelbrot_server

    /// The program as it is started: its signals, its log, its exit status.
    @Suite(.serialized, .endsWithin(minutes: 5)) struct ProcessTests {
        /// Far more work than there is time for in a debug build.
        private static let endless =
            "/mandelbrot.png?width=1000&re=-0.743643887&im=0.131825904&span=1e-9&iterations=7000"

        @Test func sigtermLetsImagesFinishAndExitsWithZero() throws {
            let server = try ServerProcess(["--port", "0", "--grace", "600"])
            let client = try Client(port: server.port())
            let image = Mandelbrot(width: 300, re: -0.5, im: 0, span: 3.5, iterations: 200)
            try client.ask(image.path)
            #expect(try client.head().status == 200)
            server.send(SIGTERM)
            var file: [UInt8] = []
            while let chunk = try client.chunk() { file += chunk }
            #expect(try DecodedImage(file).pixels == image.pixels)
            #expect(server.exitStatus() == 0)
            let log = server.events()
            #expect(log.last?["message"] as? String == "stopped")
            #expect(log.contains { $0["message"] as? String == "image" && $0["outcome"] as? String == "sent" })
        }

        @Test func whatIsNotFinishedInTimeIsCutOffAndExitsWithZero() throws {
            let server = try ServerProcess(["--port", "0", "--grace", "0"])
            let client = try Client(port: server.port())
            try client.ask(Self.endless)
            #expect(try client.head().status == 200)
            _ = try client.chunk()
            server.send(SIGTERM)
            #expect(throws: Client.Failure.self) { while try client.chunk() != nil {} }
            #expect(server.exitStatus() == 0)
            let log = server.events()
            #expect(log.contains { $0["message"] as? String == "image" && $0["outcome"] as? String == "abandoned" })
        }

        @Test func aPortThatIsTakenIsSaidSo() throws {
            let first = try ServerProcess(["--port", "0"])
            let port = try first.port()
            let second = try ServerProcess(["--port", "\(port)"])
            #expect(second.exitStatus() == 1)
            let line = try #require(second.events().last)
            #expect(line["message"] as? String == "cannot serve")
            #expect(line["address"] as? String == "127.0.0.1:\(port)")
            #expect((line["error"] as? String)?.contains("Address already in use") == true)
            first.send(SIGINT)
            #expect(first.exitStatus() == 0)
        }

        @Test(arguments: [
            ["--port", "65536"], ["--port", "x"], ["--threads", "0"], ["--images", "0"], ["--grace", "-1"], ["--what"],
        ])
        func aMistakeOnTheCommandLineIsExit64(arguments: [String]) throws {
            let server = try ServerProcess(arguments)
            #expect(server.exitStatus() == 64)
        }
    }
#endif
