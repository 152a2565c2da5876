// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// The idiom: each request gets a channel of its own with room for its result; these channels wait in the order of the
// requests in a channel as large as the window, where the consumer takes them one by one. They are used again.
type channels struct {
	job      *job // of the pass; the workers see it with its first request
	requests chan request
	order    chan chan uint64
	spare    sync.Pool
}

type request struct {
	index  uint64
	result chan uint64
}

func openChannels(j *job) peer {
	p := &channels{
		requests: make(chan request, j.window),
		// The consumer waits with one more in hand.
		order: make(chan chan uint64, j.window-1),
		spare: sync.Pool{New: func() any { return make(chan uint64, 1) }},
	}
	for i := 0; i < j.workers; i++ {
		go p.work()
	}
	return p
}

func (p *channels) work() {
	for request := range p.requests {
		request.result <- p.job.make(request.index)
	}
}

func (p *channels) pass(r *receiver) {
	p.job = r.job
	done := make(chan struct{})
	go func() {
		for i := uint64(0); i < r.job.items; i++ {
			result := <-p.order
			r.receive(<-result)
			p.spare.Put(result)
		}
		close(done)
	}()
	r.begin()
	for i := uint64(0); i < r.job.items; i++ {
		r.pace(i)
		result := p.spare.Get().(chan uint64)
		p.order <- result
		p.requests <- request{i, result}
	}
	<-done
}

func (p *channels) close() { close(p.requests) }
