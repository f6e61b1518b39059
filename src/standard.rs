//! The company's standard sheet: approved answers, and for which services they hold.

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
    /// The headings it stands under, the widest first.
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
