//! Which parts of a text to highlight.

use unicode_normalization::UnicodeNormalization;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// As it stands in the text.
    pub text: String,
    /// Whether it is one of the words.
    pub hit: bool,
}

/// Cuts `text` where one of `words` stands in it, in whatever width and case. The pieces together are the text.
pub(super) fn pieces<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    // Every folded character with the place of the one it comes from. Folded one by one and decomposed, so that ﾊﾟ and パ
    // give the same, whichever of the two is made of two characters.
    let folded: Vec<(char, usize)> =
        chars.iter().enumerate().flat_map(|(at, c)| fold(*c).into_iter().map(move |c| (c, at))).collect();
    let mut hit = vec![false; chars.len()];
    for word in words {
        let word: Vec<char> = word.chars().flat_map(fold).collect();
        if word.is_empty() {
            continue;
        }
        for window in folded.windows(word.len()) {
            if let [(_, first), ..] = window
                && window.iter().map(|(c, _)| c).eq(&word)
            {
                let last = window.last().map_or(*first, |(_, at)| *at);
                hit[*first..=last].fill(true);
            }
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (c, hit) in chars.into_iter().zip(hit) {
        match pieces.last_mut() {
            Some(piece) if piece.hit == hit => piece.text.push(c),
            _ => pieces.push(Piece { text: c.to_string(), hit }),
        }
    }
    pieces
}

fn fold(c: char) -> Vec<char> {
    c.nfkd().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, words: &[&str]) -> String {
        pieces(text, words.iter().copied()).iter().map(|p| if p.hit { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn words_are_found_in_any_width_and_case() {
        assert_eq!(marked("ＩＳＭＳ認証とﾊﾟｽﾜｰﾄﾞ", &["isms", "パスワード"]), "[ＩＳＭＳ]認証と[ﾊﾟｽﾜｰﾄﾞ]");
        assert_eq!(marked("パスワード", &["ﾊﾟｽﾜｰﾄﾞ"]), "[パスワード]");
        assert_eq!(marked("アクセス権限", &["アクセス", "セス権"]), "[アクセス権]限");
        assert_eq!(marked("なし", &["", "ある"]), "なし");
        assert_eq!(marked("", &["ある"]), "");
    }
}
