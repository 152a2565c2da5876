// SPDX-License-Identifier: Apache-2.0
// What a peer written in C++ is made of. Its items, its clock and its receiver are the C subjects' own.
#pragma once

#include <memory>
#include <vector>

extern "C" {
#include "bench_receiver.h"
}

// A system with its threads running; it outlives the warm-up and the measured pass.
class Peer {
  public:
    virtual ~Peer() = default;

    // Requests the job's items in order, calling bench_begin() and bench_pace(), and hands each result, in the same
    // order, to bench_receive(). Returns when all have been received.
    virtual void pass(const bench_job &job, bench_receiver &receiver) = 0;
};

struct Subject {
    const char *name;
    const char *summary;
    std::unique_ptr<Peer> (*open)(const bench_job &job);
};

// Those whose files are linked into the program: which these are depends on the libraries that are installed.
std::vector<Subject> &subjects();

// One of these in a peer's file adds it. All of them can pace their requests.
template <typename System> struct Registration {
    Registration(const char *name, const char *summary)
    {
        subjects().push_back({name, summary, [](const bench_job &job) -> std::unique_ptr<Peer> {
                                  return std::make_unique<System>(job);
                              }});
    }
};
