// SPDX-License-Identifier: Apache-2.0
//! crossbeam's bounded channels to and from the workers; a binary heap at the consumer holds what came before its turn.
//! Who requests is what the two peers differ in.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{bounded, Receiver as Results, Sender};

use crate::item::Job;
use crate::peer::Peer;
use crate::receiver::Receiver;

type Indexed = (u64, u64);

/// Started for each pass, before it begins: an index is then all that a request has to carry.
struct Workers {
    requests: Option<Sender<u64>>,
    results: Results<Indexed>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    fn start(job: Job) -> Workers {
        let (requests, incoming) = bounded(job.window);
        let (outgoing, results) = bounded(job.window);
        let threads = (0..job.workers)
            .map(|_| {
                let (incoming, outgoing) = (incoming.clone(), outgoing.clone());
                thread::spawn(move || {
                    for index in incoming {
                        if outgoing.send((index, job.request(index).make())).is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        Workers {
            requests: Some(requests),
            results,
            threads,
        }
    }

    fn requests(&self) -> &Sender<u64> {
        self.requests.as_ref().expect("the workers run")
    }

    fn result(&self) -> Indexed {
        self.results.recv().expect("the workers run")
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.requests = None; // closes the channel: the workers return
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Results that came before their turn, and whose turn it is.
struct Order {
    early: BinaryHeap<Reverse<Indexed>>,
    next: u64,
}

impl Order {
    fn new(window: usize) -> Order {
        Order {
            early: BinaryHeap::with_capacity(window),
            next: 0,
        }
    }

    /// Calls `deliver` for each result whose turn has come.
    #[inline]
    fn take(&mut self, (index, value): Indexed, mut deliver: impl FnMut(u64)) {
        if index != self.next {
            self.early.push(Reverse((index, value)));
            return;
        }
        deliver(value);
        self.next += 1;
        while matches!(self.early.peek(), Some(Reverse((index, _))) if *index == self.next) {
            if let Some(Reverse((_, value))) = self.early.pop() {
                deliver(value);
                self.next += 1;
            }
        }
    }
}

/// The consumer fills the window itself before it waits for a result: no further thread, no counting of room. It can
/// not sleep until a request is due, as it must be there for results.
pub struct ConsumerRequests;

impl Peer for ConsumerRequests {
    fn pass(&mut self, mut receiver: Receiver) -> Receiver {
        let job = receiver.job;
        let workers = Workers::start(job);
        let mut order = Order::new(job.window);
        let mut requested = 0;
        receiver.begin();
        while order.next < job.items {
            let end = job.items.min(order.next + job.window as u64);
            while requested < end {
                let sent = workers.requests().send(requested);
                sent.expect("the workers run");
                requested += 1;
            }
            order.take(workers.result(), |value| receiver.receive(value));
        }
        receiver
    }
}

/// A thread requests; a third channel, of tokens, bounds what is outstanding.
pub struct RequesterThread;

impl Peer for RequesterThread {
    fn pass(&mut self, mut receiver: Receiver) -> Receiver {
        let job = receiver.job;
        let workers = Workers::start(job);
        let mut order = Order::new(job.window);
        let (outstanding, delivered) = bounded::<()>(job.window);
        let requests = workers.requests();
        thread::scope(|scope| {
            let pace = receiver.begin();
            scope.spawn(move || {
                for index in 0..job.items {
                    pace.wait(index);
                    outstanding.send(()).expect("the consumer runs");
                    requests.send(index).expect("the workers run");
                }
            });
            while order.next < job.items {
                order.take(workers.result(), |value| {
                    receiver.receive(value);
                    delivered.recv().expect("a token for each request");
                });
            }
        });
        receiver
    }
}
