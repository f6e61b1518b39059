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
///
/// What stood in the cells when the file came in goes where it is not what `answer` says, and nothing is written where it is: then
/// the file says after it what was decided, and no mixture of two answers.
#[must_use]
pub fn edits(question: &Question, answer: &FinalAnswer) -> Vec<CellEdit> {
    let mut edits = written(question, answer);
    let Some(filled) = &question.filled else { return edits };
    let says_text = filled.text == answer.text;
    let says_choice = match &answer.choice {
        Some(choice) => filled.choices.len() == 1 && filled.choices.contains(choice) || filled.choice() == *choice,
        None => filled.choices.is_empty(),
    };
    edits.retain(|e| !(says_choice && Some(e.cell) != question.text_cell || says_text && Some(e.cell) == question.text_cell));
    let edit = |cell, text: String| CellEdit { sheet: question.sheet.clone(), cell, text };
    let mut clear = Vec::new();
    if !says_choice {
        match (&question.boxes, question.choice_cell, &question.marks) {
            (Some(boxed), Some(cell), _) => clear.push(edit(cell, boxes::clear(boxed))),
            (None, Some(cell), _) if !filled.choices.is_empty() => clear.push(edit(cell, String::new())),
            (_, None, Some(marks)) => {
                let gone = marks.iter().filter(|m| filled.choices.contains(&m.choice) && answer.choice.as_ref() != Some(&m.choice));
                clear.extend(gone.map(|m| edit(m.cell, String::new())));
            }
            _ => {}
        }
    }
    if let Some(cell) = question.text_cell.filter(|_| !says_text && !filled.text.is_empty()) {
        clear.push(edit(cell, String::new()));
    }
    clear.retain(|c| !edits.iter().any(|e| e.cell == c.cell));
    edits.extend(clear);
    edits
}

fn written(question: &Question, answer: &FinalAnswer) -> Vec<CellEdit> {
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
            edits.push(edit(mark.cell, mark.sign.as_deref().unwrap_or("○")));
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
    let kind = |extension: &str| match extension.to_ascii_lowercase().as_str() {
        "xlsx" | "xlsm" | "xltx" | "xltm" => Some(extension.to_owned()),
        // What came otherwise was made an .xlsx.
        "xls" | "csv" | "tsv" | "txt" => Some("xlsx".to_owned()),
        _ => None,
    };
    let cut = original.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    let known = cut.and_then(|(stem, extension)| Some((stem, kind(extension)?)));
    let (stem, extension) = known.unwrap_or_else(|| (original, "xlsx".to_owned()));
    let state = if whole { "回答済" } else { "一部回答" };
    format!("{stem}（{state}）.{extension}")
}

#[cfg(test)]
mod tests {
    use super::answered_name;

    #[test]
    fn names_keep_the_clients_words() {
        assert_eq!(answered_name("チェックシート v2.1.xlsx", true), "チェックシート v2.1（回答済）.xlsx");
        assert_eq!(answered_name("点検.XLSM", true), "点検（回答済）.XLSM");
        assert_eq!(answered_name("点検.xls", true), "点検（回答済）.xlsx");
        assert_eq!(answered_name("質問.csv", false), "質問（一部回答）.xlsx");
        assert_eq!(answered_name("v2.1 最終", true), "v2.1 最終（回答済）.xlsx");
        assert_eq!(answered_name("sheet", false), "sheet（一部回答）.xlsx");
    }
}
