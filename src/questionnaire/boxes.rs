//! Boxes inside an answer cell, of which one is ticked: 「□はい　□いいえ」.

/// Empty boxes that clients print; each with its ticked twin.
const BOXES: [(char, char); 3] = [('□', '■'), ('☐', '☑'), ('◻', '◼')];
/// Further boxes that are ticked.
const TICKED: [char; 1] = ['☒'];

/// The choices behind the boxes in `cell`, in their order; `None` where there are not two boxes with words, of which one at least
/// is empty (■ alone is a bullet).
#[must_use]
pub fn choices(cell: &str) -> Option<Vec<String>> {
    // All boxes begin with this byte, and no letter of Japanese does.
    memchr::memchr("□".as_bytes()[0], cell.as_bytes())?;
    let labels: Vec<(usize, char, &str)> = labels(cell).collect();
    // 「□を■に変え…」 tells how to tick them.
    let told = |label: &str| label.is_empty() || label.starts_with(['を', 'に', '、', '。', '」']);
    let fits = labels.len() >= 2 && !labels.iter().any(|(_, _, l)| told(l)) && labels.iter().any(|(_, mark, _)| !is_ticked(*mark));
    fits.then(|| labels.into_iter().map(|(_, _, label)| label.to_owned()).collect())
}

/// The choices whose boxes are ticked in `cell`.
#[must_use]
pub fn ticked(cell: &str) -> Vec<&str> {
    labels(cell).filter(|(_, mark, _)| is_ticked(*mark)).map(|(_, _, label)| label).collect()
}

/// The text of `cell` with the box of `choice` ticked, the others empty and nothing else changed; `None` where there is no such box.
#[must_use]
pub fn tick(cell: &str, choice: &str) -> Option<String> {
    labels(cell).any(|(_, _, label)| label == choice).then(|| marked(cell, Some(choice)))
}

/// The text of `cell` with all its boxes empty.
#[must_use]
pub fn clear(cell: &str) -> String {
    marked(cell, None)
}

fn marked(cell: &str, choice: Option<&str>) -> String {
    // The box that the cell has for what is not ticked stands in for one that has no empty twin.
    let empty = cell.chars().find(|c| BOXES.iter().any(|(empty, _)| empty == c)).unwrap_or(BOXES[0].0);
    let mut done = cell.to_owned();
    let found: Vec<(usize, char, bool)> = labels(cell).map(|(at, mark, label)| (at, mark, Some(label) == choice)).collect();
    for (at, mark, wanted) in found.into_iter().rev() {
        let now = match (wanted, is_ticked(mark)) {
            (true, false) => BOXES.iter().find(|(empty, _)| *empty == mark).map_or(mark, |(_, ticked)| *ticked),
            (false, true) => empty,
            (true, true) | (false, false) => mark,
        };
        done.replace_range(at..at + mark.len_utf8(), &now.to_string());
    }
    done
}

fn is_ticked(mark: char) -> bool {
    BOXES.iter().any(|(_, ticked)| *ticked == mark) || TICKED.contains(&mark)
}

/// Where each box stands, the box, and the word behind it.
fn labels(cell: &str) -> impl Iterator<Item = (usize, char, &str)> {
    let is_box = |c: char| is_ticked(c) || BOXES.iter().any(|(empty, _)| *empty == c);
    cell.char_indices().filter(move |(_, c)| is_box(*c)).map(move |(at, mark)| {
        let label = cell[at + mark.len_utf8()..].trim_start_matches([' ', '　']);
        let end = label.find(|c: char| is_box(c) || matches!(c, '(' | '（' | '\n' | '\r' | '\t' | '　')).unwrap_or(label.len());
        let label = label[..end].trim_end();
        // Blanks part words of Latin letters, 「ISO/IEC 27001」, and all others end at one.
        let end = if label.is_ascii() { label.find("  ") } else { label.find(' ') };
        (at, mark, &label[..end.unwrap_or(label.len())])
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
        assert_eq!(choices("あてはまるものの□を■に変え、下の枠にご記入ください。"), None);
        assert_eq!(choices("□ ISO/IEC 27001　□ SOC 2　□ なし").unwrap(), ["ISO/IEC 27001", "SOC 2", "なし"]);
        assert_eq!(choices("☐ Yes ☐ In progress  ☐ No (why)").unwrap(), ["Yes", "In progress", "No"]);
    }

    #[test]
    fn a_box_that_was_ticked_is_known_and_can_be_ticked_anew() {
        let cell = "■はい　□いいえ　□対象外";
        assert_eq!(choices(cell).unwrap(), ["はい", "いいえ", "対象外"]);
        assert_eq!(ticked(cell), ["はい"]);
        assert_eq!(tick(cell, "いいえ").unwrap(), "□はい　■いいえ　□対象外");
        assert_eq!(tick(cell, "はい").unwrap(), cell);
        assert_eq!(tick("☒ Yes ☐ No", "No").unwrap(), "☐ Yes ☑ No");
        assert_eq!(clear(cell), "□はい　□いいえ　□対象外");
        assert_eq!(choices("■目的\n■範囲"), None);
        assert_eq!(ticked("□はい　□いいえ"), Vec::<&str>::new());
    }
}
