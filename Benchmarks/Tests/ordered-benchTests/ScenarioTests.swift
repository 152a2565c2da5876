// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_bench

@Suite(.endsWithin(minutes: 1))
struct ScenarioTests {
    @Test(arguments: [
        ("0", 0.0), ("trivial", 0), ("40ns", 40), ("1us", 1000), ("2.5ms", 2_500_000), ("100us", 100_000),
    ])
    func aDurationIsRead(text: String, nanoseconds: Double) throws {
        #expect(try #require(Work(argument: text)).nanoseconds == nanoseconds)
    }

    @Test(arguments: ["", "us", "1", "1 us", "1sec", "-1us", "1..2us", "nan", "1e3us"])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(Work(argument: text) == nil)
    }

    @Test(arguments: [
        "paced", "paced-", "paced-0", "paced-x", "burst-0", "callers-65", "workers-0", "window--1", "tail", "tail-0",
        "slow", "slow-tail", "drain-1", "window-8-x", "window-8-1us-2", "producers-1073741825",
    ])
    func whatIsNoScenarioIsRefused(name: String) {
        #expect(Scenario(argument: name) == nil)
    }

    @Test func namesCarryTheirNumbers() throws {
        #expect(try #require(Scenario(argument: "paced-1000")).rate == 1000)
        #expect(try #require(Scenario(argument: "burst-256")).burst == 256)
        #expect(try #require(Scenario(argument: "callers-4")).callers == 4)
        let producers = try #require(Scenario(argument: "producers-100-1us"))
        #expect(producers.producers == 100)
        #expect(producers.work.nanoseconds == 1000)
        #expect(try #require(Scenario(argument: "window-65536")).window == 65536)
        #expect(try #require(Scenario(argument: "workers-64-10us")).workers == 64)
        #expect(try #require(Scenario(argument: "latency")).name == "paced-10000")
    }

    @Test func everyScenarioOfTheCatalogueCanBeNamed() {
        for scenario in Catalogue.all + Catalogue.smoke {
            #expect(Scenario(argument: scenario.name) == scenario)
        }
        #expect(Set(Catalogue.all.map(\.name)).count == Catalogue.all.count)
    }

    @Test func aGroupStandsForItsScenarios() {
        #expect(Catalogue.scenarios("callers").map(\.name) == ["callers-1", "callers-2", "callers-4", "callers-8"])
        #expect(Catalogue.scenarios("all").count == Catalogue.all.count)
        #expect(Catalogue.scenarios("5us").count == 1)
        #expect(Catalogue.scenarios("nothing").isEmpty)
    }

    @Test func itemsAreAMultipleOfTheGroups() throws {
        let scenario = try #require(Scenario(argument: "callers-8"))
        #expect(scenario.job(items: 1001, stepsPerMicrosecond: 1, shape: Shape()).items == 1000)
        #expect(scenario.job(items: 3, stepsPerMicrosecond: 1, shape: Shape()).items == 8)
    }
}
