// SPDX-License-Identifier: Apache-2.0
// moodycamel's blocking concurrent queues: one takes requests to the workers, one brings results back to the consumer,
// which alone owns the map that restores the order. A semaphore of the same library bounds the window; room is given
// back for a batch of deliveries at a time.
#include "peer.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>

#include <map>
#include <thread>
#include <vector>

namespace {

struct Result {
    uint64_t index;
    uint64_t value;
};

// Results that came before their turn, and whose turn it is.
class Order {
  public:
    explicit Order(bench_receiver &receiver) : receiver_(receiver) {}

    void take(const Result &result)
    {
        if (result.index != next_) {
            early_.emplace(result.index, result.value);
            return;
        }
        deliver(result.value);
        while (!early_.empty() && early_.begin()->first == next_) {
            deliver(early_.begin()->second);
            early_.erase(early_.begin());
        }
    }

    uint64_t delivered() const { return next_; }

  private:
    void deliver(uint64_t value)
    {
        bench_receive(&receiver_, value);
        next_++;
    }

    bench_receiver &receiver_;
    std::map<uint64_t, uint64_t> early_;
    uint64_t next_ = 0;
};

class MoodycamelMap : public Peer {
  public:
    explicit MoodycamelMap(const bench_job &job)
        : requests_(job.window), results_(job.window), room_(static_cast<ssize_t>(job.window)), requester_(requests_)
    {
        for (uint32_t i = 0; i < job.workers; i++)
            workers_.emplace_back([this] { work(); });
    }

    ~MoodycamelMap() override
    {
        for (size_t i = 0; i < workers_.size(); i++)
            requests_.enqueue(requester_, STOP);
        for (auto &worker : workers_)
            worker.join();
    }

    void pass(const bench_job &job, bench_receiver &receiver) override
    {
        job_ = job; // the workers see it with the first request
        std::thread consumer([&] { consume(receiver); });
        bench_begin(&receiver);
        for (uint64_t i = 0; i < job.items; i++) {
            bench_pace(&receiver, i);
            room_.wait();
            requests_.enqueue(requester_, i);
        }
        consumer.join();
    }

  private:
    static constexpr uint64_t STOP = UINT64_MAX;
    static constexpr size_t BATCH = 64;

    void work()
    {
        moodycamel::ConsumerToken from(requests_);
        moodycamel::ProducerToken to(results_);
        for (;;) {
            uint64_t index;
            requests_.wait_dequeue(from, index);
            if (index == STOP)
                return;
            results_.enqueue(to, Result{index, bench_item(&job_, index)});
        }
    }

    void consume(bench_receiver &receiver)
    {
        moodycamel::ConsumerToken from(results_);
        Order order(receiver);
        Result batch[BATCH];
        while (order.delivered() < receiver.items) {
            uint64_t before = order.delivered();
            size_t count = results_.wait_dequeue_bulk(from, batch, BATCH);
            for (size_t i = 0; i < count; i++)
                order.take(batch[i]);
            if (order.delivered() != before)
                room_.signal(static_cast<ssize_t>(order.delivered() - before));
        }
    }

    bench_job job_{};
    alignas(64) moodycamel::BlockingConcurrentQueue<uint64_t> requests_;
    alignas(64) moodycamel::BlockingConcurrentQueue<Result> results_;
    alignas(64) moodycamel::LightweightSemaphore room_;
    alignas(64) moodycamel::ProducerToken requester_;
    std::vector<std::thread> workers_;
};

const Registration<MoodycamelMap>
    registration("moodycamel-map", "moodycamel BlockingConcurrentQueue both ways, std::map at the consumer");

} // namespace
