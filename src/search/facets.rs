//! Whom a text is about and what is to be done: the parties of `index/parties.tsv` and the acts of `index/acts.tsv`.
//!
//! Two questions may share nearly all words and still be two: a contract with whom, media thrown away or carried out. What a
//! Japanese sentence wants done stands at its end, and what stands in brackets is an example.

use aho_corasick::AhoCorasick;

/// At most so many lines in a file: each is a bit.
const MOST: usize = 64;

/// The words of one file; a line's place is the bit it stands for.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    /// How many lines.
    lines: usize,
    /// Each word, and its line.
    words: Vec<(String, u32)>,
    finder: Option<AhoCorasick>,
}

/// What stands in a text: a bit for each line of which a word does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facets {
    /// Of `parties.tsv`.
    pub parties: u64,
    /// Of `acts.tsv`.
    pub acts: u64,
    /// The act that begins last outside of brackets; none or one.
    pub last: u64,
}

impl Kinds {
    /// Takes a line: words of one kind, normalized.
    pub(super) fn take(&mut self, words: Vec<String>) -> Result<(), String> {
        if words.is_empty() {
            return Err("語をタブで区切って書いてください。".to_owned());
        }
        if self.lines == MOST {
            return Err(format!("{MOST} 行より多くは書けません。近いものを1行にまとめてください。"));
        }
        let bit = u32::try_from(self.lines).unwrap_or(0);
        self.words.extend(words.into_iter().map(|w| (w, bit)));
        self.lines += 1;
        Ok(())
    }

    /// Makes ready to look for all words at once.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        self.finder = Some(AhoCorasick::new(self.words.iter().map(|(w, _)| w)).map_err(|e| e.to_string())?);
        Ok(())
    }

    /// The kinds in a normalized text, each with the place where a word of it begins.
    fn find(&self, normalized: &str) -> impl Iterator<Item = (usize, u32)> {
        let finder = self.finder.iter();
        finder.flat_map(move |f| f.find_overlapping_iter(normalized)).map(|m| (m.start(), self.words[m.pattern().as_usize()].1))
    }

    fn all(&self, normalized: &str) -> u64 {
        self.find(normalized).fold(0, |all, (_, bit)| all | 1 << bit)
    }

    /// The one that begins last outside of brackets; of several that begin together, the one whose line comes first.
    fn last(&self, normalized: &str) -> u64 {
        let brackets = brackets(normalized);
        let outside = |(at, _): &(usize, u32)| !brackets.iter().any(|(from, to)| from < at && at < to);
        let last = self.find(normalized).filter(outside).max_by_key(|(at, bit)| (*at, u32::MAX - bit));
        last.map_or(0, |(_, bit)| 1 << bit)
    }
}

impl Facets {
    /// What stands in a normalized text.
    #[must_use]
    pub fn of(parties: &Kinds, acts: &Kinds, normalized: &str) -> Self {
        Self { parties: parties.all(normalized), acts: acts.all(normalized), last: acts.last(normalized) }
    }
}

/// Where the brackets open and close that are not within others.
fn brackets(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' | '「' | '『' | '【' | '[' => open.push(at),
            ')' | '」' | '』' | '】' | ']' => {
                if let Some(from) = open.pop()
                    && open.is_empty()
                {
                    found.push((from, at));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(lines: &[&str]) -> Kinds {
        let mut kinds = Kinds::default();
        lines.iter().for_each(|l| kinds.take(l.split(' ').map(str::to_owned).collect()).unwrap());
        kinds.finish().unwrap();
        kinds
    }

    #[test]
    fn the_act_that_counts_is_the_last_outside_of_brackets() {
        let (parties, acts) = (kinds(&["委託先 外注", "従業員"]), kinds(&["廃棄 消去", "持ち出", "記録"]));
        let seen = Facets::of(&parties, &acts, "媒体の廃棄を記録しているか(持ち出しの申請を含む)");
        assert_eq!(seen, Facets { parties: 0, acts: 0b111, last: 0b100 });
        let seen = Facets::of(&parties, &acts, "外注した委託先と従業員が媒体を持ち出す");
        assert_eq!(seen, Facets { parties: 0b11, acts: 0b10, last: 0b10 });
        assert_eq!(Facets::of(&parties, &acts, "(廃棄"), Facets { parties: 0, acts: 1, last: 1 });
    }

    #[test]
    fn a_65th_line_is_refused() {
        let mut kinds = Kinds::default();
        assert!((0..64).all(|n| kinds.take(vec![format!("語{n}")]).is_ok()));
        assert!(kinds.take(vec!["語".to_owned()]).unwrap_err().contains("64 行"));
    }
}
