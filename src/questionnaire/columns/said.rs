//! The columns as a person says that they are, and as they are told of.

use std::collections::BTreeMap;

use super::super::FoundTable;
use super::super::grid::Grid;
use super::super::mapping::Role;
use super::super::table::{Table, choices_in};
use super::{Columns, written};

impl Columns {
    /// Puts the answers where a person said that they go.
    pub(super) fn answer_where_said(&mut self, grid: &Grid<'_>, table: &Table, rows: &[u32], choice: Option<u32>, text: Option<u32>, marks: Vec<u32>) {
        for col in [choice, text].into_iter().flatten() {
            self.choice = self.choice.filter(|c| *c != col);
            self.text = self.text.filter(|c| *c != col);
        }
        if let Some(col) = choice {
            self.choice = Some(col);
            self.marks.clear();
            self.heading_choices = choices_in(table.heading_of(col)).or_else(|| written(grid, col, rows));
        }
        self.text = text.or(self.text);
        if !marks.is_empty() {
            self.choice = None;
            self.heading_choices = None;
            self.marks.extend(marks.into_iter().map(|col| (col, table.heading_of(col).to_owned())));
            self.marks.sort();
        }
    }

    /// What each column is for, by column.
    pub(super) fn roles(&self) -> BTreeMap<u32, Role> {
        let mut roles: BTreeMap<u32, Role> = self.categories.iter().map(|col| (*col, Role::Section)).collect();
        roles.extend(self.number.map(|col| (col, Role::Number)));
        roles.extend(self.questions.iter().map(|col| (*col, Role::Question)));
        roles.extend(self.marks.iter().map(|(col, _)| (*col, Role::Mark)));
        roles.extend(self.text.map(|col| (col, Role::Text)));
        roles.extend(self.choice.map(|col| (col, Role::Choice)));
        roles
    }
}

impl Table {
    /// This table as it is told of.
    pub(in crate::questionnaire) fn found(&self, columns: &Columns) -> FoundTable {
        let worded = self.leaves.iter().any(|l| !l.text.is_empty());
        let first = self.leaves.first().map_or(1, |l| l.first);
        let last = self.leaves.last().map_or(first, |l| l.last);
        FoundTable {
            head: worded.then_some((self.head_first, self.head_last)),
            rows: (self.head_last + 1, self.last),
            cols: (first, last),
            roles: columns.roles(),
        }
    }

    /// What stands over the column.
    fn heading_of(&self, col: u32) -> &str {
        self.leaves.iter().find(|l| (l.first..=l.last).contains(&col)).map_or("", |l| &l.text)
    }
}
