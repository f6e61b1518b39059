//! The same for English questions.

/// The words for English.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub bad: Vec<String>,
    pub risk: Vec<String>,
    pub place: Vec<String>,
    pub moves: Vec<String>,
    pub back: Vec<String>,
    pub only: Vec<String>,
}

/// Whether an English sentence (lower case) is turned round.
pub(super) fn is_turned(text: &str, asks: bool, words: &Words) -> bool {
    let text = format!(" {} ", text.replace(['\u{2019}', '\u{2018}'], "'"));
    let not = text.contains("n't ") || [" not ", " never ", " no ", " none ", " neither "].iter().any(|w| text.contains(w));
    if not {
        // 「must not」 and 「are not」 demand; as a question it is anybody's guess.
        let past = [" past ", " last ", " years", " ever ", " been "].iter().any(|w| text.contains(w));
        return asks || past;
    }
    let starts = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let first = |list: &[String]| list.iter().flat_map(|w| text.match_indices(w.as_str())).map(|(at, _)| at).filter(|&at| starts(at)).min();
    if [" must ", " shall "].iter().any(|w| text.contains(w)) {
        return false;
    }
    // What stands behind 「without」 is just what is missing.
    let without = text.find(" without ").unwrap_or(text.len());
    let back = first(&words.back).filter(|&at| at < without);
    if happened(&text, words) && back.is_none() {
        return true;
    }
    if without < text.len() && back.is_none() {
        return true;
    }
    let only = first(&words.only).is_some();
    let place = first(&words.place);
    // 「Are subcontractors bound …」 is about them, 「Is data sent to subcontractors under contract」 is not.
    let moved = |at: usize| first(&words.moves).is_some_and(|m| m <= at) && back.is_none_or(|b| b > at);
    let sent = place.is_some_and(|at| (back.is_none() || moved(at)) && !only);
    sent || pattern(&text, words) && back.is_none() && !only
}

fn pattern(text: &str, words: &Words) -> bool {
    words.risk.iter().any(|w| {
        let (first, then) = w.split_once('…').unwrap_or((w, ""));
        text.match_indices(first).any(|(at, _)| {
            !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) && text[at + first.len()..].contains(then)
        })
    })
}

/// 「any known vulnerabilities」, 「experienced a data breach」: something bad that there may be or have been.
fn happened(text: &str, words: &Words) -> bool {
    let tokens: Vec<&str> = text.split_whitespace().map(|t| t.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-')).collect();
    let asks_for = |t: &str| matches!(t, "any" | "been" | "had" | "have" | "experienced" | "suffered" | "there" | "known" | "open" | "faced");
    let goes_on = |t: Option<&&str>| {
        t.is_none_or(|t| {
            matches!(
                *t,
                "in" | "within" | "during" | "that" | "which" | "of" | "over" | "for" | "relating" | "involving" | "affecting" | "with" | "on"
                    | "against" | "pending" | "identified" | "since" | "at" | "or" | "and" | "from" | "by" | "to" | "related" | "caused" | "reported"
                    | "occurred" | "remaining" | "open" | "not" | "as" | "you" | "your" | "resulting" | "due" | "outstanding" | ""
            )
        })
    };
    tokens.iter().enumerate().any(|(i, t)| {
        asks_for(t)
            && (i + 1..(i + 6).min(tokens.len())).any(|at| words.bad.iter().any(|b| {
                let parts: Vec<&str> = b.split(' ').collect();
                tokens[at..].starts_with(&parts) && goes_on(tokens.get(at + parts.len()))
            }))
    })
}
