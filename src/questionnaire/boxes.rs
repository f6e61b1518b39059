//! Boxes inside an answer cell, of which one is ticked: 「□はい　□いいえ」.

/// Empty boxes that clients print; each with its ticked twin.
const BOXES: [(char, char); 3] = [('□', '■'), ('☐', '☑'), ('◻', '◼')];

/// The choices behind the boxes in `cell`, in their order; `None` where there are not two boxes with words.
#[must_use]
pub fn choices(cell: &str) -> Option<Vec<String>> {
    let labels: Vec<String> = labels(cell).map(|(_, label)| label.to_owned()).collect();
    (labels.len() >= 2 && labels.iter().all(|l| !l.is_empty())).then_some(labels)
}

/// The text of `cell` with the box of `choice` ticked and nothing else changed; `None` where there is no such box.
#[must_use]
pub fn tick(cell: &str, choice: &str) -> Option<String> {
    let (at, _) = labels(cell).find(|(_, label)| *label == choice)?;
    let rest = &cell[at..];
    let (empty, ticked) = BOXES.iter().find(|(empty, _)| rest.starts_with(*empty))?;
    Some(format!("{}{ticked}{}", &cell[..at], &rest[empty.len_utf8()..]))
}

/// Where each box stands, and the word behind it.
fn labels(cell: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_box = |c: char| BOXES.iter().any(|(empty, _)| *empty == c);
    cell.match_indices(is_box).map(move |(at, found)| {
        let label = cell[at + found.len()..].trim_start_matches([' ', '　']);
        let end = label.find(|c: char| c.is_whitespace() || is_box(c) || matches!(c, '(' | '（')).unwrap_or(label.len());
        (at, &label[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_and_ticked() {
        let cell = "□ 有（　　　　）\n□ 無";
        assert_eq!(choices(cell).unwrap(), ["有", "無"]);
        assert_eq!(tick(cell, "無").unwrap(), "□ 有（　　　　）\n■ 無");
        assert_eq!(tick("☐はい　☐いいえ", "はい").unwrap(), "☑はい　☐いいえ");
        assert_eq!(tick(cell, "はい"), None);
        assert_eq!(choices("□にチェックを付けてください"), None);
        assert_eq!(choices("はい・いいえ"), None);
    }
}
