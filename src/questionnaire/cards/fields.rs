//! Cards whose rows have names: 「質問 …」, 「質問の意図 …」, 「回答 ＿＿」.

use std::collections::HashMap;

use super::rows::{MAX_LABEL, OFTEN, Row};
use crate::questionnaire::grid::{Block, Grid};
use crate::questionnaire::headings::Heading;
use crate::questionnaire::numbers::is_number;
use crate::questionnaire::wording::asks;

/// The names that rows of texts begin with again and again.
pub(super) struct Fields<'a>(Vec<&'a str>);

/// The texts of a card, down to its places to answer.
pub(super) struct Card<'g, 'a> {
    /// The one that asks.
    pub asked: &'g Block<'a>,
    /// What stands over it.
    pub title: Option<&'g Block<'a>>,
    /// How many rows the texts fill.
    pub rows: usize,
}

impl<'a> Fields<'a> {
    pub fn of<'g>(grid: &Grid<'_>, rows: &[(u32, Row<'g>)]) -> Fields<'g> {
        let mut counted: HashMap<&str, usize> = HashMap::new();
        for (_, row) in rows {
            if let Row::Texts([name, _]) = row
                && name.text.chars().count() <= MAX_LABEL
                && !is_number(name.text)
                && !matches!(grid.heading(name), Some(Heading::Answer | Heading::Remark | Heading::Choice))
            {
                *counted.entry(name.text).or_default() += 1;
            }
        }
        Fields(counted.into_iter().filter(|(_, count)| *count >= OFTEN).map(|(name, _)| name).collect())
    }

    /// Whether the block is such a name.
    pub fn has(&self, block: &Block<'_>) -> bool {
        self.0.contains(&block.text)
    }

    /// The card that begins with the first of `rows`: rows of names and texts, at most with its number and title over them, right
    /// above the places to answer. `None` where no two rows stand there.
    pub fn card<'g>(&self, grid: &Grid<'_>, rows: &[(u32, Row<'g>)]) -> Option<Card<'g, 'g>> {
        let mut texts: Vec<&'g [Block<'g>]> = Vec::new();
        let mut bottom = rows.first()?.0;
        for (row, kind) in rows {
            match kind {
                Row::Texts(blocks) if *row <= bottom && (texts.is_empty() || self.named(blocks).is_some()) => texts.push(blocks),
                Row::Places(..) | Row::Marks(..) if *row <= bottom => break,
                _ => return None,
            }
            bottom = row + super::height(texts[texts.len() - 1]);
        }
        let named: Vec<(&Block<'g>, &'g Block<'g>)> = texts.iter().filter_map(|blocks| self.named(blocks)).collect();
        let titled = self.named(texts.first()?).is_none();
        if named.is_empty() || texts.len() < 2 {
            return None;
        }
        let question = |(name, _): &&(&Block<'_>, &Block<'_>)| grid.heading(name) == Some(Heading::Question);
        let longest = || named.iter().max_by_key(|(_, text)| text.text.chars().count());
        let (_, asked) = named.iter().find(question).or_else(|| named.iter().find(|(_, text)| asks(text.text))).or_else(longest)?;
        let title = texts[0].iter().rfind(|b| titled && !is_number(b.text));
        Some(Card { asked, title, rows: texts.len() })
    }

    /// The name and the text of a row that has them.
    fn named<'g>(&self, blocks: &'g [Block<'g>]) -> Option<(&'g Block<'g>, &'g Block<'g>)> {
        match blocks {
            [name, .., text] if self.has(name) => Some((name, text)),
            _ => None,
        }
    }
}
