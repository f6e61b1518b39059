//! What stands in a column under a heading, counted.

use super::super::boxes;
use super::super::grid::Grid;
use super::super::headings::Heading;
use super::super::mapping::Role;
use super::super::numbers::{is_counter, is_number};
use super::super::table::Leaf;
use crate::workbook::{CellRef, Look};

/// One column under a heading, and what stands in it.
#[derive(Debug, Clone)]
pub(super) struct Stats<'a> {
    pub col: u32,
    pub leaf: &'a Leaf,
    /// What a person said that it is for.
    pub role: Option<Role>,
    pub texts: usize,
    pub chars: usize,
    /// Some of them have letters or digits.
    pub worded: bool,
    pub numbers: usize,
    /// Texts that count without digits: ア, イ.
    pub counters: usize,
    /// Texts in blocks of several rows, where others of the table take fewer.
    pub tall: usize,
    pub kana: usize,
    /// Texts that end as a question or a demand does.
    pub sentences: usize,
    /// Texts that end as only a question or a demand does.
    pub asking: usize,
    /// Texts that differ from the one above.
    pub changes: usize,
    pub last: &'a str,
    /// Has cells with a list of values.
    pub lists: bool,
    /// Its list offers marks only: ○, ✓.
    pub marked: bool,
    /// Its list, or its heading, only asks whether the question applies: 該当, 非該当.
    pub applies: bool,
    /// Texts with boxes to tick.
    pub boxes: usize,
    /// Cells beside questions that hold a text.
    pub filled: usize,
    /// Characters in those texts.
    pub written: usize,
    /// Cells beside questions that are empty and look like places to write into.
    pub open: usize,
    /// Cells beside questions that may be edited.
    pub unlocked: usize,
    /// How the first empty cell beside a question looks, or where none is empty, the first.
    pub place: Look,
}

impl<'a> Stats<'a> {
    pub fn new(col: u32, leaf: &'a Leaf) -> Self {
        Self {
            col,
            leaf,
            role: None,
            texts: 0,
            chars: 0,
            worded: false,
            numbers: 0,
            counters: 0,
            tall: 0,
            kana: 0,
            sentences: 0,
            asking: 0,
            changes: 0,
            last: "",
            lists: false,
            marked: false,
            applies: false,
            boxes: 0,
            filled: 0,
            written: 0,
            open: 0,
            unlocked: 0,
            place: Look::default(),
        }
    }

    pub fn add(&mut self, text: &'a str) {
        self.texts += 1;
        self.chars += text.chars().count();
        self.worded |= text.contains(char::is_alphanumeric);
        let number = is_number(text);
        self.numbers += usize::from(number);
        self.counters += usize::from(!number && is_counter(text));
        self.boxes += usize::from(boxes::choices(text).is_some());
        self.kana += usize::from(text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')));
        let end = text.trim_end_matches(['。', '.', ' ', '　']);
        self.asking += usize::from(text.ends_with(['?', '？']) || end.ends_with('か') || end.ends_with("こと"));
        self.sentences += usize::from(text.ends_with(['。', '?', '？']) || end.ends_with(['か', 'る']) || end.ends_with("こと"));
        self.changes += usize::from(self.last != text);
        self.last = text;
    }

    /// Looks at the cells beside the questions.
    /// Without frames, as under a heading of a plain list, any empty cell is a place to write into.
    pub fn measure(&mut self, grid: &Grid<'_>, rows: &[u32], framed: bool) {
        let mut first = true;
        let plain = !framed && !self.leaf.text.is_empty();
        for &row in rows {
            let at = CellRef::new(row, self.col);
            let (text, look) = grid.cell(at).map_or(("", Look::default()), |c| (c.text.as_str(), c.look));
            self.unlocked += usize::from(look.unlocked);
            if row == rows[0] {
                self.place = look;
            }
            if !text.is_empty() && grid.block(at).last.col > self.leaf.last {
                // A text that runs over several columns stands in none of them.
            } else if !text.is_empty() {
                self.written += text.chars().count();
                self.filled += usize::from(boxes::choices(text).is_none());
            } else if grid.block(at).first == at {
                self.open += usize::from(plain || grid.invites(at, look) || look.filled());
                if std::mem::take(&mut first) {
                    self.place = look;
                }
            }
        }
    }

    /// Holds names that are each merged over several rows.
    pub fn groups(&self) -> bool {
        self.texts > 0 && self.tall * 10 >= self.texts * 6 && self.average() <= 24
    }

    pub fn heading(&self) -> Option<Heading> {
        self.leaf.heading
    }

    pub fn in_answer_group(&self) -> bool {
        self.leaf.above.contains(&Heading::Answer) && !self.is_closed_above()
    }

    /// Under a group that is the client's own, or last time's.
    pub fn is_closed_above(&self) -> bool {
        self.leaf.above.iter().any(|h| matches!(h, Heading::Previous | Heading::Internal))
    }

    /// Beside the question, under one heading with it.
    pub fn explains_the_question(&self) -> bool {
        matches!(self.leaf.above.last(), Some(Heading::Question | Heading::Item)) && !self.lists && self.boxes == 0
    }

    /// Named for what stands beside the answer.
    pub fn is_beside(&self) -> bool {
        matches!(self.heading(), Some(Heading::Remark | Heading::Evidence | Heading::Internal))
    }

    pub fn english(&self) -> bool {
        self.texts > 0 && self.kana * 2 < self.texts
    }

    pub fn average(&self) -> usize {
        self.chars / self.texts.max(1)
    }
}
