// SPDX-License-Identifier: Apache-2.0
//! The futures crate alone: a handle for each item, spawned on its thread pool, kept in order by `buffered`. The stream
//! is driven on the calling thread; it asks for an item when it has room for one.
use std::thread;

use futures::channel::mpsc;
use futures::executor::{block_on, ThreadPool, ThreadPoolBuilder};
use futures::sink::SinkExt;
use futures::stream::{self, Stream, StreamExt};
use futures::task::SpawnExt;

use crate::item::Job;
use crate::peer::Peer;
use crate::receiver::Receiver;

pub struct FuturesBuffered(ThreadPool);

impl FuturesBuffered {
    pub fn open(job: &Job) -> Self {
        let pool = ThreadPoolBuilder::new().pool_size(job.workers).create();
        Self(pool.expect("threads can be started"))
    }

    async fn drive(&self, indices: impl Stream<Item = u64>, receiver: &mut Receiver) {
        let job = receiver.job;
        let results = indices
            .map(|index| {
                let request = job.request(index);
                let handle = self.0.spawn_with_handle(async move { request.make() });
                handle.expect("the pool runs")
            })
            .buffered(job.window);
        futures::pin_mut!(results);
        while let Some(result) = results.next().await {
            receiver.receive(result);
        }
    }
}

impl Peer for FuturesBuffered {
    fn pass(&mut self, mut receiver: Receiver) -> Receiver {
        let job = receiver.job;
        if job.rate == 0.0 {
            receiver.begin();
            block_on(self.drive(stream::iter(0..job.items), &mut receiver));
            return receiver;
        }
        let (mut sender, indices) = mpsc::channel(job.window);
        let pace = receiver.begin();
        let requester = thread::spawn(move || {
            for index in 0..job.items {
                pace.wait(index);
                block_on(sender.send(index)).expect("the driver runs");
            }
        });
        block_on(self.drive(indices, &mut receiver));
        requester.join().expect("the requester ends");
        receiver
    }
}
