// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

type arguments struct {
	job       job
	expected  uint64
	latencies string // the file that takes them; empty: none
	warmUp    uint64
}

func parseArguments(values []string) (*arguments, error) {
	a := &arguments{warmUp: 5000}
	a.job.burst = 1
	given := map[string]bool{}
	for len(values) > 0 {
		option := values[0]
		if len(values) == 1 {
			return nil, fmt.Errorf("a value is missing after %s", option)
		}
		if err := a.read(option, values[1]); err != nil {
			return nil, err
		}
		given[option] = true
		values = values[2:]
	}
	for _, needed := range []string{"--items", "--steps", "--workers", "--window", "--expect"} {
		if !given[needed] {
			return nil, fmt.Errorf("%s is missing", needed)
		}
	}
	if given["--burst"] && !given["--rate"] {
		return nil, fmt.Errorf("--burst needs --rate")
	}
	return a, nil
}

func (a *arguments) read(option, text string) (err error) {
	j := &a.job
	switch option {
	case "--items":
		j.items, err = number(text, 10, 1)
	case "--steps":
		j.steps, err = number(text, 10, 0)
	case "--workers":
		j.workers, err = count(text)
	case "--window":
		j.window, err = count(text)
	case "--expect":
		a.expected, err = number(text, 16, 0)
	case "--tail":
		every, times, _ := strings.Cut(text, ",")
		if j.tailEvery, err = number(every, 10, 1); err == nil {
			j.tailTimes, err = number(times, 10, 1)
		}
	case "--slow-head":
		j.slowHead, err = number(text, 10, 1)
	case "--rate":
		j.rate, err = strconv.ParseFloat(text, 64)
		if err == nil && !(j.rate > 0 && j.rate < math.Inf(1)) {
			err = strconv.ErrRange
		}
	case "--burst":
		j.burst, err = number(text, 10, 1)
	case "--latencies":
		a.latencies = text
		j.wantsLatencies = true
	case "--warm-up":
		a.warmUp, err = number(text, 10, 0)
	default:
		return fmt.Errorf("there is no option %s", option)
	}
	if err != nil {
		return fmt.Errorf("%s does not take '%s'", option, text)
	}
	return nil
}

func number(text string, base int, least uint64) (uint64, error) {
	value, err := strconv.ParseUint(text, base, 64)
	if err == nil && value < least {
		err = strconv.ErrRange
	}
	return value, err
}

func count(text string) (int, error) {
	value, err := number(text, 10, 1)
	if err == nil && value > math.MaxInt32 {
		err = strconv.ErrRange
	}
	return int(value), err
}
