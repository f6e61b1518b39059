//! The company's standard sheet: approved answers, and for which services they hold.

mod grid;
mod headings;
mod read;

pub use read::{StandardError, read};

use std::collections::HashSet;

use crate::text::normalize;
use crate::workbook::Workbook;

/// Fewest items that tell a copy of the sheet.
const FEWEST: usize = 3;

/// One approved answer to an item, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The service it is for; `None` when it is the company's, whatever the service.
    pub service: Option<String>,
    /// The mark (○ …), where the sheet has one.
    pub mark: Option<String>,
    /// The text; may be empty when the mark says it all.
    pub text: String,
}

/// One item of the standard sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The item's number: the sheet's own where they are whole numbers without repetition, else its place from 1.
    pub id: u32,
    /// The number as the sheet shows it.
    pub number: String,
    /// The headings it stands under, the widest first; the last one may be the item's own name beside its question.
    pub section: Vec<String>,
    /// The question, verbatim.
    pub question: String,
    /// One answer, or one per service.
    pub answers: Vec<Answer>,
}

/// The standard sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardSheet {
    /// The services that have answers of their own, in the sheet's order.
    pub services: Vec<String>,
    /// In the sheet's order; ids are unique.
    pub items: Vec<Item>,
}

/// A service that the standard sheet does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("サービス「{name}」は標準シートにありません。{}", known_services(.known))]
pub struct UnknownService {
    /// The name that was asked for.
    pub name: String,
    /// The names that there are.
    pub known: Vec<String>,
}

fn known_services(known: &[String]) -> String {
    if known.is_empty() {
        "このシートにはサービス別の回答がないので、サービスは指定できません。".to_owned()
    } else {
        format!("指定できるのは次のとおりです: {}", known.join("、"))
    }
}

impl StandardSheet {
    /// The item of that id.
    #[must_use]
    pub fn item(&self, id: u32) -> Option<&Item> {
        self.items.iter().find(|i| i.id == id)
    }

    /// How many items stand in `workbook` word by word, question and answers, where those are nearly all: then it is this very
    /// sheet, or another version of it. `None` where it is not.
    #[must_use]
    pub fn is_copied_in(&self, workbook: &Workbook) -> Option<usize> {
        let texts: HashSet<&str> = workbook.sheets.iter().flat_map(|s| s.cells.values()).map(|c| c.text.as_str()).collect();
        let stands = |item: &&Item| {
            let answered = || item.answers.iter().map(|a| a.text.as_str()).filter(|t| !t.is_empty());
            texts.contains(item.question.as_str()) && answered().all(|text| texts.contains(text))
        };
        let same = self.items.iter().filter(stands).count();
        (same >= FEWEST && same * 10 >= self.items.len() * 8).then_some(same)
    }

    /// The sheet's own names of the services `names`, in the sheet's order. Width and case don't matter, and where one column
    /// answers for several services (`甲／乙`), each of their names will do.
    ///
    /// # Errors
    /// [`UnknownService`] lists the names that there are.
    pub fn check_services(&self, names: &[String]) -> Result<Vec<String>, UnknownService> {
        let is = |service: &str, name: &str| {
            let (service, name) = (normalize(service), normalize(name));
            !name.is_empty() && (service == name || service.split(['/', '、', ',', '\n']).any(|part| part.trim() == name))
        };
        if let Some(name) = names.iter().find(|n| !self.services.iter().any(|s| is(s, n))) {
            return Err(UnknownService { name: name.clone(), known: self.services.clone() });
        }
        Ok(self.services.iter().filter(|s| names.iter().any(|n| is(s, n))).cloned().collect())
    }
}
