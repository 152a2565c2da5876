// SPDX-License-Identifier: Apache-2.0
// The program: obeys the arguments, as the README in the folder above has them.
#include "peer.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <vector>

#include "arguments.hpp"

namespace {

// Not getrusage(): what that says of a program includes the one that started it.
long peak_memory()
{
    std::ifstream status("/proc/self/status");
    long kibibytes = -1;
    for (std::string line; std::getline(status, line);)
        if (std::sscanf(line.c_str(), "VmHWM: %ld", &kibibytes) == 1)
            break;
    return kibibytes;
}

// Memory touched, code paged in, queues grown; too short to matter where items are long.
bench_job warm_up(const bench_job &job)
{
    bench_job warm{};
    warm.items = job.warm_up;
    warm.workers = job.workers;
    warm.window = job.window;
    return warm;
}

bench_outcome run_pass(Peer &peer, const bench_job &job, uint64_t expected)
{
    bench_receiver receiver;
    bench_outcome outcome{};
    bench_receiver_init(&receiver, &job);
    peer.pass(job, receiver);
    bench_end(&receiver, &outcome);
    if (outcome.received != job.items)
        throw std::runtime_error(std::to_string(outcome.received) + " results were received instead of " +
                                 std::to_string(job.items));
    if (outcome.checksum != expected)
        throw std::runtime_error("the results, or their order, differ from what was expected");
    return outcome;
}

void write_latencies(const std::string &path, const std::vector<int64_t> &latencies)
{
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(latencies.data()),
               static_cast<std::streamsize>(latencies.size() * sizeof latencies[0]));
    if (!file.flush())
        throw std::runtime_error("the latencies could not be written to " + path);
}

void print(const Subject &subject, const bench_outcome &outcome)
{
    std::printf("{\"subject\":\"%s\",\"seconds\":%.9f,\"cpuSeconds\":%.6f,\"contextSwitches\":%" PRIu64
                ",\"checksum\":\"%016" PRIx64 "\",\"received\":%" PRIu64 ",\"peakMemoryKiB\":%ld",
                subject.name, outcome.seconds, outcome.cpu_seconds, outcome.context_switches, outcome.checksum,
                outcome.received, peak_memory());
    if (outcome.allocations >= 0)
        std::printf(",\"allocations\":%" PRId64, outcome.allocations);
    std::printf("}\n");
}

void measure(const Subject &subject, Arguments &arguments)
{
    bench_job &job = arguments.job;
    std::vector<int64_t> latencies(arguments.latencies.empty() ? 0 : job.items);
    if (!latencies.empty())
        job.latencies = latencies.data();
    auto peer = subject.open(job);
    if (job.warm_up > 0)
        run_pass(*peer, warm_up(job), bench_expected_checksum(job.warm_up, 0));
    auto outcome = run_pass(*peer, job, arguments.expected);
    if (!latencies.empty())
        write_latencies(arguments.latencies, latencies);
    print(subject, outcome);
}

const Subject &find(const char *name)
{
    for (const Subject &subject : subjects())
        if (std::strcmp(subject.name, name) == 0)
            return subject;
    throw BadArguments(std::string("there is no subject ") + name);
}

int list()
{
    for (const Subject &subject : subjects())
        std::printf("%s\tpaced\t%s\n", subject.name, subject.summary);
    return 0;
}

} // namespace

std::vector<Subject> &subjects()
{
    static std::vector<Subject> all;
    return all;
}

int main(int count, char **values)
{
    if (count == 2 && std::strcmp(values[1], "list") == 0)
        return list();
    try {
        if (count < 2)
            throw BadArguments("the name of a subject is missing; 'list' prints them");
        const Subject &subject = find(values[1]);
        auto arguments = parse_arguments(count - 2, values + 2);
        measure(subject, arguments);
        return 0;
    } catch (const BadArguments &problem) {
        std::fprintf(stderr, "%s: %s\n", values[0], problem.what());
        return 2;
    } catch (const std::exception &problem) {
        std::fprintf(stderr, "%s: %s\n", values[1], problem.what());
        return 1;
    }
}
