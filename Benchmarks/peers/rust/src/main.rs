// SPDX-License-Identifier: Apache-2.0
//! The peers written in Rust. The README in the folder above says how they are started.
mod arguments;
mod clock;
mod crossbeam_heap;
mod futures_buffered;
mod item;
mod peer;
mod process;
mod receiver;
mod tokio_buffered;

use std::io::Write;
use std::process::exit;

use arguments::Arguments;
use item::Job;
use peer::{Subject, SUBJECTS};
use receiver::Receiver;

fn main() {
    let values: Vec<String> = std::env::args().collect();
    let subject = match values.get(1).map(String::as_str) {
        Some("list") if values.len() == 2 => return list(),
        Some(name) => SUBJECTS
            .iter()
            .find(|subject| subject.name == name)
            .unwrap_or_else(|| fail(2, &values[0], &format!("there is no subject {name}"))),
        None => fail(
            2,
            &values[0],
            "the name of a subject is missing; 'list' prints them",
        ),
    };
    let arguments =
        Arguments::parse(&values[2..]).unwrap_or_else(|problem| fail(2, subject.name, &problem));
    if arguments.job.rate > 0.0 && !subject.paced {
        fail(2, subject.name, "its requests cannot be paced");
    }
    match measure(subject, &arguments) {
        Ok(line) => println!("{line}"),
        Err(problem) => fail(1, subject.name, &problem),
    }
}

fn list() {
    for subject in SUBJECTS {
        let pace = if subject.paced { "paced" } else { "unpaced" };
        println!("{}\t{pace}\t{}", subject.name, subject.summary);
    }
}

fn fail(status: i32, who: &str, what: &str) -> ! {
    eprintln!("{who}: {what}");
    exit(status)
}

/// The line to print.
fn measure(subject: &Subject, arguments: &Arguments) -> Result<String, String> {
    let job = arguments.job;
    let mut peer = (subject.open)(&job);
    if arguments.warm_up > 0 {
        let warm = Job {
            items: arguments.warm_up,
            workers: job.workers,
            window: job.window,
            ..Job::default()
        };
        peer.pass(Receiver::new(&warm)).finish(warm.expected())?;
    }
    let receiver = peer.pass(Receiver::new(&job));
    let outcome = receiver.finish(arguments.expected)?;
    if let Some(path) = &arguments.latencies {
        write_latencies(path, receiver.latencies())
            .map_err(|error| format!("the latencies could not be written to {path}: {error}"))?;
    }
    Ok(format!(
        "{{\"subject\":\"{}\",\"seconds\":{:.9},\"cpuSeconds\":{:.6},\"contextSwitches\":{},\
         \"checksum\":\"{:016x}\",\"received\":{},\"peakMemoryKiB\":{}}}",
        subject.name,
        outcome.seconds,
        outcome.cpu_seconds,
        outcome.context_switches,
        outcome.checksum,
        outcome.received,
        process::peak_memory(),
    ))
}

fn write_latencies(path: &str, latencies: &[i64]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for latency in latencies {
        file.write_all(&latency.to_le_bytes())?;
    }
    file.flush()
}
