//! `kaitou isolated`: what runs in a child process of this one, see `crate::isolated`. Not for people.

use std::io::{self, Read, Write};
use std::time::Instant;

use serde::Serialize;

use super::Failure;
use super::check_workbooks::TrialLine;
use crate::isolated::Answer;
use crate::legacy::WireBook;
use crate::workbook::{Limits, trial, xls};

/// `kaitou isolated JOB --memory BYTES`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    job: Job,
    /// メモリの上限（バイト）
    #[arg(long)]
    memory: u64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Job {
    /// Reads an .xls file.
    Xls,
    /// Tries the writer out on a workbook.
    Trial,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    #[cfg(unix)]
    rlimit::setrlimit(rlimit::Resource::AS, args.memory, args.memory)?;
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    let limits = Limits::default();
    match args.job {
        Job::Xls => say(&match xls::read(&input, &limits) {
            Ok(book) => Answer::Done(WireBook::from(book)),
            Err(e) => Answer::Refused(e.to_string()),
        }),
        Job::Trial => {
            let begin = Instant::now();
            let attempt = trial::attempt(&input, &limits);
            let (time, memory) = (begin.elapsed(), peak_memory());
            let trial = attempt.map_or_else(|ended| ended, |attempt| attempt.compare(&input, &limits));
            say(&Answer::Done(TrialLine::new(trial, time, memory)))
        }
    }
}

fn say<T: Serialize>(answer: &Answer<T>) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, answer).map_err(io::Error::from)?;
    Ok(out.flush()?)
}

/// The most memory this process had, in bytes; zero where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).map_or(0, |kb| kb << 10)
}
