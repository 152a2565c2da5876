// SPDX-License-Identifier: Apache-2.0

package main

// work is what item index does; the other languages' peers do the same.
//
//go:noinline
func work(index, steps uint64) uint64 {
	state := (index + 1) * 0x9e3779b97f4a7c15
	for ; steps > 0; steps-- {
		state ^= state >> 12
		state ^= state << 25
		state ^= state >> 27
	}
	return state * 0x2545f4914f6cdd1d
}

const foldStart uint64 = 0xcbf29ce484222325

// fold adds a result to the checksum, which tells one order of results from another.
func fold(checksum, result uint64) uint64 {
	return (checksum ^ result) * 0x100000001b3
}

// A job is one pass: how many items of what size, and how they are requested.
type job struct {
	items, steps         uint64
	workers              int
	window               int
	tailEvery, tailTimes uint64  // 0: without
	slowHead             uint64  // 0: without
	rate                 float64 // 0: as fast as possible
	burst                uint64
	wantsLatencies       bool
}

func (j *job) stepsOf(index uint64) uint64 {
	if j.tailEvery != 0 && index%j.tailEvery == j.tailEvery-1 {
		return j.steps * j.tailTimes
	}
	if j.slowHead != 0 && index == 0 {
		return j.steps * j.slowHead
	}
	return j.steps
}

// make makes item index.
func (j *job) make(index uint64) uint64 {
	return work(index, j.stepsOf(index))
}

// expected is the checksum by a serial loop.
func (j *job) expected() uint64 {
	checksum := foldStart
	for i := uint64(0); i < j.items; i++ {
		checksum = fold(checksum, j.make(i))
	}
	return checksum
}
