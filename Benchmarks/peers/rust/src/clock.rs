// SPDX-License-Identifier: Apache-2.0
//! Time as every peer takes it, and sleeping until a time. The standard library can only sleep for a duration.
use libc::{timespec, CLOCK_MONOTONIC, TIMER_ABSTIME};

/// Nanoseconds on the monotonic clock.
#[inline]
pub fn now() -> i64 {
    let mut now = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel fills what is ours.
    unsafe { libc::clock_gettime(CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Sleeps until `time`, or returns at once where that has passed: the kernel takes some 40 µs to find that out.
pub fn sleep_until(time: i64) {
    if now() >= time {
        return;
    }
    let until = timespec {
        tv_sec: time / 1_000_000_000,
        tv_nsec: time % 1_000_000_000,
    };
    // SAFETY: the time is only read; what is left of it is not asked for.
    while unsafe {
        libc::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, std::ptr::null_mut())
    } != 0
    {}
}

/// Lets the calling thread, and those it starts, wake from sleep as exactly as the kernel can.
pub fn sharpen_timers() {
    // SAFETY: takes numbers only.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_u64, 0_u64, 0_u64, 0_u64) };
}
