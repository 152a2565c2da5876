// SPDX-License-Identifier: Apache-2.0
//! The two ends of a pass: `begin()` is called just before the first request and gives the requester its pace;
//! `receive()` takes each result in order.
use crate::clock;
use crate::item::{fold, Job, FOLD_START};
use crate::process::{usage, Usage};

/// A paced pass begins a little in the future, so that its first request is as punctual as the others.
const HEAD_START: i64 = 1_000_000;

/// When requests are due.
#[derive(Clone, Copy)]
pub struct Pace {
    begin: i64,
    /// Nanoseconds; 0: not paced.
    interval: f64,
    burst: u64,
}

impl Pace {
    #[inline]
    fn due(&self, index: u64) -> i64 {
        self.begin + ((index - index % self.burst) as f64 * self.interval) as i64
    }

    /// Sleeps until request `index` is due.
    #[inline]
    pub fn wait(&self, index: u64) {
        if self.interval > 0.0 {
            clock::sleep_until(self.due(index));
        }
    }
}

pub struct Receiver {
    pub job: Job,
    pace: Pace,
    usage_at_begin: Usage,
    received: u64,
    checksum: u64,
    end: i64,
    latencies: Vec<i64>,
}

/// What a pass took.
pub struct Outcome {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub context_switches: i64,
    pub received: u64,
    pub checksum: u64,
}

impl Receiver {
    pub fn new(job: &Job) -> Receiver {
        Receiver {
            job: *job,
            pace: Pace {
                begin: 0,
                interval: if job.rate > 0.0 { 1e9 / job.rate } else { 0.0 },
                burst: job.burst.max(1),
            },
            usage_at_begin: Usage::default(),
            received: 0,
            checksum: FOLD_START,
            end: 0,
            latencies: Vec::with_capacity(if job.wants_latencies {
                job.items as usize
            } else {
                0
            }),
        }
    }

    pub fn begin(&mut self) -> Pace {
        let is_paced = self.pace.interval > 0.0;
        if is_paced {
            clock::sharpen_timers();
        }
        self.usage_at_begin = usage();
        self.pace.begin = clock::now() + if is_paced { HEAD_START } else { 0 };
        self.pace
    }

    #[inline]
    pub fn receive(&mut self, result: u64) {
        if self.job.wants_latencies {
            self.latencies
                .push(clock::now() - self.pace.due(self.received));
        }
        self.checksum = fold(self.checksum, result);
        self.received += 1;
        if self.received == self.job.items {
            self.end = clock::now();
        }
    }

    /// All results have been received.
    pub fn finish(&self, expected: u64) -> Result<Outcome, String> {
        let usage = usage();
        if self.received != self.job.items {
            return Err(format!(
                "{} results were received instead of {}",
                self.received, self.job.items
            ));
        }
        if self.checksum != expected {
            return Err("the results, or their order, differ from what was expected".into());
        }
        Ok(Outcome {
            seconds: (self.end - self.pace.begin) as f64 / 1e9,
            cpu_seconds: usage.cpu_seconds - self.usage_at_begin.cpu_seconds,
            context_switches: usage.context_switches - self.usage_at_begin.context_switches,
            received: self.received,
            checksum: self.checksum,
        })
    }

    pub fn latencies(&self) -> &[i64] {
        &self.latencies
    }
}
