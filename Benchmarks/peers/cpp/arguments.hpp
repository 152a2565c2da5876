// SPDX-License-Identifier: Apache-2.0
// The arguments of a peer program, checked.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

extern "C" {
#include "bench_job.h"
}

struct Arguments {
    bench_job job{};
    uint64_t expected = 0;
    std::string latencies; // the file that takes them; empty: none
};

// What the message says is wrong with the arguments.
struct BadArguments : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Reads what follows the name of the subject; throws BadArguments.
Arguments parse_arguments(int count, char **values);
