// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct MapRelayTests {
    @Test func givesWhatWasPutInOneGo() async {
        let relay = MapRelay<Int>()
        for value in 0..<3 { #expect(relay.put(value)) }
        #expect(await relay.take() == [0, 1, 2])
        relay.finish()
        #expect(await relay.take() == [])
    }

    @Test func theOneWhoWaitsGetsTheNext() async {
        let relay = MapRelay<Int>()
        let taking = Task.immediate { await relay.take() }
        #expect(relay.put(1))
        #expect(await taking.value == [1])
    }

    @Test func whatWasPutBeforeTheEndIsGiven() async {
        let relay = MapRelay<Int>()
        #expect(relay.put(1))
        relay.finish()
        #expect(!relay.put(2))
        #expect(await relay.take() == [1])
        #expect(await relay.take() == [])
    }

    @Test(arguments: [false, true])
    func theEndReleasesTheOneWhoWaits(byClosing: Bool) async {
        let relay = MapRelay<Int>()
        let taking = Task.immediate { await relay.take() }
        byClosing ? relay.close() : relay.finish()
        #expect(await taking.value == [])
    }

    @Test func closingDropsWhatIsThere() async {
        let ledger = Ledger()
        let relay = MapRelay<Token>()
        #expect(relay.put(Token(0, ledger)))
        relay.close()
        #expect(ledger.live == 0)
        #expect(!relay.put(Token(1, ledger)))
        #expect(await relay.take().isEmpty)
    }
}
