//! The question that is shown: where it stands, what is offered, and the form that decides it.

use super::super::marks::{Piece, pieces};
use super::super::view;
use super::lines::Entry;
use super::offer::{Offer, Side, words};
use super::past::Past;
use crate::export::FinalAnswer;
use crate::people::Person;
use crate::questionnaire::Kind as QuestionKind;
use crate::questionnaire::asks::asks;
use crate::questionnaire::polarity::is_turned_under;
use crate::questionnaire::profile::Draft;
use crate::review::{Choices, Kind, Proposal, State, standing};
use crate::store::{Decided, Line, ReviewQuestion};

/// What stands in the form: what is stored or offered, or what a person sent that could not be stored.
pub(in crate::web) struct Entered {
    /// The proposal it starts from.
    pub item: Option<u32>,
    /// Choice and text.
    pub answer: FinalAnswer,
    /// The past answer it starts from.
    pub past: Option<Past>,
    /// Why it was refused.
    pub wrong: Option<String>,
    /// What stands stored instead.
    pub conflict: Option<Conflict>,
}

impl Entered {
    /// A past answer; the choice only where this question offers it.
    pub(in crate::web) fn past(q: &ReviewQuestion, past: Past) -> Self {
        let mut answer = FinalAnswer { choice: Some(past.choice.clone()).filter(|c| !c.is_empty()), text: past.text.clone() };
        if let Choices::Of(names) = Choices::of(&q.question) {
            answer.choice = answer.choice.filter(|c| names.contains(c));
        }
        Self { item: None, answer, past: Some(past), wrong: None, conflict: None }
    }

    /// The decided answer, or else the draft, or else the company's `fact`, or else what stands in the file; another proposal where `item` asks for it.
    pub(in crate::web) fn stored(q: &ReviewQuestion, fact: Option<&Draft>, item: Option<u32>) -> Self {
        let asked = item.and_then(|item| q.suggestion.proposal(item));
        let (item, answer) = match (asked, &q.review.state) {
            (Some(proposal), _) => (Some(proposal.item), proposal.answer.clone()),
            (None, State::Accepted { item, answer } | State::Edited { item, answer }) => (*item, answer.clone()),
            (None, State::NotApplicable { answer }) => (None, answer.clone()),
            (None, State::Open | State::Declined | State::Asked) => match q.suggestion.drafted() {
                Some(draft) => (Some(draft.item), draft.answer.clone()),
                None => match fact {
                    Some(fact) => (None, FinalAnswer { choice: None, text: fact.text.clone() }),
                    None => (None, standing(&q.question).unwrap_or_default()),
                },
            },
        };
        Self { item, answer, past: None, wrong: None, conflict: None }
    }
}

/// Two decisions on the same question.
pub(in crate::web) struct Conflict {
    /// What is stored.
    pub theirs: Version,
    /// What was sent.
    pub yours: Version,
}

/// One of the two.
pub(in crate::web) struct Version {
    /// Class and name of the state.
    pub kind: (&'static str, &'static str),
    /// The choice; empty for none.
    pub choice: String,
    /// The text; empty for none.
    pub text: String,
}

impl Conflict {
    pub(in crate::web) fn new(theirs: &State, yours: &State) -> Self {
        Self { theirs: Version::of(theirs), yours: Version::of(yours) }
    }
}

impl Version {
    fn of(state: &State) -> Self {
        let answer = state.answer().cloned().unwrap_or_default();
        Self { kind: view::kind(state.kind()), choice: answer.choice.unwrap_or_default(), text: answer.text }
    }
}

/// A choice to be made.
pub(in crate::web) struct Choice {
    /// In the client's words.
    pub name: String,
    /// Whether it is made.
    pub chosen: bool,
}

/// The question and its form.
pub(in crate::web) struct Detail {
    /// Its place in the questionnaire, from 1.
    pub position: u32,
    /// What it is called: its number.
    pub name: String,
    /// The sheet it is on.
    pub sheet: String,
    /// Its cell.
    pub cell: String,
    /// Where the answer goes.
    pub cells: String,
    /// The headings it stands under.
    pub section: Vec<String>,
    /// The question, cut where words match.
    pub pieces: Vec<Piece>,
    /// Class and name of its state.
    pub kind: (&'static str, &'static str),
    /// Class and name of the band of the best proposal.
    pub band: (&'static str, &'static str),
    /// The revision that is shown.
    pub revision: u32,
    /// The choices the file offers, with one that is none.
    pub choices: Vec<Choice>,
    /// Whether none of the choices is made.
    pub no_choice: bool,
    /// Whether a choice is offered and none made, though there is a text.
    pub choice_missing: bool,
    /// The choice, where the file does not say which are allowed.
    pub free_choice: Option<String>,
    /// The text; `None` where there is no cell for it.
    pub text: Option<String>,
    /// Whether there is a cell to answer in at all.
    pub answerable: bool,
    /// What stands in the file: choice and text; `None` where nothing does.
    pub filled: Option<(String, String)>,
    /// Whether that was decided to be the answer.
    pub kept: bool,
    /// Whether what stands in the form would take its place.
    pub overwrites: bool,
    /// Where the form's answer comes from.
    pub source: Option<Offer>,
    /// The facts of the company's profile that the answer comes from; `None` for a question about security.
    pub facts: Option<Vec<String>>,
    /// Whether the source is not what is suggested, but was asked for.
    pub other_asked: bool,
    /// The other proposals, best first.
    pub others: Vec<Offer>,
    /// Why what was sent was refused.
    pub wrong: Option<String>,
    /// What stands stored instead of what was sent.
    pub conflict: Option<Conflict>,
    /// What to mind.
    pub warnings: Vec<String>,
    /// The other questions that ask the same.
    pub alike: Vec<Alike>,
    /// What was looked for by hand; empty for nothing.
    pub asked: String,
    /// Items of the standard sheet that were found by hand.
    pub found: Vec<Offer>,
    /// Answers of earlier questionnaires that were found by hand.
    pub earlier: Vec<Past>,
    /// The past answer that the form's answer comes from.
    pub past: Option<Past>,
    /// Past answers of files to questions that ask nearly the same.
    pub filed: Vec<Past>,
    /// What was said: when, by whom, what.
    pub comments: Vec<(String, String, String)>,
    /// Who can have it: id, name, and whether they do.
    pub people: Vec<(i64, String, bool)>,
    /// Who decided last and when; empty where nobody did.
    pub decided: String,
    /// Every decision, the latest first: when, by whom, class and name of the state, text.
    pub history: Vec<(String, String, (&'static str, &'static str), String)>,
    /// The question above in the list.
    pub previous: Option<u32>,
    /// The question below in the list.
    pub next: Option<u32>,
}

/// What stands around a question: the list, people, talk, and what was looked for.
#[derive(Default)]
pub(in crate::web) struct Around {
    /// Everybody who may have it.
    pub people: Vec<Person>,
    /// Who has it.
    pub assignee: Option<i64>,
    /// What was said.
    pub comments: Vec<crate::store::Comment>,
    /// Every decision.
    pub history: Vec<Decided>,
    /// What was looked for by hand.
    pub asked: String,
    /// Items that were found.
    pub found: Vec<Proposal>,
    /// Earlier answers that were found.
    pub earlier: Vec<Past>,
    /// Past answers of files to questions that ask nearly the same.
    pub filed: Vec<Past>,
}

/// Another question that asks the same.
pub(in crate::web) struct Alike {
    /// Its place.
    pub position: u32,
    /// What it is called.
    pub name: String,
    /// Class and name of its state.
    pub kind: (&'static str, &'static str),
    /// Whether its answer contradicts the one of the question that is shown.
    pub contradicts: bool,
}

impl Detail {
    pub(in crate::web) fn new(
        q: &ReviewQuestion,
        fact: Option<Draft>,
        entered: Entered,
        entries: &[Entry],
        lines: &[Line],
        around: Around,
    ) -> Self {
        let question = &q.question;
        let Entered { item, answer, past, wrong, conflict } = entered;
        let mine = q.review.state.answer();
        let alike: Vec<Alike> = lines
            .iter()
            .filter(|l| q.alike.is_some() && l.alike == q.alike && l.position != q.position)
            .map(|l| Alike {
                position: l.position,
                name: l.number.as_ref().map_or_else(|| format!("{}問目", l.position), |n| format!("No. {n}")),
                kind: view::kind(l.kind),
                contradicts: matches!((mine, &l.answer), (Some(a), Some(b)) if crate::review::alike::contradict(a, b)),
            })
            .collect();
        let mut warnings = Vec::new();
        if is_turned_under(&question.section, &question.text) {
            warnings.push("否定形など、聞き方が逆の質問の可能性があります。「はい」「いいえ」の向きを確認してください。".to_owned());
        }
        let asks = asks(&question.text);
        if question.kind == QuestionKind::Check && !asks.is_empty() {
            warnings.push(format!("この欄には{}つの問いが含まれている可能性があります。回答がすべての問いに答えているか確認してください。", asks.len()));
        }
        if alike.iter().any(|a| a.contradicts) {
            warnings.push("同じ内容の質問に、食い違う回答があります。".to_owned());
        }
        if question.filled.is_some() && q.review.state == State::Declined {
            warnings.push("「回答しない」では、ファイルにある回答は消えずに残ります。".to_owned());
        }
        if q.review.released.is_some() && q.review.kind() != Kind::Released {
            warnings.push("リリース後に変更されています。クライアントに渡すには、もう一度リリースが必要です。".to_owned());
        }
        let last = around.history.last();
        let decided = last.map(|d| format!("{} {}", view::moment(d.at), d.person)).unwrap_or_default();
        let history = around
            .history
            .iter()
            .rev()
            .map(|d| {
                let answer = d.review.state.answer().cloned().unwrap_or_default();
                let text = [answer.choice.unwrap_or_default(), answer.text].join(" ").trim().to_owned();
                (view::moment(d.at), d.person.clone(), view::kind(d.review.state.kind()), text)
            })
            .collect();
        let source = item.and_then(|item| q.suggestion.proposal(item));
        let others: Vec<&Proposal> = q.suggestion.proposals.iter().filter(|p| Some(p.item) != item).collect();
        // Without a source the best of the others says which words of the question were found.
        let words = source.or(others.first().copied()).map_or(Vec::new(), |p| words(p, Side::Theirs));
        let choices = match Choices::of(question) {
            Choices::Of(names) => names
                .into_iter()
                .map(|name| Choice { chosen: answer.choice.as_ref() == Some(&name), name })
                .collect(),
            Choices::None | Choices::Any => Vec::new(),
        };
        let free = Choices::of(question) == Choices::Any;
        let stands = standing(question);
        let at = entries.iter().position(|e| e.current).unwrap_or(0);
        let above = at.checked_sub(1).and_then(|i| entries.get(i));
        Self {
            position: q.position,
            name: name(q),
            sheet: question.sheet.clone(),
            cell: question.question_cell.to_string(),
            cells: answer_cells(q),
            section: question.section.clone(),
            pieces: pieces(&question.text, words),
            kind: view::kind(q.review.kind()),
            band: view::band(q.suggestion.band),
            revision: q.review.revision.0,
            choice_missing: !choices.is_empty() && source.is_some() && !choices.iter().any(|c| c.chosen),
            no_choice: !choices.iter().any(|c| c.chosen),
            choices,
            free_choice: free.then(|| answer.choice.clone().unwrap_or_default()),
            answerable: question.text_cell.is_some() || Choices::of(question) != Choices::None,
            kept: stands.is_some() && mine == stands.as_ref(),
            overwrites: stands.as_ref().is_some_and(|stands| *stands != answer),
            filled: stands.map(|stands| (stands.choice.unwrap_or_default(), stands.text)),
            text: question.text_cell.is_some().then_some(answer.text),
            other_asked: source.is_some() && item != q.suggestion.draft && q.review.state == State::Open,
            facts: (question.kind == QuestionKind::Profile).then(|| fact.map(|f| f.sources).unwrap_or_default()),
            source: source.map(Offer::new),
            others: others.into_iter().map(Offer::new).collect(),
            wrong,
            conflict,
            warnings,
            alike,
            found: around.found.iter().map(Offer::new).collect(),
            asked: around.asked,
            earlier: around.earlier,
            filed: around.filed,
            past,
            comments: around.comments.into_iter().map(|c| (view::moment(c.at), c.person, c.text)).collect(),
            people: around.people.into_iter().map(|p| (p.id, p.name, Some(p.id) == around.assignee)).collect(),
            decided,
            history,
            previous: above.map(|e| e.position),
            next: entries.get(at + 1).map(|e| e.position),
        }
    }
}

/// What a question is called: `No. 3`, or its place where the client gave no number.
pub(in crate::web) fn name(q: &ReviewQuestion) -> String {
    match &q.question.number {
        Some(number) => format!("No. {number}"),
        None => format!("{}問目", q.position),
    }
}

fn answer_cells(q: &ReviewQuestion) -> String {
    let mut cells = Vec::new();
    if let Some(cell) = q.question.choice_cell {
        cells.push(format!("選択 {cell}"));
    }
    if let Some([first, .., last]) = q.question.marks.as_deref() {
        cells.push(format!("選択 {}–{}", first.cell, last.cell));
    }
    if let Some(cell) = q.question.text_cell {
        cells.push(format!("記述 {cell}"));
    }
    cells.join("、")
}
