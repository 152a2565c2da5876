// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct PrometheusTests {
        private let registry = PrometheusRegistry(help: ["jobs_total": "Jobs done.\nAll \\ of them."])

        @Test func nothingIsAnEmptyText() throws {
            #expect(registry.text == "")
        }

        @Test func aCounterCounts() throws {
            let jobs = Counter(label: "jobs_total", factory: registry)
            jobs.increment()
            jobs.increment(by: 41)
            jobs.increment(by: -7)
            let help = #"# HELP jobs_total Jobs done.\nAll \\ of them."#
            #expect(registry.text == "\(help)\n# TYPE jobs_total counter\njobs_total 42\n")
        }

        @Test func labelsAreSortedAndEscaped() throws {
            let dimensions = [("way", "a\\b"), ("say", "\"x\"\ny"), ("le", "1"), ("no-good", "é")]
            Counter(label: "c", dimensions: dimensions, factory: registry).increment()
            let expected = #"c{label_le="1",no_good="é",say="\"x\"\ny",way="a\\b"} 1"#
            #expect(registry.text == "# TYPE c counter\n\(expected)\n")
        }

        @Test func equalLabelsAreOneInstrument() throws {
            Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
            Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
            #expect(registry.text.contains(#"c{a="1",b="2"} 2"#))
        }

        @Test func namesAreMadeValid() throws {
            Counter(label: "http.server-requests", factory: registry).increment()
            Counter(label: "9lives", factory: registry).increment()
            #expect(registry.text.contains("\nhttp_server_requests 1\n"))
            #expect(registry.text.contains("\n_9lives 1\n"))
        }

        @Test func aNameInTwoKindsIsTwoNames() throws {
            Counter(label: "x", factory: registry).increment()
            Meter(label: "x", factory: registry).set(5)
            FloatingPointCounter(label: "x", factory: registry).increment(by: 1.5)
            let samples = try PrometheusParser.samples(registry.text)
            #expect(samples.map(\.value).sorted() == [1, 1.5, 5])
        }

        @Test func gaugesAndSums() throws {
            let gauge = Meter(label: "g", factory: registry)
            gauge.set(3)
            gauge.increment()
            gauge.decrement(by: 0.5)
            Gauge(label: "r", factory: registry).record(-0.25)
            let recorder = Recorder(label: "s", factory: registry)
            recorder.record(2)
            recorder.record(0.5)
            FloatingPointCounter(label: "f", factory: registry).increment(by: 0.125)
            let samples = try PrometheusParser.byName(registry.text)
            #expect(samples == ["f": 0.125, "g": 3.5, "r": -0.25, "s_sum": 2.5, "s_count": 2])
        }

        @Test func aHistogramIsCumulative() throws {
            let timer = Timer(label: "t", dimensions: [("a", "b")], factory: registry)
            timer.recordSeconds(0.0005)
            timer.recordSeconds(0.3)
            timer.recordSeconds(1000)
            let samples = try PrometheusParser.samples(registry.text)
            let buckets = samples.filter { $0.name == "t_bucket" }
            #expect(buckets.map { $0.labels["le"] } == PrometheusHistogram.bounds.map { "\($0)" } + ["+Inf"])
            #expect(buckets.map(\.value) == [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3])
            #expect(samples.first { $0.name == "t_count" }?.value == 3)
            #expect(samples.first { $0.name == "t_sum" }?.value == 1000.3005)
        }

        @Test func whatIsDestroyedIsGone() throws {
            let counter = Counter(label: "c", factory: registry)
            counter.increment()
            counter.destroy()
            #expect(registry.text == "")
        }

        @Test func specialNumbersAreSpelledAsPrometheusDoes() throws {
            Meter(label: "a", factory: registry).set(Double.infinity)
            Meter(label: "b", factory: registry).set(-Double.infinity)
            #expect(registry.text.contains("\na +Inf\n"))
            #expect(registry.text.contains("\nb -Inf\n"))
        }

        @Test func theServersMetricsAreValid() throws {
            let metrics = ServerMetrics(registry)
            metrics.answered("/", status: 200)
            metrics.firstPiece.recordNanoseconds(5)
            _ = try PrometheusParser.samples(registry.text)
        }
    }
#endif
