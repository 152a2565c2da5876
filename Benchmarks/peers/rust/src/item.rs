// SPDX-License-Identifier: Apache-2.0
//! What an item does; the other languages' peers do the same.

pub const FOLD_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a result to the checksum, which tells one order of results from another.
#[inline]
pub fn fold(checksum: u64, result: u64) -> u64 {
    (checksum ^ result).wrapping_mul(0x100_0000_01b3)
}

#[inline(never)]
pub fn work(index: u64, steps: u64) -> u64 {
    let mut state = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..steps {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
    }
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// One pass: how many items of what size, and how they are requested.
#[derive(Clone, Copy, Default)]
pub struct Job {
    pub items: u64,
    pub steps: u64,
    pub workers: usize,
    pub window: usize,
    /// One item of so many is so many times as long.
    pub tail: Option<(u64, u64)>,
    /// The first item is so many times as long.
    pub slow_head: Option<u64>,
    /// Requests per second; 0: as fast as possible.
    pub rate: f64,
    /// Requests that are due together; 0 is 1.
    pub burst: u64,
    pub wants_latencies: bool,
}

impl Job {
    #[inline]
    pub fn request(&self, index: u64) -> Request {
        let times = match (self.tail, self.slow_head) {
            (Some((every, times)), _) if index % every == every - 1 => times,
            (_, Some(times)) if index == 0 => times,
            _ => 1,
        };
        Request {
            index,
            steps: self.steps * times,
        }
    }

    /// The checksum by a serial loop.
    pub fn expected(&self) -> u64 {
        (0..self.items).fold(FOLD_START, |checksum, index| {
            fold(checksum, self.request(index).make())
        })
    }
}

#[derive(Clone, Copy)]
pub struct Request {
    index: u64,
    steps: u64,
}

impl Request {
    #[inline]
    pub fn make(self) -> u64 {
        work(self.index, self.steps)
    }
}
