//! What was found for a question, as plain values.

/// What the index says about one item for one question. All scores are 0 where nothing is shared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signals {
    /// BM25 of the question's words against the item's headings and question.
    pub words: f64,
    /// The same with groups of synonyms in place of words.
    pub concepts: f64,
    /// The same with pairs of characters.
    pub pairs: f64,
    /// BM25 of the question's words against the item's answers.
    pub answer: f64,
    /// BM25 of the words of the headings over the question against the item's headings and question.
    pub heading_words: f64,
    /// The same with groups of synonyms.
    pub heading_concepts: f64,
    /// The same with pairs of characters.
    pub heading_pairs: f64,
    /// How much of the question's weight (by rarity of its words) stands in the item, 0 to 1.
    pub coverage: f64,
    /// How much of the item's weight stands in the question, 0 to 1.
    pub covered: f64,
    /// How near the question's vector is to that of the item's question, −1 to 1.
    pub meaning: f64,
    /// … to that of the item's headings and question together.
    pub meaning_full: f64,
    /// … to that of the nearest sentence or clause of the item's question.
    pub meaning_part: f64,
    /// … to that of the nearest sentence of its approved answers: what an answer says beyond its question is answered, too.
    pub meaning_answer: f64,
    /// … to that of the item's own name, the last of its headings.
    pub meaning_name: f64,
    /// How near the vector of the headings over the question is to that of the item's headings and question.
    pub heading_meaning: f64,
    /// How far both are about the same topics of the field, 0 to 1.
    pub topic: f64,
    /// How many of the parties in the question the item does not name, in its answers neither.
    pub party_missing: f64,
    /// How many of the parties in the item's headings and question the question does not name.
    pub party_other: f64,
    /// How many of these it does.
    pub party_shared: f64,
    /// 1 where what the question wants done stands in the item's headings or question.
    pub act: f64,
    /// 1 where it stands there or in the item's answers.
    pub act_answer: f64,
    /// How alike the two questions are letter by letter, 0 to 1; 1 also where the question is just the item's name.
    pub likeness: f64,
}

/// A place where question and item meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meeting<'a> {
    /// The question's spelling.
    pub here: &'a str,
    /// The item's spelling.
    pub there: &'a str,
    /// What it adds to the score.
    pub weight: f64,
    /// Whether it goes through a group of synonyms.
    pub synonym: bool,
}

/// A topic of the field that both question and item are about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Topic<'a> {
    /// Its name in the bank.
    pub name: &'a str,
    /// How far both are about it, 0 to 1.
    pub share: f64,
}

/// A past question that an item was taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearPast<'a> {
    /// Its text then.
    pub question: &'a str,
    /// How near its vector is to the question's, each with the headings over it, 0 to 1.
    pub cosine: f64,
}

/// One item of the sheet for one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FoundItem<'a> {
    /// [`crate::standard::Item::id`]
    pub id: u32,
    /// Whether it is answered service by service.
    pub per_service: bool,
    /// What the index says.
    pub signals: Signals,
    /// Where the two meet, in the question's order.
    pub meetings: Vec<Meeting<'a>>,
    /// The topic that brings them together most, where there is one.
    pub topic: Option<Topic<'a>>,
    /// The nearest of the past questions that this item was taken for.
    pub past: Option<NearPast<'a>>,
}

/// A question that was answered before.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPast<'a> {
    /// Its text then.
    pub question: &'a str,
    /// The items that were taken, best first.
    pub items: &'a [u32],
    /// How alike the two texts are, 0 to 1; 1 only for the same normalized text.
    pub likeness: f64,
    /// Whether it stood under the same heading.
    pub same_section: bool,
}

/// What was found for one question: every item of the sheet in the sheet's order, and the most alike of the past questions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found<'a> {
    /// All items, in the sheet's order.
    pub items: Vec<FoundItem<'a>>,
    /// The question's words and concepts together: how much there is to be found.
    pub terms: usize,
    /// The question's length in characters.
    pub length: usize,
    /// Whom the question is about: −1 the company and its people, +1 a service for customers.
    pub scope: f64,
    /// The same of the questions before and after it: a whole questionnaire is mostly about one of the two.
    pub around: f64,
    /// How many parties the question names.
    pub parties: usize,
    /// How many kinds of acts.
    pub acts: usize,
    /// How near the sheet comes to the topics that the question is about, −1 to 1.
    pub on_sheet: f64,
    /// Whether the question is turned round, so that yes is not the good answer.
    pub negated: bool,
    /// Past questions, the most alike first.
    pub past: Vec<FoundPast<'a>>,
    /// Where there are several questions in one ([`crate::questionnaire::asks`]): each, and what is found for it.
    pub parts: Vec<(&'a str, Found<'a>)>,
}
