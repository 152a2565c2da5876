// SPDX-License-Identifier: Apache-2.0

// The peers written in Go. The README in the folder above says how they are started.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

// A peer is a system with its goroutines running; it outlives the warm-up and the measured pass.
type peer interface {
	// pass requests the items of the receiver's job in order, calling begin and pace, and hands each result, in the
	// same order, to receive. It returns when all have been received.
	pass(r *receiver)
	close()
}

type subject struct {
	name    string
	summary string
	open    func(j *job) peer
}

var subjects = []subject{
	{"go-reorder", "Go: workers on a channel, one channel of results, a reorder ring at the consumer", openReorder},
	{"go-channels", "Go: a channel of one-slot channels in order, workers on a channel of jobs", openChannels},
	{"go-conc-pattern", "Go: the pattern of conc's stream, written anew as conc is not packaged; window is workers + 1", openConc},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		for _, s := range subjects {
			fmt.Printf("%s\tpaced\t%s\n", s.name, s.summary)
		}
		return
	}
	if len(os.Args) < 2 {
		fail(2, os.Args[0], "the name of a subject is missing; 'list' prints them")
	}
	s := find(os.Args[1])
	if s == nil {
		fail(2, os.Args[0], "there is no subject "+os.Args[1])
	}
	a, err := parseArguments(os.Args[2:])
	if err != nil {
		fail(2, s.name, err.Error())
	}
	if err := s.measure(a); err != nil {
		fail(1, s.name, err.Error())
	}
}

func find(name string) *subject {
	for i := range subjects {
		if subjects[i].name == name {
			return &subjects[i]
		}
	}
	return nil
}

func fail(status int, who, what string) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", who, what)
	os.Exit(status)
}

func (s *subject) measure(a *arguments) error {
	p := s.open(&a.job)
	defer p.close()
	if a.warmUp > 0 {
		warm := job{items: a.warmUp, workers: a.job.workers, window: a.job.window, burst: 1}
		r := newReceiver(&warm)
		p.pass(r)
		if _, err := r.finish(warm.expected()); err != nil {
			return err
		}
	}
	r := newReceiver(&a.job)
	p.pass(r)
	o, err := r.finish(a.expected)
	if err != nil {
		return err
	}
	if a.latencies != "" {
		if err := writeLatencies(a.latencies, r.latencies); err != nil {
			return err
		}
	}
	fmt.Printf("{\"subject\":%q,\"seconds\":%.9f,\"cpuSeconds\":%.6f,\"contextSwitches\":%d,"+
		"\"checksum\":\"%016x\",\"received\":%d,\"peakMemoryKiB\":%d}\n",
		s.name, o.seconds, o.cpuSeconds, o.contextSwitches, r.checksum, r.received, peakMemory())
	return nil
}

func writeLatencies(path string, latencies []int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := binary.Write(file, binary.LittleEndian, latencies); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// Not by getrusage: what that says of a program includes the one that started it.
func peakMemory() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	kibibytes := int64(-1)
	if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
		fmt.Sscan(rest, &kibibytes)
	}
	return kibibytes
}
