//! The command line: arguments → the stages → files and lines.
//!
//! Exit codes: 0, done; 1, a fault of this program or machine; 2, bad input, with one clear line on standard error.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::questionnaire::{self, BadWord};
use crate::workbook::Limits;
use crate::workbook::read::ReadError;

mod answer;
mod check_workbooks;
mod isolated;
mod keep;
pub mod matching;
mod questions;
mod vectors;
mod serve;
mod wire;

/// セキュリティ質問票に、承認済みの標準回答から回答案を付けます。
#[derive(Debug, Parser)]
#[command(name = "kaitou", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 回答案の確認画面をこのマシンで開く
    Serve(serve::Args),
    /// データのバックアップを作る（使用中でもよい）
    Backup(keep::BackupArgs),
    /// バックアップからデータを復元する
    Restore(keep::RestoreArgs),
    /// 監査ログを確かめる
    Audit(keep::AuditArgs),
    /// 質問票に回答案を書き込む（確信度の高いものだけ。確認前の下書き）
    Answer(answer::Args),
    /// 質問票から見つけた質問と回答欄を表示する
    Questions(questions::Args),
    /// 質問（JSON Lines）に標準シートの項目を対応付ける
    Match(matching::MatchArgs),
    /// 正解つきの質問で対応付けの精度を測る
    Evaluate(matching::evaluate::EvaluateArgs),
    /// 正解つきの質問から対応付けのモデルを作り直す
    Fit(matching::evaluate::FitArgs),
    /// フォルダ内のブックに試し書きし、ほかに何も変わらないことを確かめる
    CheckWorkbooks(check_workbooks::Args),
    /// Not for people: see `crate::isolated`.
    #[command(hide = true)]
    Isolated(isolated::Args),
    /// 話題集（index/topics）から単語ベクトルを作り直す（1分ほど）
    FitVectors(vectors::Args),
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// What was given can't be used; the text says why and what to do. Exit code 2.
    #[error("{0}")]
    Input(String),
    /// Exit code 1.
    #[error("{0:#}")]
    Fault(anyhow::Error),
}

impl From<matching::MatchingError> for Failure {
    fn from(error: matching::MatchingError) -> Self {
        if error.exit_code() == 2 { Self::Input(error.to_string()) } else { Self::Fault(error.into()) }
    }
}

impl From<matching::InputError> for Failure {
    fn from(error: matching::InputError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<BadWord> for Failure {
    fn from(error: BadWord) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Reads the arguments of this process, does what they say, and gives the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Backup(args) => keep::run_backup(args),
        Command::Restore(args) => keep::run_restore(args),
        Command::Audit(args) => keep::run_audit(args),
        Command::Answer(args) => answer::run(args),
        Command::Questions(args) => questions::run(args),
        Command::Match(args) => matching::run_match(args, io::stdin().lock(), BufWriter::new(io::stdout().lock())).map_err(Failure::from),
        Command::Evaluate(args) => matching::evaluate::run_evaluate(args, io::stdout().lock()).map_err(Failure::from),
        Command::CheckWorkbooks(args) => check_workbooks::run(args),
        Command::Isolated(args) => isolated::run(args),
        Command::FitVectors(args) => vectors::run(args),
        Command::Fit(args) => matching::evaluate::run_fit(args, io::stdout().lock()).map_err(Failure::from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has read enough.
        Err(Failure::Fault(e)) if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "kaitou: {failure}");
            ExitCode::from(if matches!(failure, Failure::Input(_)) { 2 } else { 1 })
        }
    }
}

/// Puts the words for finding questions and choosing answers that a folder of one's own holds in the place of the built-in ones.
fn own_words(folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    questionnaire::replace_words(|name| {
        let path = folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some((text, path.display().to_string()))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Failure::Input(format!("索引の設定ファイル {} を読めません（{e}）。--index（KAITOU_INDEX）のフォルダを確認してください。", path.display()))),
        }
    })
}

/// The bytes of a client's file, refused before they are read where there are too many.
fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, Failure> {
    let unreadable = |e: io::Error| Failure::Input(format!("{}: 開けません（{e}）。", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > limits.file_bytes as u64 {
        return Err(in_file(path, &ReadError::TooLarge { limit_mb: limits.file_bytes >> 20 }));
    }
    std::fs::read(path).map_err(unreadable)
}

/// An error with the file it is about.
fn in_file(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::Input(format!("{}: {error}", path.display()))
}

/// Writes the whole file or nothing: beside it first, then in its place.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned);
    let unwritable = |e: io::Error| Failure::Input(format!("{}: 書き込めません（{e}）。", path.display()));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    file.write_all(bytes).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|e| unwritable(e.error))?;
    Ok(())
}
