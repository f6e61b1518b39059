//! Who may name what: the walls between the rooms of `src/lib.rs`, read off the source itself.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Every source file as (path below src, its lines of code without comments and tests).
fn code() -> Vec<(String, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().map(|l| l.split("//").next().unwrap().to_owned()).collect();
            (path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), lines)
        })
        .collect()
}

/// Whether the line names the crate: `tantivy::…`, or `use tantivy;`.
fn names(line: &str, what: &str) -> bool {
    line.match_indices(what).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + what.len()..];
        let alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        alone && (rest.starts_with("::") || (rest.starts_with(';') && line.trim_start().starts_with("use ")))
    })
}

fn violations(only_in: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, lines) in code() {
        if only_in.iter().any(|room| file.starts_with(room)) {
            continue;
        }
        for (n, line) in lines.iter().enumerate() {
            if let Some(word) = words.iter().find(|w| names(line, w)) {
                found.push(format!("src/{file}:{} names {word}", n + 1));
            }
        }
    }
    found
}

#[test]
fn each_library_has_one_room() {
    let none: Vec<String> = Vec::new();
    assert_eq!(violations(&["workbook/"], &["calamine", "csv", "rust_xlsxwriter", "zip", "flate2"]), none);
    assert_eq!(violations(&["search/", "search.rs"], &["tantivy", "lindera"]), none);
    assert_eq!(violations(&["store/", "store.rs"], &["sqlx"]), none);
    assert_eq!(violations(&["web/", "web.rs"], &["axum", "askama", "tower_http"]), none);
    assert_eq!(violations(&["cli/", "cli.rs"], &["clap", "indicatif"]), none);
}

/// The domain: values in, values out.
const DOMAIN: [&str; 9] =
    ["questionnaire", "standard", "library", "matching", "suggestion", "review", "export", "text", "workbook.rs"];

#[test]
fn the_domain_touches_nothing_outside() {
    let mut found = Vec::new();
    for (file, lines) in code() {
        if !DOMAIN.iter().any(|room| file.starts_with(room)) {
            continue;
        }
        for (n, line) in lines.iter().enumerate() {
            let outside = ["tokio", "std::fs", "std::env", "std::net", "std::process", "SystemTime", "Instant"];
            let word = outside.iter().find(|w| line.contains(*w));
            if let Some(word) = word.or_else(|| line.contains("async fn").then_some(&"async")) {
                found.push(format!("src/{file}:{} names {word}", n + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_data_flows_one_way() {
    let none: Vec<String> = Vec::new();
    let later = |rooms: &[&str], words: &[&str]| -> Vec<String> {
        let mut found = Vec::new();
        for (file, lines) in code() {
            if rooms.iter().any(|room| file.starts_with(room)) {
                let hit = |(n, line): (usize, &String)| words.iter().find(|w| line.contains(&format!("crate::{w}"))).map(|w| format!("src/{file}:{} names {w}", n + 1));
                found.extend(lines.iter().enumerate().filter_map(hit));
            }
        }
        found
    };
    let outer = ["store", "web", "pipeline", "cli", "config"];
    assert_eq!(later(&DOMAIN, &outer), none);
    assert_eq!(later(&["workbook"], &["questionnaire", "standard", "matching", "search", "suggestion", "review", "export"]), none);
    assert_eq!(later(&["questionnaire"], &["standard", "matching", "search", "suggestion", "review", "export"]), none);
    assert_eq!(later(&["search"], &["store", "web", "pipeline", "cli"]), none, "the index can always be rebuilt from the store");
    assert_eq!(later(&["store"], &["search", "web", "pipeline", "cli"]), none, "store and search never see each other");
    assert_eq!(later(&["suggestion", "matching"], &["review", "export"]), none);
}
