// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// A paced pass begins a little in the future, so that its first request is as punctual as the others.
const headStart = time.Millisecond

// A receiver is the two ends of a pass: begin and pace are the requester's, receive is the consumer's.
type receiver struct {
	job          *job
	interval     float64 // nanoseconds between requests; 0: not paced
	origin       time.Time
	usageAtBegin syscall.Rusage

	_         [64]byte // the rest is the consumer's own
	received  uint64
	checksum  uint64
	end       time.Time
	latencies []int64
}

func newReceiver(j *job) *receiver {
	r := &receiver{job: j, checksum: foldStart}
	if j.rate > 0 {
		r.interval = 1e9 / j.rate
	}
	if j.wantsLatencies {
		r.latencies = make([]int64, 0, j.items)
	}
	return r
}

// begin is called just before the first request.
func (r *receiver) begin() {
	syscall.Getrusage(syscall.RUSAGE_SELF, &r.usageAtBegin)
	r.origin = time.Now()
	if r.interval > 0 {
		r.origin = r.origin.Add(headStart)
	}
}

// due is when a request is intended, counted from the origin.
func (r *receiver) due(index uint64) time.Duration {
	return time.Duration(float64(index-index%r.job.burst) * r.interval)
}

// pace sleeps until request index is due.
func (r *receiver) pace(index uint64) {
	if r.interval == 0 {
		return
	}
	due := r.due(index)
	for {
		left := due - time.Since(r.origin)
		if left <= 0 {
			return
		}
		sleep(left)
	}
}

// sleep is as exact as the kernel can be. time.Sleep is not: where nothing else is to do, the runtime of Go 1.19 waits
// for its timers in whole milliseconds. The slack belongs to a thread, and a goroutine changes threads.
func sleep(duration time.Duration) {
	const prSetTimerSlack = 29
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
	left := syscall.NsecToTimespec(int64(duration))
	syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&left)), 0, 0)
}

// receive takes the next result in order.
func (r *receiver) receive(result uint64) {
	if r.latencies != nil {
		r.latencies = append(r.latencies, int64(time.Since(r.origin)-r.due(r.received)))
	}
	r.checksum = fold(r.checksum, result)
	r.received++
	if r.received == r.job.items {
		r.end = time.Now()
	}
}

// An outcome is what a pass took.
type outcome struct {
	seconds, cpuSeconds float64
	contextSwitches     int64
}

// finish says what the pass took; all results have been received.
func (r *receiver) finish(expected uint64) (outcome, error) {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	if r.received != r.job.items {
		return outcome{}, fmt.Errorf("%d results were received instead of %d", r.received, r.job.items)
	}
	if r.checksum != expected {
		return outcome{}, fmt.Errorf("the results, or their order, differ from what was expected")
	}
	before := &r.usageAtBegin
	return outcome{
		seconds:         r.end.Sub(r.origin).Seconds(),
		cpuSeconds:      cpuSeconds(&usage) - cpuSeconds(before),
		contextSwitches: int64(usage.Nvcsw - before.Nvcsw + usage.Nivcsw - before.Nivcsw),
	}, nil
}

func cpuSeconds(usage *syscall.Rusage) float64 {
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
