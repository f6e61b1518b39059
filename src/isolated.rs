//! Runs a job in a child process of this binary, within limits on time and memory: for libraries that a hostile file can make
//! hang, abort or take all memory.
//!
//! The child is this program's hidden command `isolated JOB`: the input on its standard input, the answer as JSON on its
//! standard output. Whatever becomes of it, the parent goes on.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wait_timeout::ChildExt;

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Until it is ended.
    pub time: Duration,
    /// All its memory, in bytes (where the system can limit it: on Linux and other Unixes).
    pub memory: u64,
    /// The longest answer, in bytes.
    pub answer: u64,
}

impl Default for Bounds {
    /// 8 seconds, 512 MB, an answer of 256 MB.
    fn default() -> Self {
        Self { time: Duration::from_secs(8), memory: 512 << 20, answer: 256 << 20 }
    }
}

/// Why there is no answer; the texts are for a person.
#[derive(Debug, thiserror::Error)]
pub enum IsolatedError {
    /// The job refused its input.
    #[error("{0}")]
    Refused(String),
    /// It took too long.
    #[error("{} 秒以内に読み込めないため、中止しました。Excelで開き、.xlsx形式で保存し直してください。", .0.as_secs())]
    TooSlow(Duration),
    /// It died: out of memory, or of a fault of the library.
    #[error("ファイルを読み込めません（壊れているか、メモリの上限を超えます）。Excelで開き、.xlsx形式で保存し直してください。")]
    Died,
    /// The child could not be started or heard.
    #[error("a child process could not be used: {0}")]
    Io(#[from] std::io::Error),
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer<T> {
    /// What was asked for.
    Done(T),
    /// Why not.
    Refused(String),
}

/// Has a child of `program` (this binary) do `job` on `input`.
///
/// # Errors
/// [`IsolatedError`]
pub fn run<T: DeserializeOwned>(program: &Path, job: &str, input: &[u8], bounds: &Bounds) -> Result<T, IsolatedError> {
    let mut child = Command::new(program)
        .args(["isolated", job, "--memory", &bounds.memory.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let heard = std::thread::scope(|threads| {
        threads.spawn(move || {
            // A child that has seen enough closes its end.
            let _ = stdin.map(|mut pipe| pipe.write_all(input));
        });
        let listener = threads.spawn(move || {
            let mut answer = Vec::new();
            stdout.map(|pipe| pipe.take(bounds.answer + 1).read_to_end(&mut answer)).transpose().map(|_| answer)
        });
        let ended = end(&mut child, bounds.time);
        let answer = listener.join().unwrap_or_else(|_| Err(std::io::Error::other("the listener failed")));
        ended.and_then(|ended| Ok(ended.then_some(answer?)))
    })?;
    let Some(answer) = heard else { return Err(IsolatedError::TooSlow(bounds.time)) };
    match serde_json::from_slice(&answer) {
        Ok(Answer::Done(done)) if answer.len() as u64 <= bounds.answer => Ok(done),
        Ok(Answer::Refused(why)) => Err(IsolatedError::Refused(why)),
        _ => Err(IsolatedError::Died),
    }
}

/// Waits for the child's end; false when it had to be ended.
fn end(child: &mut Child, time: Duration) -> std::io::Result<bool> {
    let ended = child.wait_timeout(time)?.is_some();
    if !ended {
        child.kill()?;
        child.wait()?;
    }
    Ok(ended)
}
