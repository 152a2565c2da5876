// SPDX-License-Identifier: Apache-2.0
//! tokio: a task for each item on the multi-threaded runtime, kept in order by `buffered`. The stream is driven by a
//! task of the runtime too, so that it runs where its items finish; it asks for an item when it has room for one.
use std::thread;

use futures::stream::{self, Stream, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::item::Job;
use crate::peer::Peer;
use crate::receiver::Receiver;

pub struct TokioBuffered(Runtime);

impl TokioBuffered {
    pub fn open(job: &Job) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(job.workers)
            .build();
        Self(runtime.expect("threads can be started"))
    }
}

impl Peer for TokioBuffered {
    fn pass(&mut self, receiver: Receiver) -> Receiver {
        let driver = async move {
            if receiver.job.rate > 0.0 {
                paced(receiver).await
            } else {
                unpaced(receiver).await
            }
        };
        self.0
            .block_on(async { tokio::spawn(driver).await })
            .expect("the driver ends")
    }
}

async fn unpaced(mut receiver: Receiver) -> Receiver {
    receiver.begin();
    let indices = stream::iter(0..receiver.job.items);
    drive(indices, receiver).await
}

async fn paced(mut receiver: Receiver) -> Receiver {
    let job = receiver.job;
    let (sender, mut indices) = mpsc::channel(job.window);
    let pace = receiver.begin();
    let requester = thread::spawn(move || {
        for index in 0..job.items {
            pace.wait(index);
            sender.blocking_send(index).expect("the driver runs");
        }
    });
    let indices = stream::poll_fn(move |context| indices.poll_recv(context));
    let receiver = drive(indices, receiver).await;
    requester.join().expect("the requester ends");
    receiver
}

async fn drive(indices: impl Stream<Item = u64>, mut receiver: Receiver) -> Receiver {
    let job = receiver.job;
    let results = indices
        .map(|index| {
            let request = job.request(index);
            tokio::spawn(async move { request.make() })
        })
        .buffered(job.window);
    futures::pin_mut!(results);
    while let Some(result) = results.next().await {
        receiver.receive(result.expect("an item does not panic"));
    }
    receiver
}
