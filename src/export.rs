//! Decided answers → cell edits.

use crate::questionnaire::{Question, boxes};
use crate::workbook::CellEdit;

/// What is to stand in the client's file for one question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FinalAnswer {
    /// One of the question's choices (or any mark where the file lists none); `None` writes no choice.
    pub choice: Option<String>,
    /// The free text; empty writes none.
    pub text: String,
}

/// The cells to write for `answer`. Where the question has no cell for the text but one for the choice (or the other way
/// round), only what has a cell is written; a lone text cell gets the text, else the choice.
#[must_use]
pub fn edits(question: &Question, answer: &FinalAnswer) -> Vec<CellEdit> {
    let edit = |cell, text: &str| CellEdit { sheet: question.sheet.clone(), cell, text: text.to_owned() };
    let mut edits = Vec::new();
    if let Some(choice) = &answer.choice {
        if let Some(cell) = question.choice_cell {
            let ticked = question.boxes.as_deref().map(|cell| boxes::tick(cell, choice));
            match ticked {
                None => edits.push(edit(cell, choice)),
                Some(ticked) => edits.extend(ticked.map(|text| edit(cell, &text))),
            }
        } else if let Some(mark) = question.marks.iter().flatten().find(|m| m.choice == *choice) {
            edits.push(edit(mark.cell, "○"));
        }
    }
    if let Some(cell) = question.text_cell {
        let lone = question.choice_cell.is_none() && question.marks.is_none();
        match (&answer.choice, answer.text.as_str()) {
            (Some(choice), "") if lone => edits.push(edit(cell, choice)),
            (_, "") => {}
            (_, text) => edits.push(edit(cell, text)),
        }
    }
    edits
}

/// The client's file name, telling that it is filled in, or that only a part is.
#[must_use]
pub fn answered_name(original: &str, whole: bool) -> String {
    let (stem, extension) = match original.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (original, "xlsx"),
    };
    let state = if whole { "回答済" } else { "一部回答" };
    format!("{stem}（{state}）.{extension}")
}

#[cfg(test)]
mod tests {
    use super::answered_name;

    #[test]
    fn names_keep_the_clients_words() {
        assert_eq!(answered_name("チェックシート v2.1.xlsx", true), "チェックシート v2.1（回答済）.xlsx");
        assert_eq!(answered_name("sheet", false), "sheet（一部回答）.xlsx");
    }
}
