//! What a person decided about each question: the states of an answer, and the transitions that are allowed.

use crate::export::FinalAnswer;
use crate::questionnaire::Question;
use crate::questionnaire::choices::choose;
use crate::workbook::MAX_CELL_UTF16;

pub mod alike;
mod offer;
mod tally;

pub use offer::{Proposal, Suggestion};
pub use tally::{Kind, Tally};

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
    /// The question does not apply, and the file says so.
    NotApplicable {
        /// What is exported: the client's own word for it, where the file has one.
        answer: FinalAnswer,
    },
    /// A colleague was asked; nothing is exported.
    Asked,
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
    /// It stands so already.
    #[error("この質問はすでにその状態です。")]
    Already,
    /// Only what is open can be asked.
    #[error("回答が決まっている質問は、未回答に戻してから同僚に確認してください。")]
    Settled,
    /// What is open or asked can't be released.
    #[error("未回答または確認中の質問はリリースできません。")]
    Unsettled,
    /// There is no cell that could say so.
    #[error("この質問には「対象外」を書き込める欄がありません。「回答しない」を選んでください。")]
    NoWordForIt,
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
    ///
    /// # Errors
    /// [`Refusal::Already`]
    pub fn decline(self) -> Result<Self, Refusal> {
        if self == Self::Declined { Err(Refusal::Already) } else { Ok(Self::Declined) }
    }

    /// Says that the question does not apply, in the client's word where the file offers one, else as 対象外; `reason` goes
    /// into the text.
    ///
    /// # Errors
    /// [`Refusal`] when it stands so already or no cell can say it.
    pub fn not_applicable(self, question: &Question, reason: &str) -> Result<Self, Refusal> {
        const WORD: &str = "対象外";
        let choice = match Choices::of(question) {
            Choices::None => None,
            Choices::Any => Some(WORD.to_owned()),
            Choices::Of(names) => choose(Some(WORD), "", &names, &question.legend).cloned(),
        };
        let text = match (choice.is_some(), reason.trim()) {
            (false, "") => WORD.to_owned(),
            (_, reason) => reason.to_owned(),
        };
        if choice.is_none() && question.text_cell.is_none() {
            return Err(Refusal::NoWordForIt);
        }
        let wanted = Self::NotApplicable { answer: checked(question, FinalAnswer { choice, text })? };
        if self == wanted { Err(Refusal::Already) } else { Ok(wanted) }
    }

    /// Asks a colleague.
    ///
    /// # Errors
    /// [`Refusal`] when an answer stands, which is to be taken back first.
    pub fn ask(self) -> Result<Self, Refusal> {
        match self {
            Self::Open => Ok(Self::Asked),
            Self::Asked => Err(Refusal::Already),
            Self::Accepted { .. } | Self::Edited { .. } | Self::Declined | Self::NotApplicable { .. } => Err(Refusal::Settled),
        }
    }

    /// Takes the decision back.
    ///
    /// # Errors
    /// [`Refusal::StillOpen`] when there is none.
    pub fn reopen(self) -> Result<Self, Refusal> {
        if self == Self::Open { Err(Refusal::StillOpen) } else { Ok(Self::Open) }
    }

    /// Whether it may leave the house.
    ///
    /// # Errors
    /// [`Refusal::Unsettled`] where no person settled it.
    pub fn release(&self) -> Result<(), Refusal> {
        if self.kind().is_settled() { Ok(()) } else { Err(Refusal::Unsettled) }
    }

    /// Whether what was decided could stand in the file just so if the question were `question`.
    #[must_use]
    pub fn fits(&self, question: &Question) -> bool {
        self.answer().is_none_or(|answer| checked(question, answer.clone()).as_ref() == Ok(answer))
    }

    /// What goes into the client's file; nothing unless a person decided so.
    #[must_use]
    pub fn answer(&self) -> Option<&FinalAnswer> {
        match self {
            Self::Accepted { answer, .. } | Self::Edited { answer, .. } | Self::NotApplicable { answer } => Some(answer),
            Self::Open | Self::Declined | Self::Asked => None,
        }
    }

    /// The standard sheet's item the answer comes from.
    #[must_use]
    pub fn item(&self) -> Option<u32> {
        match self {
            Self::Accepted { item, .. } | Self::Edited { item, .. } => *item,
            Self::Open | Self::Declined | Self::NotApplicable { .. } | Self::Asked => None,
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
            Self::NotApplicable { .. } => Kind::NotApplicable,
            Self::Asked => Kind::Asked,
        }
    }
}

/// The answer to one question as it is now, and how often it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// How many decisions led here.
    pub revision: Revision,
    /// Where it stands.
    pub state: State,
    /// The revision that is in the latest release.
    pub released: Option<Revision>,
}

impl Review {
    /// Where it stands, for lists and counts: released only as long as nothing was decided since.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.released == Some(self.revision) { Kind::Released } else { self.state.kind() }
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
        assert_eq!(accepted.clone().decline().unwrap().answer(), None);
        assert_eq!(State::Asked.answer(), None);
        assert_eq!(accepted.reopen(), Ok(State::Open));
        assert_eq!(State::Open.reopen(), Err(Refusal::StillOpen));
    }

    /// Every state × every deed: what comes of it, or that it is refused.
    #[test]
    fn the_table_of_transitions() {
        use Kind::{Accepted, Asked, Declined, Edited, NotApplicable, Open};
        let q = question();
        let p = proposal();
        let states = || {
            [
                State::Open,
                State::Asked,
                State::Open.accept(&q, &p).unwrap(),
                State::Open.edit(&q, None, answer(Some("いいえ"), "")).unwrap(),
                State::Declined,
                State::Open.not_applicable(&q, "").unwrap(),
            ]
        };
        assert_eq!(states().map(|s| s.kind()), [Open, Asked, Accepted, Edited, Declined, NotApplicable]);
        let kinds = |deed: &dyn Fn(State) -> Result<State, Refusal>| states().map(|s| deed(s).map(|s| s.kind()));
        assert_eq!(kinds(&|s| s.accept(&q, &p)), [const { Ok(Accepted) }; 6]);
        assert_eq!(kinds(&|s| s.edit(&q, None, answer(None, "別の文"))), [const { Ok(Edited) }; 6]);
        let d = Ok(Declined);
        assert_eq!(kinds(&|s| s.decline()), [d.clone(), d.clone(), d.clone(), d.clone(), Err(Refusal::Already), d]);
        let n = Ok(NotApplicable);
        assert_eq!(kinds(&|s| s.not_applicable(&q, "")), [n.clone(), n.clone(), n.clone(), n.clone(), n, Err(Refusal::Already)]);
        let settled = Err(Refusal::Settled);
        assert_eq!(
            kinds(&|s| s.ask()),
            [Ok(Asked), Err(Refusal::Already), settled.clone(), settled.clone(), settled.clone(), settled]
        );
        let o = Ok(Open);
        assert_eq!(kinds(&|s| s.reopen()), [Err(Refusal::StillOpen), o.clone(), o.clone(), o.clone(), o.clone(), o]);
        let no = Err(Refusal::Unsettled);
        assert_eq!(states().map(|s| s.release()), [no.clone(), no, Ok(()), Ok(()), Ok(()), Ok(())]);
    }

    #[test]
    fn what_does_not_apply_is_said_in_the_clients_word() {
        let words = |names: &[&str]| Question { choices: Some(names.iter().map(|n| (*n).to_owned()).collect()), ..question() };
        let said = |q: &Question| State::Open.not_applicable(q, "").map(|s| s.answer().cloned().unwrap());
        assert_eq!(said(&words(&["○", "×", "該当なし"])), Ok(answer(Some("該当なし"), "")));
        assert_eq!(said(&words(&["○", "×"])), Ok(answer(None, "対象外")));
        assert_eq!(said(&Question { text_cell: None, ..words(&["○", "×"]) }), Err(Refusal::NoWordForIt));
        let reason = State::Open.not_applicable(&words(&["○", "×", "対象外"]), " 再委託がないため\r\n ");
        assert_eq!(reason.unwrap().answer(), Some(&answer(Some("対象外"), "再委託がないため")));
    }

    #[test]
    fn a_change_after_the_release_is_not_released() {
        let state = State::Open.accept(&question(), &proposal()).unwrap();
        let review = |released| Review { revision: Revision(3), state: state.clone(), released };
        assert_eq!(review(Some(Revision(3))).kind(), Kind::Released);
        assert_eq!(review(Some(Revision(2))).kind(), Kind::Accepted);
        assert_eq!(review(None).kind(), Kind::Accepted);
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
