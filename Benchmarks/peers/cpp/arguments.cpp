// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace {

using std::string;
using std::string_view;

template <typename Number, typename... Base> Number read(const string &option, string_view text, Base... base)
{
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
    if (error != std::errc{} || end != text.data() + text.size())
        throw BadArguments(option + " does not take '" + string(text) + "'");
    return value;
}

template <typename Number> Number positive(const string &option, string_view text)
{
    auto value = read<Number>(option, text);
    if constexpr (std::is_floating_point_v<Number>)
        if (!std::isfinite(value))
            throw BadArguments(option + " must be finite");
    if (!(value > 0))
        throw BadArguments(option + " must be positive");
    return value;
}

void read_tail(bench_job &job, const string &option, string_view text)
{
    auto comma = text.find(',');
    if (comma == string_view::npos)
        throw BadArguments(option + " takes EVERY,TIMES");
    job.tail_every = positive<uint64_t>(option, text.substr(0, comma));
    job.tail_times = positive<uint64_t>(option, text.substr(comma + 1));
}

void read_option(Arguments &arguments, const string &option, string_view text)
{
    bench_job &job = arguments.job;
    if (option == "--items")
        job.items = positive<uint64_t>(option, text);
    else if (option == "--steps")
        job.steps = read<uint64_t>(option, text);
    else if (option == "--workers")
        job.workers = positive<uint32_t>(option, text);
    else if (option == "--window")
        job.window = positive<uint64_t>(option, text);
    else if (option == "--expect")
        arguments.expected = read<uint64_t>(option, text, 16);
    else if (option == "--tail")
        read_tail(job, option, text);
    else if (option == "--slow-head")
        job.slow_head = positive<uint64_t>(option, text);
    else if (option == "--rate")
        job.rate = positive<double>(option, text);
    else if (option == "--burst")
        job.burst = positive<uint64_t>(option, text);
    else if (option == "--latencies")
        arguments.latencies = text;
    else if (option == "--warm-up")
        job.warm_up = read<uint64_t>(option, text);
    else
        throw BadArguments("there is no option " + option);
}

} // namespace

Arguments parse_arguments(int count, char **values)
{
    Arguments arguments;
    arguments.job.warm_up = BENCH_WARM_UP;
    std::set<string, std::less<>> given;
    for (int i = 0; i < count; i += 2) {
        string option = values[i];
        if (i + 1 == count)
            throw BadArguments("a value is missing after " + option);
        read_option(arguments, option, values[i + 1]);
        given.insert(option);
    }
    for (const char *needed : {"--items", "--steps", "--workers", "--window", "--expect"})
        if (!given.contains(needed))
            throw BadArguments(string(needed) + " is missing");
    if (arguments.job.burst != 0 && arguments.job.rate == 0)
        throw BadArguments("--burst needs --rate");
    return arguments;
}
