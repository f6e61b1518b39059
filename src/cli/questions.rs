//! `kaitou questions`: what was found in a client's workbook.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::wire::Report;
use super::{Failure, in_file, read_file};
use crate::intake::{self, Taken};
use crate::questionnaire::{self, Kind, Questionnaire};
use crate::workbook::{Limits, read};

/// `kaitou questions FILE --json`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 質問票（.xlsx / .xlsm / .xls / .csv）
    file: PathBuf,
    /// JSON で出力する
    #[arg(long)]
    json: bool,
    /// 見出し語などを差し替えるフォルダ（index/ と同じファイル名）
    #[arg(long, env = "KAITOU_INDEX", value_name = "DIR")]
    index: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    super::own_words(args.index.as_deref())?;
    let Opened { found, .. } = open(&args.file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        serde_json::to_writer_pretty(&mut out, &Report::from(&found)).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        for q in found.asked() {
            let number = q.number.as_deref().unwrap_or("-");
            writeln!(out, "{}\t{}\t{number}\t{}", q.sheet, q.question_cell, q.text.replace('\n', " "))?;
        }
        let profile = found.asked().filter(|q| q.kind == Kind::Profile).count();
        let more = if profile > 0 { format!("（ほかに会社情報の欄 {profile} 件）") } else { String::new() };
        writeln!(out, "{} 問{more}", found.asked().count() - profile)?;
        for problem in &found.problems {
            let cell = problem.cell.map(|c| c.to_string()).unwrap_or_default();
            writeln!(out, "注意: {} {cell} {}", problem.sheet.as_deref().unwrap_or(""), problem.message)?;
        }
    }
    Ok(out.flush()?)
}

/// A client's file and what is in it.
pub(super) struct Opened {
    pub bytes: Vec<u8>,
    pub found: Questionnaire,
}

pub(super) fn open(file: &Path) -> Result<Opened, Failure> {
    let limits = Limits::default();
    let bytes = read_file(file, &limits)?;
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let taken = intake::file(&std::env::current_exe()?, &name, bytes, &limits);
    let Taken { bytes, form } = taken.map_err(|e| if e.is_input() { in_file(file, &e) } else { Failure::Fault(e.into()) })?;
    let workbook = read::read(&bytes, &limits).map_err(|e| in_file(file, &e))?;
    let found = questionnaire::find(&workbook).map_err(|e| in_file(file, &e))?;
    if !form.note().is_empty() {
        writeln!(io::stderr(), "kaitou: {}: {}", file.display(), form.note())?;
    }
    Ok(Opened { bytes, found })
}
