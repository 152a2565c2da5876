// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// The pattern of the package conc (its type stream.Stream), which is not packaged for Debian; written anew. A task
// makes its result at the side and returns a callback; one goroutine calls the callbacks in the order in which the
// tasks were submitted. Workers are started when a task finds fewer than allowed, and take further tasks by
// rendezvous; the queue of pending callbacks is as long as there are workers, plus one: that is the pattern's own bound, so
// that a window has no place in it. A stream lives for one pass, as the type's own waits for its end.
type conc struct {
	spare sync.Pool
}

type callback func()

type concStream struct {
	limit   chan struct{}
	tasks   chan func()
	pending chan chan callback
	workers sync.WaitGroup
	drained chan struct{}
	spare   *sync.Pool
}

func openConc(*job) peer {
	return &conc{sync.Pool{New: func() any { return make(chan callback, 1) }}}
}

func (p *conc) newStream(width int) *concStream {
	s := &concStream{
		limit:   make(chan struct{}, width),
		tasks:   make(chan func()),
		pending: make(chan chan callback, width+1),
		drained: make(chan struct{}),
		spare:   &p.spare,
	}
	go s.callBack()
	return s
}

func (s *concStream) callBack() {
	defer close(s.drained)
	for result := range s.pending {
		(<-result)()
		s.spare.Put(result)
	}
}

func (s *concStream) submit(task func() callback) {
	result := s.spare.Get().(chan callback)
	s.pending <- result
	run := func() { result <- task() }
	select {
	case s.limit <- struct{}{}:
		s.workers.Add(1)
		go s.work(run)
	case s.tasks <- run:
	}
}

func (s *concStream) work(first func()) {
	defer s.workers.Done()
	first()
	for run := range s.tasks {
		run()
	}
}

func (s *concStream) wait() {
	close(s.tasks)
	s.workers.Wait()
	close(s.pending)
	<-s.drained
}

func (p *conc) pass(r *receiver) {
	s := p.newStream(r.job.workers)
	r.begin()
	for i := uint64(0); i < r.job.items; i++ {
		r.pace(i)
		index := i
		s.submit(func() callback {
			value := r.job.make(index)
			return func() { r.receive(value) }
		})
	}
	s.wait()
}

func (p *conc) close() {}
