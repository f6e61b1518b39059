//! What the tokenizer makes of a text, held against a file that a person reads; and the dictionary it needs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kaitou::search::{Analyzer, Dictionary, Lexicon};

/// A folder for the dictionary that all tests share.
fn data() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("kaitou-data")
}

/// The analyzer with the files in `index`, or the built-in ones.
pub fn analyzer(index: Option<&Path>) -> Analyzer {
    let dictionary = Dictionary::open(&data(), None).unwrap();
    Analyzer::new(&dictionary, Lexicon::load(index).unwrap()).unwrap()
}

const TEXTS: [&str; 12] = [
    "多要素認証（ＭＦＡ）を導入していますか。",
    "二段階認証の有無",
    "サーバー室への入退室を記録すること",
    "サーバの監視",
    "ｳｲﾙｽ対策ｿﾌﾄの定義ファイルを最新の状態に保っているか？",
    "カタログやプログラムではなくログの話",
    "特権的なIDの貸し借りを禁止しているか",
    "委託先・外注先の従業員への教育（研修）",
    "ISO/IEC 27001:2022 の認証を取得している",
    "Do you encrypt customer data at rest (AES-256)?",
    "😀\u{1}\t　",
    "持出し、持ち出し、社外持出",
];

#[test]
fn golden_tokens() {
    let analyzer = analyzer(None);
    let mut shown = String::new();
    for text in TEXTS {
        let terms = analyzer.terms(text);
        let words: Vec<&str> = terms.words.iter().map(|t| t.text.as_str()).collect();
        // Places are those of the original text, whatever its width and case.
        let concept = |t: &kaitou::search::tokenizer::Term| format!("{}（{}）", t.text, &text[t.from..t.to]);
        let concepts: Vec<String> = terms.concepts.iter().map(concept).collect();
        let _ = writeln!(shown, "{}\n  語: {}\n  概念: {}", text.escape_debug(), words.join(" "), concepts.join(" "));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tokens.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(file).unwrap(), "UPDATE_SNAPSHOTS=1 cargo test golden_tokens rewrites the file");
}

#[test]
fn a_damaged_dictionary_is_rebuilt_by_one_of_several_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let build = |_| Dictionary::open(folder.path(), None).unwrap();
    std::thread::scope(|s| {
        (0..3).map(|n| s.spawn(move || build(n))).collect::<Vec<_>>().into_iter().for_each(|t| drop(t.join().unwrap()))
    });
    let built = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder.path().join("dictionary")).unwrap().map(|e| e.unwrap().path());
        entries.filter(|p| p.is_dir()).collect()
    };
    let [one] = built().try_into().unwrap();
    let largest = std::fs::read_dir(&one).unwrap().map(|e| e.unwrap()).max_by_key(|e| e.metadata().unwrap().len()).unwrap();
    std::fs::OpenOptions::new().write(true).open(largest.path()).unwrap().set_len(100).unwrap();
    let dictionary = build(0);
    assert_eq!(built(), [one]);
    let analyzer = Analyzer::new(&dictionary, Lexicon::load(None).unwrap()).unwrap();
    assert_eq!(analyzer.terms("暗号化").words.last().unwrap().text, "暗号化");
}

#[test]
fn a_missing_source_names_the_package_and_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let error = Dictionary::open(folder.path(), Some(&folder.path().join("none"))).unwrap_err().to_string();
    assert!(error.contains("mecab-ipadic") && error.contains("KAITOU_IPADIC") && error.contains("none"), "{error}");
}

#[test]
fn a_broken_line_is_named_and_a_new_word_works() {
    let folder = tempfile::tempdir().unwrap();
    let synonyms = folder.path().join("synonyms.tsv");
    std::fs::write(&synonyms, "# 注釈\nシャドーIT\t野良クラウド\n").unwrap();
    let concepts = |text| analyzer(Some(folder.path())).terms(text).concepts;
    assert_eq!(concepts("野良クラウドの利用")[0].text, concepts("シャドーＩＴ")[0].text);
    for (broken, line) in [("甲\t乙\n丙\n", "2"), ("甲\t乙\n丙\t乙\n", "2")] {
        std::fs::write(&synonyms, broken).unwrap();
        let error = Lexicon::load(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains(&format!("synonyms.tsv の {line} 行目")), "{error}");
    }
    assert!(Lexicon::load(Some(&folder.path().join("none"))).is_err());
}

#[test]
fn parties_and_acts_are_ones_own_to_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("parties.tsv"), "# 注釈\n店子\t入居者\n家主\n").unwrap();
    let lexicon = Lexicon::load(Some(folder.path())).unwrap();
    let parties = |text| lexicon.facets(text).parties;
    assert_eq!((parties("店子との契約"), parties("入居者"), parties("家主が店子に貸す"), parties("委託先")), (1, 1, 3, 0));
    assert_ne!(lexicon.facets("媒体を廃棄する").last, 0, "acts.tsv is the built-in one");
    let lines: String = (0..65).map(|n| format!("行為{n}\n")).collect();
    std::fs::write(folder.path().join("acts.tsv"), lines).unwrap();
    let error = Lexicon::load(Some(folder.path())).unwrap_err().to_string();
    assert!(error.contains("acts.tsv の 65 行目"), "{error}");
}
