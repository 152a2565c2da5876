// SPDX-License-Identifier: Apache-2.0
// oneTBB: a pipeline of three filters, serial in order, parallel, serial in order, with as many tokens as the window
// allows. An item fits into a pointer, so the pipeline passes it along without allocating.
//
// The filters at the two ends run on the pool's threads, whichever comes by: that is this system's way, and why it
// hardly ever needs to wake anybody. So it has neither a requester nor a consumer thread of its own, and a paced
// request sleeps on a worker.
#include "peer.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

namespace {

namespace tbb = oneapi::tbb;

class TbbPipeline : public Peer {
  public:
    explicit TbbPipeline(const bench_job &job)
        : parallelism_(tbb::global_control::max_allowed_parallelism, job.workers), arena_(static_cast<int>(job.workers))
    {
        if (job.rate > 0)
            bench_sharpen_timers(); // inherited by the workers, each of which may have to sleep until a request is due
        arena_.initialize();
    }

    void pass(const bench_job &job, bench_receiver &receiver) override
    {
        arena_.execute([&] { run(job, receiver); });
    }

  private:
    static void run(const bench_job &job, bench_receiver &receiver)
    {
        uint64_t next = 0;
        auto request = [&](tbb::flow_control &flow) -> uint64_t {
            if (next == job.items) {
                flow.stop();
                return 0;
            }
            bench_pace(&receiver, next);
            return next++;
        };
        // By value: the filters at the ends write to lines that a reference would have to share.
        auto make = [job](uint64_t index) { return bench_item(&job, index); };
        auto receive = [&](uint64_t result) { bench_receive(&receiver, result); };

        bench_begin(&receiver);
        tbb::parallel_pipeline(job.window,
                               tbb::make_filter<void, uint64_t>(tbb::filter_mode::serial_in_order, request) &
                                   tbb::make_filter<uint64_t, uint64_t>(tbb::filter_mode::parallel, make) &
                                   tbb::make_filter<uint64_t, void>(tbb::filter_mode::serial_in_order, receive));
    }

    tbb::global_control parallelism_; // also where there are fewer processors than workers
    tbb::task_arena arena_;
};

const Registration<TbbPipeline> registration("tbb-pipeline",
                                             "oneTBB parallel_pipeline; its workers also request and receive");

} // namespace
