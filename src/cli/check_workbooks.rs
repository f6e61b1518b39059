//! `kaitou check-workbooks`: tries the writer out on every workbook below a folder, each in a process of its own.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::isolated::{self, Bounds, IsolatedError};
use crate::legacy;
use crate::workbook::Limits;
use crate::workbook::read::ReadError;
use crate::workbook::trial::{self, Outcome, Trial};

/// `kaitou check-workbooks DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// ブックのあるフォルダ（下のフォルダも調べる）
    folder: PathBuf,
    /// 書き込んだブックを保存するフォルダ（Excelなどで開いて確かめるため）
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// How a trial ended, as a child tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Ending {
    Written,
    Unread,
    Refused,
    Damaged,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Written => "書込",
            Self::Unread => "読取不可",
            Self::Refused => "編集不可",
            Self::Damaged => "破損",
        }
    }
}

/// A trial as a child tells it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TrialLine {
    ending: Ending,
    reason: String,
    parts: (usize, usize),
    cells: Option<(usize, usize)>,
    /// How long reading and writing took.
    milliseconds: u64,
    /// The most memory the child had for it, with the file itself, in bytes.
    memory: u64,
}

impl TrialLine {
    pub(super) fn new(trial: Trial, time: Duration, memory: u64) -> Self {
        let (ending, reason) = match trial.outcome {
            Outcome::Written => (Ending::Written, String::new()),
            Outcome::Unread(why) => (Ending::Unread, why),
            Outcome::Refused(why) => (Ending::Refused, why),
            Outcome::Damaged(why) => (Ending::Damaged, why),
        };
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { ending, reason, parts: trial.parts, cells: trial.cells, milliseconds, memory }
    }
}

/// What a trial's child may use: its own comparing takes more than reading and writing do.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(120), memory: 4 << 30, answer: 1 << 20 };

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut files = Vec::new();
    collect(&args.folder, &mut files).map_err(|e| Failure::Input(format!("{}: 開けません（{e}）。", args.folder.display())))?;
    files.sort();
    if files.is_empty() {
        return Err(Failure::Input(format!("{}: Excelブック（.xlsx / .xlsm / .xls）がありません。", args.folder.display())));
    }
    let program = std::env::current_exe()?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "結果\t部品\tセル\tミリ秒\tMB\tファイル\t理由")?;
    let mut sums = Sums::default();
    for file in &files {
        let line = try_file(&program, file)?;
        let cells = line.cells.map_or("-".to_owned(), |(all, same)| format!("{same}/{all}"));
        let (all, same) = line.parts;
        let name = file.strip_prefix(&args.folder).unwrap_or(file).display();
        let (word, ms, mb) = (line.ending.word(), line.milliseconds, line.memory >> 20);
        writeln!(out, "{word}\t{same}/{all}\t{cells}\t{ms}\t{mb}\t{name}\t{}", line.reason)?;
        out.flush()?;
        sums.add(&line);
        if let Some(keep) = args.keep.as_ref().filter(|_| line.ending == Ending::Written) {
            save(file, &keep.join(file.strip_prefix(&args.folder).unwrap_or(file)))?;
        }
    }
    sums.say(&mut out)?;
    out.flush()?;
    if sums.count(Ending::Damaged) > 0 {
        Err(Failure::Fault(anyhow::anyhow!("破損したファイルがあります")))
    } else {
        Ok(())
    }
}

/// The workbooks below a folder, by their names' endings.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // A link may lead round in a circle.
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| ["xlsx", "xlsm", "xltx", "xltm", "xls"].iter().any(|x| e.eq_ignore_ascii_case(x)))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn try_file(program: &Path, file: &Path) -> Result<TrialLine, Failure> {
    let unread = |reason: String, time: Duration| TrialLine {
        ending: Ending::Unread,
        reason,
        parts: (0, 0),
        cells: None,
        milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        memory: 0,
    };
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(e) => return Ok(unread(e.to_string(), Duration::ZERO)),
    };
    let begin = Instant::now();
    let tried = isolated::run::<TrialLine>(program, "trial", &bytes, &BOUNDS);
    match tried {
        // Not what a file calls itself, but what it is: what calls itself .xls is often an .xlsx.
        Ok(line) if line.reason == ReadError::LegacyXls.to_string() => match legacy::read(program, &bytes, &Bounds::default()) {
            Ok(_) => {
                Ok(TrialLine { reason: "旧形式（.xls）: 読み取りのみ".to_owned(), ending: Ending::Refused, ..line })
            }
            Err(IsolatedError::Io(e)) => Err(e.into()),
            Err(e) => Ok(unread(e.to_string(), begin.elapsed())),
        },
        Ok(line) => Ok(line),
        Err(IsolatedError::Io(e)) => Err(e.into()),
        // A hang or a crash is what must never be.
        Err(e) => Ok(TrialLine { ending: Ending::Damaged, ..unread(e.to_string(), begin.elapsed()) }),
    }
}

/// Writes into the workbook once more, and saves the result. The trial has shown that no process of its own is needed.
fn save(file: &Path, to: &Path) -> io::Result<()> {
    if let Ok(attempt) = trial::attempt(&std::fs::read(file)?, &Limits::default()) {
        to.parent().map(std::fs::create_dir_all).transpose()?;
        std::fs::write(to, attempt.written())?;
    }
    Ok(())
}

/// The last lines of the table.
#[derive(Default)]
struct Sums {
    endings: BTreeMap<Ending, usize>,
    reasons: BTreeMap<String, usize>,
    parts: (usize, usize),
    cells: (usize, usize),
    slowest: u64,
    largest: u64,
}

impl Sums {
    fn add(&mut self, line: &TrialLine) {
        *self.endings.entry(line.ending).or_default() += 1;
        if !line.reason.is_empty() {
            *self.reasons.entry(format!("{}: {}", line.ending.word(), line.reason)).or_default() += 1;
        }
        self.parts = (self.parts.0 + line.parts.0, self.parts.1 + line.parts.1);
        let (all, same) = line.cells.unwrap_or_default();
        self.cells = (self.cells.0 + all, self.cells.1 + same);
        self.slowest = self.slowest.max(line.milliseconds);
        self.largest = self.largest.max(line.memory);
    }

    fn count(&self, ending: Ending) -> usize {
        self.endings.get(&ending).copied().unwrap_or(0)
    }

    fn say(&self, out: &mut impl Write) -> io::Result<()> {
        let all: usize = self.endings.values().sum();
        writeln!(out)?;
        for (ending, count) in &self.endings {
            writeln!(out, "{}\t{count} / {all} ファイル", ending.word())?;
        }
        for (reason, count) in &self.reasons {
            writeln!(out, "  {count}\t{reason}")?;
        }
        writeln!(out, "同じままの部品\t{} / {}", self.parts.1, self.parts.0)?;
        writeln!(out, "同じままのセル\t{} / {}", self.cells.1, self.cells.0)?;
        writeln!(out, "最長\t{} ミリ秒", self.slowest)?;
        writeln!(out, "最大メモリ\t{} MB", self.largest >> 20)
    }
}
