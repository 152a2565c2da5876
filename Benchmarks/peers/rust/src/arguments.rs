// SPDX-License-Identifier: Apache-2.0
//! The arguments of the program, checked.
use std::str::FromStr;

use crate::item::Job;

pub struct Arguments {
    pub job: Job,
    pub expected: u64,
    /// The file that takes them.
    pub latencies: Option<String>,
    pub warm_up: u64,
}

impl Arguments {
    /// Reads what follows the name of the subject, or says what is wrong with it.
    pub fn parse(values: &[String]) -> Result<Arguments, String> {
        let mut arguments = Arguments {
            job: Job::default(),
            expected: 0,
            latencies: None,
            warm_up: 5000,
        };
        let mut given = Vec::new();
        for pair in values.chunks(2) {
            match pair {
                [option, value] => arguments.read(option, value)?,
                _ => return Err(format!("a value is missing after {}", pair[0])),
            }
            given.push(pair[0].as_str());
        }
        for needed in ["--items", "--steps", "--workers", "--window", "--expect"] {
            if !given.contains(&needed) {
                return Err(format!("{needed} is missing"));
            }
        }
        if given.contains(&"--burst") && !given.contains(&"--rate") {
            return Err("--burst needs --rate".into());
        }
        Ok(arguments)
    }

    fn read(&mut self, option: &str, text: &str) -> Result<(), String> {
        let job = &mut self.job;
        let refused = || format!("{option} does not take '{text}'");
        match option {
            "--items" => job.items = positive(text).ok_or_else(refused)?,
            "--steps" => job.steps = text.parse().map_err(|_| refused())?,
            "--workers" => job.workers = positive(text).ok_or_else(refused)?,
            "--window" => job.window = positive(text).ok_or_else(refused)?,
            "--expect" => self.expected = u64::from_str_radix(text, 16).map_err(|_| refused())?,
            "--tail" => job.tail = Some(pair(text).ok_or_else(refused)?),
            "--slow-head" => job.slow_head = Some(positive(text).ok_or_else(refused)?),
            "--rate" => {
                job.rate = positive(text)
                    .filter(|rate: &f64| rate.is_finite())
                    .ok_or_else(refused)?
            }
            "--burst" => job.burst = positive(text).ok_or_else(refused)?,
            "--latencies" => {
                self.latencies = Some(text.into());
                job.wants_latencies = true;
            }
            "--warm-up" => self.warm_up = text.parse().map_err(|_| refused())?,
            _ => return Err(format!("there is no option {option}")),
        }
        Ok(())
    }
}

fn positive<Number: FromStr + PartialOrd + Default>(text: &str) -> Option<Number> {
    text.parse().ok().filter(|value| *value > Number::default())
}

fn pair(text: &str) -> Option<(u64, u64)> {
    let (every, times) = text.split_once(',')?;
    Some((positive(every)?, positive(times)?))
}
