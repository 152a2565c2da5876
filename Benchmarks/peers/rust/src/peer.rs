// SPDX-License-Identifier: Apache-2.0
//! What a peer is, and all of them.
use crate::item::Job;
use crate::receiver::Receiver;
use crate::{crossbeam_heap, futures_buffered, tokio_buffered};

/// A system with its threads running; it outlives the warm-up and the measured pass.
pub trait Peer {
    /// Requests the items of the receiver's job in order, pacing itself by what `begin()` gives, and hands each
    /// result, in the same order, to `receive()`. Returns when all have been received.
    fn pass(&mut self, receiver: Receiver) -> Receiver;
}

pub struct Subject {
    pub name: &'static str,
    /// Can pace its requests.
    pub paced: bool,
    pub summary: &'static str,
    pub open: fn(&Job) -> Box<dyn Peer>,
}

pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "crossbeam-heap",
        paced: false,
        summary: "crossbeam channels, binary heap; the consumer requests",
        open: |_| Box::new(crossbeam_heap::ConsumerRequests),
    },
    Subject {
        name: "crossbeam-heap-requester",
        paced: true,
        summary: "crossbeam channels, binary heap; a requester thread of its own",
        open: |_| Box::new(crossbeam_heap::RequesterThread),
    },
    Subject {
        name: "tokio-buffered",
        paced: true,
        summary: "tokio tasks in StreamExt::buffered; the consumer requests; paced, a thread feeds it by a channel",
        open: |job| Box::new(tokio_buffered::TokioBuffered::open(job)),
    },
    Subject {
        name: "futures-buffered",
        paced: true,
        summary: "futures ThreadPool in StreamExt::buffered; the consumer requests; paced, a thread feeds it by a channel",
        open: |job| Box::new(futures_buffered::FuturesBuffered::open(job)),
    },
];
