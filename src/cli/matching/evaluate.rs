//! `kaitou evaluate` and `kaitou fit`: questions whose right items are known, and how good the matching is on them.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::misses::misses;
use super::report::report;
use super::{InputError, MatchingError, QuestionLine, SheetArgs, file_error, file_lines, open, open_analyzer};
use crate::matching::fit::{self, Example};
use crate::matching::measure::Truth;
use crate::matching::features::{Features, PAST};
use crate::matching::model::Ranked;
use crate::matching::{Decision, Match, Model, features, rank};
use crate::search::{Analyzer, Asked, Found, Index};
use crate::standard::StandardSheet;

/// `kaitou evaluate`
#[derive(Debug, Clone, Args)]
pub struct EvaluateArgs {
    /// The sheet. With a library, every decision in it counts, about these same questions too: leave them out yourself.
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// 質問（1行に1件の JSON: qid, document, section, question。複数指定可）
    #[arg(long, value_name = "Q.jsonl", required = true)]
    pub questions: Vec<PathBuf>,
    /// 正解（1行に1件の JSON: qid, kind, items。質問と同じ順に、同じ数だけ）
    #[arg(long, value_name = "G.jsonl", required = true)]
    pub gold: Vec<PathBuf>,
    /// 外れた質問を1件ずつ、どの手がかりがどれだけ効いたかとともに表示
    #[arg(long)]
    pub misses: bool,
}

/// `kaitou fit`
#[derive(Debug, Clone, Args)]
pub struct FitArgs {
    /// Sheet, questions and their answers.
    #[command(flatten)]
    pub evaluate: EvaluateArgs,
    /// モデルの書き出し先
    #[arg(long, value_name = "MODEL.json")]
    pub out: PathBuf,
}

#[derive(Debug, Deserialize)]
struct GoldLine {
    qid: String,
    kind: Kind,
    #[serde(default)]
    items: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Answerable,
    None,
    Ambiguous,
}

/// A question of known answer.
pub(super) struct Known {
    /// The file it was read from.
    pub file: String,
    pub id: String,
    pub document: String,
    pub section: Vec<String>,
    pub question: String,
    pub truth: Truth,
}

/// Puts questions and gold together; ambiguous ones are left out.
fn known(args: &EvaluateArgs, sheet: &StandardSheet) -> Result<Vec<Known>, InputError> {
    if args.questions.len() != args.gold.len() {
        return Err(InputError::Gold("--questions と --gold は同じ数だけ、同じ順に指定してください。".to_owned()));
    }
    let mut known = Vec::new();
    for (questions, gold) in args.questions.iter().zip(&args.gold) {
        let mut by_id: HashMap<String, GoldLine> = HashMap::new();
        for line in file_lines::<GoldLine>(gold)? {
            if let Some(item) = line.items.iter().find(|i| sheet.item(**i).is_none()) {
                return Err(InputError::Gold(format!("正解 {} の項目 {item} は標準シートにありません。", line.qid)));
            }
            by_id.insert(line.qid.clone(), line);
        }
        for q in file_lines::<QuestionLine>(questions)? {
            let id = q.id.as_str().map_or_else(|| q.id.to_string(), str::to_owned);
            let gold = by_id.remove(&id).ok_or_else(|| InputError::Gold(format!("質問 {id} の正解がありません。")))?;
            if gold.kind != Kind::Ambiguous {
                let accepted = if gold.kind == Kind::Answerable { gold.items } else { Vec::new() };
                let truth = Truth { accepted };
                let file = questions.display().to_string();
                known.push(Known { file, id, document: q.document, section: q.section, question: q.question, truth });
            }
        }
    }
    Ok(known)
}

/// All questions, each document's read together.
fn read<'k>(index: &Index, known: &'k [Known]) -> Vec<Asked<'k>> {
    let documents = known.chunk_by(|a, b| a.document == b.document);
    documents.flat_map(|d| index.questionnaire(d.iter().map(|k| (k.question.as_str(), k.section.as_slice())))).collect()
}

/// Measures the built-in model on questions of known answer.
///
/// # Errors
/// [`MatchingError`]
pub fn run_evaluate(args: &EvaluateArgs, mut output: impl Write) -> Result<(), MatchingError> {
    let (sheet, index) = open(&args.sheet)?;
    let known = known(args, &sheet)?;
    let model = Model::built_in()?;
    let asked = read(&index, &known);
    let found: Vec<Found<'_>> = asked.iter().map(|a| index.search(a)).collect();
    let matches: Vec<Match> = found.iter().map(|f| rank(f, &model)).collect();
    report(&known, &matches, &mut output)?;
    if args.misses {
        let all = known.iter().zip(found.iter().zip(&matches)).map(|(k, (f, m))| (k, f, m, &model));
        misses(all, &sheet, &mut output)?;
    }
    Ok(())
}

/// Fits a model to questions of known answer, writes it, and reports the figures of every document by a model that has not
/// seen it.
///
/// # Errors
/// [`MatchingError`]
pub fn run_fit(args: &FitArgs, mut output: impl Write) -> Result<(), MatchingError> {
    let (sheet, index) = open(&args.evaluate.sheet)?;
    let known = known(&args.evaluate, &sheet)?;
    let asked = read(&index, &known);
    let found: Vec<Found<'_>> = asked.iter().map(|a| index.search(a)).collect();
    let past = with_past(&sheet, &known, &open_analyzer(&args.evaluate.sheet.index)?)?;
    let example = |((k, f), past): ((&Known, &_), &Features)| Example {
        document: k.document.clone(),
        file: k.file.clone(),
        features: features::of(f),
        past: past.items.iter().map(|f| f[PAST]).collect(),
        accepted: sheet.items.iter().enumerate().filter(|(_, i)| k.truth.accepted.contains(&i.id)).map(|(n, _)| n).collect(),
    };
    let examples: Vec<Example> = known.iter().zip(&found).zip(&past).map(example).collect();
    let model = fit::fit(&examples);
    let models = fit::leave_one_out(&examples);
    let matches: Vec<Match> = models.iter().zip(&found).map(|(model, f)| rank(f, model)).collect();
    writeln!(output, "# 各文書を、その文書を除いて当てはめたモデルで測った値")?;
    report(&known, &matches, &mut output)?;
    let right = |file: &str, with: bool| {
        let all = known.iter().zip(&examples).zip(past.iter().zip(&models)).filter(|((k, e), _)| k.file == file && !e.accepted.is_empty());
        let hits: Vec<bool> = all
            .map(|((_, e), (past, model))| {
                let ranked = Ranked::new(&model.ranking, if with { past } else { &e.features });
                ranked.order.first().is_some_and(|i| e.accepted.contains(i))
            })
            .collect();
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        count(hits.iter().filter(|h| **h).count()) / count(hits.len()).max(1.0)
    };
    writeln!(output, "\n# 同じファイルの他の文書についての判断を過去の回答として使ったときの hit@1（使わないとき）")?;
    for file in args.evaluate.questions.iter().map(|q| q.display().to_string()) {
        writeln!(output, "{file}\t{:.3}\t({:.3})", right(&file, true), right(&file, false))?;
    }
    if args.evaluate.misses {
        let all = known.iter().zip(found.iter().zip(&matches)).zip(&models).map(|((k, (f, m)), model)| (k, f, m, model));
        misses(all, &sheet, &mut output)?;
    }
    std::fs::write(&args.out, model.to_json()?).map_err(file_error(&args.out))?;
    Ok(())
}

/// Each question's features where the decisions about the other documents of its file are known.
fn with_past(sheet: &StandardSheet, known: &[Known], analyzer: &Analyzer) -> Result<Vec<Features>, MatchingError> {
    let mut all = Vec::new();
    for document in known.chunk_by(|a, b| a.document == b.document) {
        let others = known.iter().filter(|k| k.file == document[0].file && k.document != document[0].document);
        let decision = |k: &Known| {
            Decision { question: k.question.clone(), section: k.section.join("\n"), items: k.truth.accepted.clone() }
        };
        let index = Index::build(sheet, &others.map(decision).collect::<Vec<_>>(), analyzer)?;
        all.extend(read(&index, document).iter().map(|a| features::of(&index.search(a))));
    }
    Ok(all)
}
