// SPDX-License-Identifier: Apache-2.0
// What one writes with the standard library alone: a queue of requests under a mutex, finished results in a map under
// another, condition variables between them. Nobody is woken who could not go on, and nobody under a held mutex.
#include "peer.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace {

class RequestQueue {
  public:
    void push(uint64_t index)
    {
        {
            std::lock_guard lock(mutex_);
            indices_.push_back(index);
        }
        filled_.notify_one();
    }

    // False: closed and empty.
    bool pop(uint64_t &index)
    {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [&] { return closed_ || !indices_.empty(); });
        if (indices_.empty())
            return false;
        index = indices_.front();
        indices_.pop_front();
        return true;
    }

    void close()
    {
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
        }
        filled_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<uint64_t> indices_;
    bool closed_ = false;
};

class OrderedResults {
  public:
    void reset(uint64_t window)
    {
        window_ = window;
        delivered_ = 0;
    }

    void wait_for_room(uint64_t index)
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return index - delivered_ < window_; });
    }

    void put(uint64_t index, uint64_t value)
    {
        bool is_first;
        {
            std::lock_guard lock(mutex_);
            finished_.emplace(index, value);
            is_first = finished_.begin()->first == index; // only a new first one can be what the consumer waits for
        }
        if (is_first)
            ready_.notify_one();
    }

    // Moves all results whose turn it is, from `next` on, to `values`; waits until there is one.
    void take(uint64_t next, std::vector<uint64_t> &values)
    {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [&] { return !finished_.empty() && finished_.begin()->first == next; });
        for (; !finished_.empty() && finished_.begin()->first == next; next++) {
            values.push_back(finished_.begin()->second);
            finished_.erase(finished_.begin());
        }
    }

    void note_delivered(uint64_t count)
    {
        {
            std::lock_guard lock(mutex_);
            delivered_ = count;
        }
        room_.notify_one();
    }

  private:
    std::mutex mutex_;
    std::condition_variable ready_, room_;
    std::map<uint64_t, uint64_t> finished_;
    uint64_t window_ = 0, delivered_ = 0;
};

class MutexCondvar : public Peer {
  public:
    explicit MutexCondvar(const bench_job &job)
    {
        for (uint32_t i = 0; i < job.workers; i++)
            workers_.emplace_back([this] { work(); });
    }

    ~MutexCondvar() override
    {
        requests_.close();
        for (auto &worker : workers_)
            worker.join();
    }

    void pass(const bench_job &job, bench_receiver &receiver) override
    {
        job_ = job; // the workers see it with the first request
        results_.reset(job.window);
        std::thread consumer([&] { consume(receiver); });
        bench_begin(&receiver);
        for (uint64_t i = 0; i < job.items; i++) {
            bench_pace(&receiver, i);
            results_.wait_for_room(i);
            requests_.push(i);
        }
        consumer.join();
    }

  private:
    void work()
    {
        for (uint64_t index; requests_.pop(index);)
            results_.put(index, bench_item(&job_, index));
    }

    void consume(bench_receiver &receiver)
    {
        std::vector<uint64_t> values;
        for (uint64_t next = 0; next < receiver.items; next += values.size()) {
            values.clear();
            results_.take(next, values);
            for (uint64_t value : values)
                bench_receive(&receiver, value);
            results_.note_delivered(next + values.size());
        }
    }

    bench_job job_{};
    alignas(64) RequestQueue requests_;
    alignas(64) OrderedResults results_;
    std::vector<std::thread> workers_;
};

const Registration<MutexCondvar> registration("mutex-condvar", "std::mutex, std::condition_variable, std::map");

} // namespace
