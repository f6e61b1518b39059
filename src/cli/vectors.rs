//! `kaitou fit-vectors`: learns what words mean from the bank of topics.

use std::path::PathBuf;

use super::Failure;
use super::matching::{IndexArgs, open_analyzer};
use crate::search::topics::Bank;

/// `kaitou fit-vectors`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Dictionary and index files; the bank is in the latter's folder.
    #[command(flatten)]
    index: IndexArgs,
    /// 単語ベクトルの書き出し先（--index のフォルダに vectors.bin として置くと使われる）
    #[arg(long, value_name = "VECTORS.bin", default_value = "src/matching/vectors.bin")]
    out: PathBuf,
}

/// Learns and writes the file.
pub fn run(args: &Args) -> Result<(), Failure> {
    let folder = args.index.index.clone().unwrap_or_else(|| PathBuf::from("index"));
    let bank = Bank::read(&folder).map_err(|e| Failure::Input(e.to_string()))?;
    let vectors = bank.learn(&open_analyzer(&IndexArgs { index: Some(folder), ..args.index.clone() })?);
    super::write_file(&args.out, &vectors.to_bytes())
}
