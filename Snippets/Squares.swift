// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

@main
struct Squares {
    static func main() async throws {
        let squares = try OrderedItemProducer<Int, Int>(configuration: .init(window: 64))
        try await squares.start { squares in  // in a thread of its own, where it may block
            var sum = 0
            for square in squares {  // in the order of the calls below
                print(square)
                sum += square
            }
            return sum
        }
        for number in 1...10 {
            // Runs on the pool beside the others. Waits while 64 items are outstanding.
            guard try await squares.produceItem({ number * number }) != nil else { break }
        }
        print("sum:", try await squares.stop() ?? 0)
    }
}
