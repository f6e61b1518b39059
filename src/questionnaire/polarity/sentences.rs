//! A question taken apart into its sentences.

use crate::text::normalize;

/// One sentence of a question.
#[derive(Debug, PartialEq)]
pub(super) struct Sentence {
    pub text: String,
    /// Ends in か or a question mark.
    pub asks: bool,
    pub japanese: bool,
}

/// The sentences, in one width and case: each line's, and those that go over a line's end; what stands in brackets apart.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let mut found = Vec::new();
    let whole = [text.to_owned()];
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for piece in whole.iter().chain(lines.iter().filter(|_| lines.len() > 1)) {
        let (outside, inside) = brackets(&normalize(piece));
        cut(&outside, &mut found);
        for bracket in inside {
            let before = found.len();
            cut(&bracket, &mut found);
            // A note in brackets is no question: 「（ISMS等）」.
            let kept: Vec<Sentence> = found.drain(before..).filter(|s| s.asks).collect();
            found.extend(kept);
        }
    }
    found
}

fn cut(text: &str, found: &mut Vec<Sentence>) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().find(|&(at, c)| matches!(c, '。' | '?' | '!') || c == '.' && rest[at + 1..].starts_with([' ']));
        let (sentence, asked, next) = match end {
            Some((at, c)) => (&rest[..at], c == '?', &rest[at + c.len_utf8()..]),
            None => (rest, false, ""),
        };
        rest = next;
        let japanese = sentence.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'));
        let text: String = if japanese { sentence.split(' ').collect() } else { sentence.trim().to_owned() };
        let text = text.trim_end_matches(['.', '…', ':', '、']).to_owned();
        // What a client asks to be written beside the answer asks nothing of its own.
        let instruction = ["ください", "下さい", "願います", "お願いします", "お願いいたします", "こと)"].iter().any(|end| text.ends_with(end));
        if !text.is_empty() && !instruction {
            found.push(Sentence { asks: asked || japanese && text.ends_with('か'), text, japanese });
        }
    }
}

/// The text without its brackets, and what stands in each.
fn brackets(text: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut depth) = (String::new(), Vec::<String>::new(), 0_u32);
    for c in text.chars() {
        match c {
            '(' | '[' | '【' | '〔' => {
                depth += 1;
                inside.push(String::new());
            }
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(c),
            _ => inside.last_mut().into_iter().for_each(|s| s.push(c)),
        }
    }
    (outside, inside)
}
