//! `kaitou answer`: the whole way in one command, without review; so only what is of band high is written, and that is said.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::matching::{CandidateLine, SheetArgs, open as open_index};
use super::wire::{AnswerLine, ChangeLine, Report, SuggestionLine};
use super::{Failure, in_file, questions, write_file};
use crate::export::{self, FinalAnswer};
use crate::matching::{Band, Model, rank};
use crate::questionnaire::Kind;
use crate::suggestion;
use crate::workbook::write::{self, Layout};
use crate::workbook::{CellEdit, Limits};

/// `kaitou answer FILE --standard SHEET [--service NAME]... [--out FILLED.xlsx] [--report REPORT.json]`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 質問票（.xlsx / .xlsm / .xls / .csv）
    file: PathBuf,
    #[command(flatten)]
    sheet: SheetArgs,
    /// 対象のサービス（標準シートの列名。複数指定可）
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// 回答を書き込んだブックの保存先
    #[arg(long, value_name = "FILLED.xlsx")]
    out: Option<PathBuf>,
    /// 質問・回答案・候補の一覧（JSON）の保存先
    #[arg(long, value_name = "REPORT.json")]
    report: Option<PathBuf>,
    /// 確信度の高くない回答案も書き込む
    #[arg(long)]
    all: bool,
    /// 改行を折り返して表示し、文字が収まらない行（高さ固定・結合セル）を高くする
    #[arg(long)]
    fit: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    super::own_words(args.sheet.index.index.as_deref())?;
    let same = |path: &PathBuf| path.canonicalize().ok().is_some_and(|p| args.file.canonicalize().ok() == Some(p));
    if args.out.as_ref().is_some_and(same) || args.report.as_ref().is_some_and(same) {
        return Err(Failure::Input(format!("{}: 元のファイルには上書きしません。別の名前を指定してください。", args.file.display())));
    }
    let questions::Opened { bytes, found } = questions::open(&args.file)?;
    let (sheet, index) = open_index(&args.sheet)?;
    let services = sheet.check_services(&args.services).map_err(|e| Failure::Input(e.to_string()))?;
    let model = Model::built_in().map_err(|e| Failure::Fault(e.into()))?;

    let bar = ProgressBar::new(found.questions.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("回答案を作成中 {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    let mut report = Report::from(&found);
    let mut edits: Vec<CellEdit> = Vec::new();
    let (mut kept, mut profile) = (0, found.facts.len());
    let mut tally: BTreeMap<Band, Tally> = BTreeMap::new();
    let asked = index.questionnaire(found.questions.iter().map(|q| (q.text.as_str(), q.section.as_slice())));
    for ((question, line), asked) in found.questions.iter().zip(&mut report.questions).zip(&asked) {
        if question.kind == Kind::Profile {
            profile += 1;
            line.answer = Some(AnswerLine { suggestion: None, candidates: Vec::new() });
            continue;
        }
        let matched = rank(&index.search(asked), &model);
        let draft = suggestion::draft(question, &matched, &sheet, &services);
        let tally = tally.entry(draft.as_ref().map_or(Band::None, |d| d.band)).or_default();
        tally.questions += 1;
        if let Some(draft) = draft.as_ref().filter(|d| d.band == Band::High || args.all) {
            let answer = FinalAnswer { choice: draft.choice.clone(), text: draft.text.clone() };
            // What the client or somebody else wrote stays: nobody has reviewed whether it may go.
            if question.filled.is_some() {
                kept += 1;
            } else {
                let cells = export::edits(question, &answer);
                tally.written += usize::from(!cells.is_empty());
                edits.extend(cells);
            }
        }
        let candidates = matched.candidates.iter().map(CandidateLine::new).collect();
        line.answer = Some(AnswerLine { suggestion: draft.map(SuggestionLine::from), candidates });
        bar.inc(1);
    }
    bar.finish_and_clear();

    let filled = match &args.out {
        Some(_) => {
            let layout = if args.fit { Layout::Fit } else { Layout::Keep };
            Some(write::write_as(&bytes, &edits, layout, &Limits::default()).map_err(|e| in_file(&args.file, &e))?)
        }
        None => None,
    };
    report.changes = filled.as_ref().map(|f| f.changes.iter().map(ChangeLine::from).collect());
    if let Some(path) = &args.report {
        let json = serde_json::to_vec_pretty(&report).map_err(|e| Failure::Fault(e.into()))?;
        write_file(path, &json)?;
    }
    if let (Some(path), Some(filled)) = (&args.out, &filled) {
        write_file(path, &filled.bytes)?;
    }
    for note in filled.iter().flat_map(|f| &f.notes) {
        writeln!(io::stdout(), "注意: {} {}", note.sheet.as_deref().unwrap_or(""), note.message)?;
    }
    say(args, &tally, edits.len(), kept, profile)
}

#[derive(Default)]
struct Tally {
    questions: usize,
    written: usize,
}

/// A short table: how sure, how many questions, how many written.
fn say(args: &Args, tally: &BTreeMap<Band, Tally>, cells: usize, kept: usize, profile: usize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "確信度\t質問数\t書き込み")?;
    for (band, name) in [(Band::High, "高"), (Band::Medium, "中"), (Band::Low, "低"), (Band::None, "案なし")] {
        let (questions, written) = tally.get(&band).map_or((0, 0), |t| (t.questions, t.written));
        writeln!(out, "{name}\t{questions}\t{}", if args.out.is_some() { written } else { 0 })?;
    }
    if profile > 0 {
        writeln!(out, "会社情報の欄が {profile} 件あります。標準シートからは回答しません。")?;
    }
    if kept > 0 && args.out.is_some() {
        writeln!(out, "回答欄にすでに記入のある {kept} 問には書き込んでいません。")?;
    }
    match &args.out {
        Some(path) if args.all => {
            writeln!(out, "{}: 確信度を問わず全ての回答案を {cells} セルに書き込みました。未確認の下書きです。提出前に必ず確認してください。", path.display())?;
        }
        Some(path) => {
            writeln!(out, "{}: 確信度「高」の回答案だけを {cells} セルに書き込みました（--all で全て）。未確認の下書きです。提出前に必ず確認してください。", path.display())?;
        }
        None => writeln!(out, "--out を指定すると、回答案を書き込んだファイルを作成します。")?,
    }
    Ok(())
}
