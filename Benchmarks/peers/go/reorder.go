// SPDX-License-Identifier: Apache-2.0

package main

// Workers take requests from one channel and send results, as they finish, to another; the consumer puts them back in
// order in a ring as large as the window. A channel with room for the window's tokens bounds what is outstanding.
type reorder struct {
	job      *job // of the pass; the workers see it with its first request
	requests chan uint64
	results  chan indexed
	room     chan struct{}
}

type indexed struct{ index, value uint64 }

func openReorder(j *job) peer {
	p := &reorder{
		requests: make(chan uint64, j.window),
		results:  make(chan indexed, j.window),
		room:     make(chan struct{}, j.window),
	}
	for i := 0; i < j.workers; i++ {
		go p.work()
	}
	return p
}

func (p *reorder) work() {
	for index := range p.requests {
		p.results <- indexed{index, p.job.make(index)}
	}
}

func (p *reorder) pass(r *receiver) {
	p.job = r.job
	done := make(chan struct{})
	go func() {
		p.consume(r)
		close(done)
	}()
	r.begin()
	for i := uint64(0); i < r.job.items; i++ {
		r.pace(i)
		p.room <- struct{}{}
		p.requests <- i
	}
	<-done
}

func (p *reorder) consume(r *receiver) {
	slots := 1
	for slots < r.job.window {
		slots *= 2
	}
	mask := uint64(slots - 1)
	values, finished := make([]uint64, slots), make([]bool, slots)
	for next := uint64(0); next < r.job.items; {
		result := <-p.results
		slot := result.index & mask
		values[slot], finished[slot] = result.value, true
		for slot = next & mask; finished[slot]; slot = next & mask {
			finished[slot] = false
			r.receive(values[slot])
			next++
			<-p.room
		}
	}
}

func (p *reorder) close() { close(p.requests) }
