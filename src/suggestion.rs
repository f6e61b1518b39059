//! From a match to a draft in the client's vocabulary, or to nothing.

use crate::matching::{Band, Match};
use crate::questionnaire::Question;
use crate::questionnaire::{choices, polarity};
use crate::standard::{Answer, Item, StandardSheet};

/// A suggested answer. Its text is an approved one, verbatim.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The item it comes from: [`crate::standard::Item::id`].
    pub item: u32,
    /// The client's own word for the approved mark; `None` where that is not certain, or no choice is asked.
    pub choice: Option<String>,
    /// The approved text; with several services whose answers differ, each under its service's name.
    pub text: String,
    /// The probability that a reviewer accepts it, 0 to 1.
    pub confidence: f64,
    /// The same in steps.
    pub band: Band,
}

/// The draft from the best candidate; `None` where the match is too unsure, or the item says nothing about `services`.
#[must_use]
pub fn draft(question: &Question, found: &Match, sheet: &StandardSheet, services: &[String]) -> Option<Draft> {
    if found.band == Band::None {
        return None;
    }
    let best = found.candidates.first()?;
    let (choice, text) = answer_from(question, sheet.item(best.item)?, services)?;
    // A draft for a question that is turned round is never sure, whoever made the match.
    let turned = polarity::is_turned_under(&question.section, &question.text);
    let band = if turned { found.band.min(Band::Medium) } else { found.band };
    Some(Draft { item: best.item, choice, text, confidence: best.confidence, band })
}

/// Choice and text that `item` gives for the chosen services (none chosen: for all); `None` where it has no answer for them.
/// Services are named as the sheet names them ([`StandardSheet::check_services`]).
#[must_use]
pub fn answer_from(question: &Question, item: &Item, services: &[String]) -> Option<(Option<String>, String)> {
    let chosen = |a: &&Answer| services.is_empty() || a.service.as_ref().is_none_or(|s| services.contains(s));
    let answers: Vec<&Answer> = item.answers.iter().filter(chosen).collect();
    let first = answers.first()?;
    let same = answers.iter().all(|a| a.text == first.text && a.mark == first.mark);
    let text = if same {
        first.text.clone()
    } else {
        let one = |a: &&Answer| {
            let says = if a.text.is_empty() { a.mark.as_deref().unwrap_or("") } else { &a.text };
            a.service.as_ref().map_or_else(|| says.to_owned(), |s| format!("【{s}】{says}"))
        };
        answers.iter().map(one).collect::<Vec<_>>().join("\n")
    };
    Some((choice(question, item, &answers), text))
}

/// The client's word for what all the answers say together; `None` where that is not certain or they differ.
fn choice(question: &Question, item: &Item, answers: &[&Answer]) -> Option<String> {
    let marks = question.marks.as_ref().map(|m| m.iter().map(|m| m.choice.clone()).collect::<Vec<_>>());
    let offered = question.choices.as_ref().or(marks.as_ref())?;
    // How the two questions are put is the same for every service's answer, and costs more than the rest: asked once, and only
    // where there is a choice to be made.
    let chosen = |a: &&Answer| choices::choose(a.mark.as_deref(), &a.text, offered, &question.legend);
    let (first, others) = answers.split_first()?;
    let choice = chosen(first)?;
    let same = others.iter().all(|a| chosen(a) == Some(choice));
    let texts = answers.iter().map(|a| a.text.as_str());
    let stance = first.mark.as_deref().map_or_else(|| choices::stance_of_text(&first.text), choices::stance_of);
    (same && polarity::agree(&item.question, stance, texts, &question.section, &question.text)).then(|| choice.clone())
}
