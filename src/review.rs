//! What a person decided about each question: the states of an answer, and the transitions that are allowed.

use crate::export::FinalAnswer;
use crate::matching::{Band, Reason};
use crate::questionnaire::Question;
use crate::workbook::MAX_CELL_UTF16;

/// An item of the standard sheet as a possible answer to one question. It holds the item's words as they were when it was
/// proposed, so that it stays readable when the standard sheet is replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// [`crate::standard::Item::id`].
    pub item: u32,
    /// The item's number as the sheet shows it.
    pub number: String,
    /// The headings the item stands under, the widest first.
    pub section: Vec<String>,
    /// The item's question, verbatim.
    pub question: String,
    /// What would be answered with this item.
    pub answer: FinalAnswer,
    /// The probability that a reviewer accepts it, 0 to 1.
    pub confidence: f64,
    /// Why it is proposed, the weightiest first.
    pub why: Vec<Reason>,
}

/// All that is offered to a reviewer for one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The band of the best proposal.
    pub band: Band,
    /// The probability that the standard sheet answers the question at all, 0 to 1.
    pub answerable: f64,
    /// The item that is the draft; `None` where nothing is sure enough to be suggested.
    pub draft: Option<u32>,
    /// Best first.
    pub proposals: Vec<Proposal>,
}

impl Suggestion {
    /// The proposal with the standard sheet's item `item`.
    #[must_use]
    pub fn proposal(&self, item: u32) -> Option<&Proposal> {
        self.proposals.iter().find(|p| p.item == item)
    }

    /// The proposal that is the draft.
    #[must_use]
    pub fn drafted(&self) -> Option<&Proposal> {
        self.draft.and_then(|item| self.proposal(item))
    }
}

/// In which words a question may be answered, by the cells it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choices {
    /// There is no cell for a choice.
    None,
    /// One of these.
    Of(Vec<String>),
    /// There is a cell for a choice, and the file does not say which are allowed.
    Any,
}

impl Choices {
    /// The choices of `question`.
    #[must_use]
    pub fn of(question: &Question) -> Self {
        if let Some(marks) = &question.marks {
            return Self::Of(marks.iter().map(|m| m.choice.clone()).collect());
        }
        match (&question.choices, question.choice_cell) {
            (Some(choices), _) if !choices.is_empty() => Self::Of(choices.clone()),
            (_, Some(_)) => Self::Any,
            (_, None) => Self::None,
        }
    }
}

/// How often a question was decided; a decision names the one it was based on, so that none is overwritten unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Revision(pub u32);

impl Revision {
    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Where the answer to one question stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// Nobody decided yet; nothing is exported.
    #[default]
    Open,
    /// A draft was taken as it was.
    Accepted {
        /// The standard sheet's item it comes from; `None` where it is from the company's profile.
        item: Option<u32>,
        /// What is exported.
        answer: FinalAnswer,
    },
    /// A person wrote or changed the answer.
    Edited {
        /// The standard sheet's item it started from, if from one.
        item: Option<u32>,
        /// What is exported.
        answer: FinalAnswer,
    },
    /// No answer is given; the cells stay as they are.
    Declined,
}

/// Why a decision was refused; the text is for the person who made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither choice nor text.
    #[error("回答が空です。選択肢か回答文を入力してください。回答しない場合は「回答しない」を選んでください。")]
    Empty,
    /// The file does not offer this choice.
    #[error("「{0}」は、この質問の選択肢にありません。")]
    NotAChoice(String),
    /// An Excel cell can't hold the text.
    #[error("回答文が長すぎます。Excelの1セルに入るのは{MAX_CELL_UTF16}文字までです（現在{0}文字）。")]
    TooLong(usize),
    /// It was open already.
    #[error("この質問はまだ回答が決まっていません。")]
    StillOpen,
}

impl State {
    /// Takes `proposal` as it is.
    ///
    /// # Errors
    /// [`Refusal`] when it holds nothing that could be written for `question`.
    pub fn accept(self, question: &Question, proposal: &Proposal) -> Result<Self, Refusal> {
        let answer = checked(question, proposal.answer.clone())?;
        Ok(Self::Accepted { item: Some(proposal.item), answer })
    }

    /// Takes `answer`, written by a person who started from `fact` of the company's profile. Unchanged words are an acceptance.
    ///
    /// # Errors
    /// [`Refusal`] when the answer can't stand in the client's file.
    pub fn edit_fact(self, question: &Question, fact: &str, answer: FinalAnswer) -> Result<Self, Refusal> {
        let answer = checked(question, answer)?;
        let fact = checked(question, FinalAnswer { choice: None, text: fact.to_owned() });
        Ok(if fact.as_ref() == Ok(&answer) { Self::Accepted { item: None, answer } } else { Self::Edited { item: None, answer } })
    }

    /// Takes `answer`, written by a person who may have started from `proposal`. Unchanged words are an acceptance.
    ///
    /// # Errors
    /// [`Refusal`] when the answer can't stand in the client's file.
    pub fn edit(self, question: &Question, proposal: Option<&Proposal>, answer: FinalAnswer) -> Result<Self, Refusal> {
        let answer = checked(question, answer)?;
        match proposal {
            Some(p) if checked(question, p.answer.clone()).as_ref() == Ok(&answer) => Ok(Self::Accepted { item: Some(p.item), answer }),
            _ => Ok(Self::Edited { item: proposal.map(|p| p.item), answer }),
        }
    }

    /// Gives no answer.
    #[must_use]
    pub fn decline(self) -> Self {
        Self::Declined
    }

    /// Takes the decision back.
    ///
    /// # Errors
    /// [`Refusal::StillOpen`] when there is none.
    pub fn reopen(self) -> Result<Self, Refusal> {
        match self {
            Self::Open => Err(Refusal::StillOpen),
            Self::Accepted { .. } | Self::Edited { .. } | Self::Declined => Ok(Self::Open),
        }
    }

    /// What goes into the client's file; nothing unless a person decided so.
    #[must_use]
    pub fn answer(&self) -> Option<&FinalAnswer> {
        match self {
            Self::Accepted { answer, .. } | Self::Edited { answer, .. } => Some(answer),
            Self::Open | Self::Declined => None,
        }
    }

    /// The standard sheet's item the answer comes from.
    #[must_use]
    pub fn item(&self) -> Option<u32> {
        match self {
            Self::Accepted { item, .. } | Self::Edited { item, .. } => *item,
            Self::Open | Self::Declined => None,
        }
    }

    /// Without what it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Open => Kind::Open,
            Self::Accepted { .. } => Kind::Accepted,
            Self::Edited { .. } => Kind::Edited,
            Self::Declined => Kind::Declined,
        }
    }
}

/// A [`State`] without what it holds: for lists and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// [`State::Open`]
    Open,
    /// [`State::Accepted`]
    Accepted,
    /// [`State::Edited`]
    Edited,
    /// [`State::Declined`]
    Declined,
}

/// The answer to one question as it is now, and how often it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// How many decisions led here.
    pub revision: Revision,
    /// Where it stands.
    pub state: State,
}

/// How many questions of a questionnaire are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// [`State::Open`]
    pub open: usize,
    /// [`State::Accepted`]
    pub accepted: usize,
    /// [`State::Edited`]
    pub edited: usize,
    /// [`State::Declined`]
    pub declined: usize,
}

impl Tally {
    /// Counts `by` more of `kind`.
    pub fn add(&mut self, kind: Kind, by: usize) {
        match kind {
            Kind::Open => self.open += by,
            Kind::Accepted => self.accepted += by,
            Kind::Edited => self.edited += by,
            Kind::Declined => self.declined += by,
        }
    }

    /// All questions.
    #[must_use]
    pub fn total(&self) -> usize {
        self.open + self.decided()
    }

    /// Those a person decided.
    #[must_use]
    pub fn decided(&self) -> usize {
        self.accepted + self.edited + self.declined
    }
}

/// The answer as it would stand in the file: cut to what the question has cells for, or refused.
fn checked(question: &Question, answer: FinalAnswer) -> Result<FinalAnswer, Refusal> {
    let choice = answer.choice.map(|c| c.trim().to_owned()).filter(|c| !c.is_empty());
    let mut text = if question.text_cell.is_some() { tidy(&answer.text) } else { String::new() };
    let choices = Choices::of(question);
    if choices == Choices::None && question.text_cell.is_some() && text.is_empty() {
        // A lone text cell takes the mark in words: better 「○」 there than no answer.
        text = choice.clone().unwrap_or_default();
    }
    let choice = match (choices, choice) {
        (Choices::None, _) | (_, None) => None,
        (Choices::Of(allowed), Some(choice)) if !allowed.contains(&choice) => return Err(Refusal::NotAChoice(choice)),
        (Choices::Of(_) | Choices::Any, Some(choice)) => Some(choice),
    };
    for text in [&text, choice.as_ref().unwrap_or(&text)] {
        let length = text.encode_utf16().count();
        if length > MAX_CELL_UTF16 {
            return Err(Refusal::TooLong(length));
        }
    }
    if choice.is_none() && text.is_empty() {
        return Err(Refusal::Empty);
    }
    Ok(FinalAnswer { choice, text })
}

/// One kind of line end, no control characters (XML has no way to write them), no blank lines around.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::CellRef;

    fn question() -> Question {
        Question {
            sheet: "回答".to_owned(),
            number: Some("1".to_owned()),
            section: vec![],
            text: "ISMS認証を取得していますか。".to_owned(),
            question_cell: CellRef::new(2, 3),
            choice_cell: Some(CellRef::new(2, 4)),
            choices: Some(vec!["はい".to_owned(), "いいえ".to_owned()]),
            boxes: None,
            text_cell: Some(CellRef::new(2, 5)),
            marks: None,
            legend: vec![],
            kind: crate::questionnaire::Kind::Check,
        }
    }

    fn answer(choice: Option<&str>, text: &str) -> FinalAnswer {
        FinalAnswer { choice: choice.map(str::to_owned), text: text.to_owned() }
    }

    fn proposal() -> Proposal {
        Proposal {
            item: 2,
            number: "2".to_owned(),
            section: vec![],
            question: "ISMS認証を取得しているか".to_owned(),
            answer: answer(Some("はい"), "認証番号：IS 1\n有効期限：2026年"),
            confidence: 0.9,
            why: vec![],
        }
    }

    #[test]
    fn unchanged_words_are_an_acceptance_and_changed_ones_an_edit() {
        let p = proposal();
        let same = State::Open.edit(&question(), Some(&p), answer(Some("はい"), "認証番号：IS 1\r\n有効期限：2026年\r\n"));
        assert_eq!(same.unwrap(), State::Open.accept(&question(), &p).unwrap());
        let other = State::Open.edit(&question(), Some(&p), answer(Some("いいえ"), "")).unwrap();
        assert_eq!(other, State::Edited { item: Some(2), answer: answer(Some("いいえ"), "") });
        assert_eq!(other.answer().unwrap().choice.as_deref(), Some("いいえ"));
    }

    #[test]
    fn what_cannot_stand_in_the_file_is_refused() {
        let edit = |a| State::Open.edit(&question(), None, a);
        assert_eq!(edit(answer(None, " \r\n\u{7}")), Err(Refusal::Empty));
        assert_eq!(edit(answer(Some("たぶん"), "")), Err(Refusal::NotAChoice("たぶん".to_owned())));
        assert_eq!(edit(answer(None, &"あ".repeat(MAX_CELL_UTF16 + 1))), Err(Refusal::TooLong(MAX_CELL_UTF16 + 1)));
        assert_eq!(edit(answer(None, "a\u{0}b")).unwrap().answer().unwrap().text, "ab");
    }

    #[test]
    fn nothing_undecided_has_an_answer() {
        let accepted = State::Open.accept(&question(), &proposal()).unwrap();
        assert_eq!(State::Open.answer(), None);
        assert_eq!(accepted.clone().decline().answer(), None);
        assert_eq!(accepted.reopen(), Ok(State::Open));
        assert_eq!(State::Open.reopen(), Err(Refusal::StillOpen));
    }

    #[test]
    fn a_text_without_a_cell_is_no_answer() {
        let mut q = question();
        q.text_cell = None;
        assert_eq!(State::Open.edit(&q, None, answer(None, "文だけ")), Err(Refusal::Empty));
        let q = Question { choice_cell: None, choices: None, text_cell: Some(CellRef::new(2, 5)), ..q };
        let edited = State::Open.edit(&q, None, answer(Some("はい"), "文")).unwrap();
        assert_eq!(edited.answer(), Some(&answer(None, "文")));
    }
}
