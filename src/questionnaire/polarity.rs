//! Questions turned round: those to which 「はい」 is not the good answer, or not certainly.
//!
//! The words are in `index/polarity.tsv`; the grammar is here. Everything is done so that a doubt leaves the choice to a person.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::amounts::suffice;
use super::demands;
use super::meaning::{self, Stance};
use super::words::{self, BadWord};
use crate::text::normalize;

mod english;
mod sentences;

use sentences::{Sentence, sentences};

/// The file of words.
pub const VOCABULARY: &str = "index/polarity.tsv";

/// The words of `index/polarity.tsv`, by their roles.
#[derive(Debug, Default)]
struct Words {
    bad: Vec<String>,
    fact: Vec<String>,
    light: Vec<String>,
    risk: Vec<String>,
    place: Vec<String>,
    rule: Vec<String>,
    back: Vec<String>,
    allow: Vec<String>,
    only: Vec<String>,
    without: Vec<String>,
    past: Vec<String>,
    check: Vec<String>,
    forbid: Vec<String>,
    same: Vec<String>,
    stop: Vec<String>,
    unfit: Vec<String>,
    risks: Risks,
    english: english::Words,
}

/// What one would rather not do or leave, all of it looked for at once: hundreds of phrases one by one would cost more than
/// the whole search does.
#[derive(Debug, Default)]
struct Risks {
    finder: Option<AhoCorasick>,
    /// For each phrase: what must stand behind it, and whether only a word of rule makes a measure of it.
    then: Vec<(String, bool)>,
}

impl Risks {
    /// Words of bad that can be done, and those of risk and place.
    fn new(bad: &[String], risk: &[String], place: &[String]) -> Self {
        let mut firsts = Vec::new();
        let mut then = Vec::new();
        let mut add = |pattern: &str, strictly| {
            let (first, behind) = pattern.split_once('…').unwrap_or((pattern, ""));
            firsts.push(first.to_owned());
            then.push((behind.to_owned(), strictly));
        };
        // 「改ざんできる」, 「閲覧可能」: what is bad can be done.
        bad.iter().for_each(|bad| ["でき", "可能", "し得る", "しうる"].iter().for_each(|can| add(&format!("{bad}{can}"), false)));
        risk.iter().for_each(|w| add(w, false));
        place.iter().for_each(|w| add(w, true));
        Self { finder: AhoCorasick::new(firsts).ok(), then }
    }

    /// Whether one of them stands in `text` so that `unmeasured(what follows it, strictly)`.
    fn any(&self, text: &str, unmeasured: impl Fn(&str, bool) -> bool) -> bool {
        self.finder.iter().flat_map(|f| f.find_overlapping_iter(text)).any(|hit| {
            let (then, strictly) = &self.then[hit.pattern().as_usize()];
            let rest = &text[hit.end()..];
            rest.contains(then.as_str()) && unmeasured(rest, *strictly)
        })
    }
}

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Words::parse(file, text)?).is_ok())
}

impl Words {
    fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/polarity.tsv")).unwrap_or_default())
    }

    fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut words = Self::default();
        words::read(file, text, |role, word| {
            let list = match role {
                "bad" => &mut words.bad,
                "fact" => &mut words.fact,
                "light" => &mut words.light,
                "risk" => &mut words.risk,
                "place" => &mut words.place,
                "rule" => &mut words.rule,
                "back" => &mut words.back,
                "allow" => &mut words.allow,
                "only" => &mut words.only,
                "without" => &mut words.without,
                "past" => &mut words.past,
                "check" => &mut words.check,
                "forbid" => &mut words.forbid,
                "same" => &mut words.same,
                "stop" => &mut words.stop,
                "unfit" => &mut words.unfit,
                "en-bad" => &mut words.english.bad,
                "en-risk" => &mut words.english.risk,
                "en-place" => &mut words.english.place,
                "en-back" => &mut words.english.back,
                "en-move" => &mut words.english.moves,
                "en-only" => &mut words.english.only,
                _ => return Err(words::unknown(role)),
            };
            list.push(word.to_lowercase());
            Ok(())
        })?;
        // 「情報漏えい事故」 ends in 事故; the longest word decides.
        for list in [&mut words.bad, &mut words.fact, &mut words.light] {
            list.sort_by_key(|w| std::cmp::Reverse(w.len()));
        }
        words.risks = Risks::new(&words.bad, &words.risk, &words.place);
        Ok(words)
    }
}

/// Whether a question is turned round, so that はい is not the good answer or it is not certain what it says.
#[must_use]
pub fn is_turned(question: &str) -> bool {
    let words = Words::builtin();
    sentences(question).iter().any(|s| if s.japanese { japanese(s, words) } else { english::is_turned(&s.text, s.asks, &words.english) })
}

/// Whether `question`, standing under `section` (the widest heading first), is turned round: a child 「(1) 氏名」 is what the
/// question above it makes of it.
#[must_use]
pub fn is_turned_under(section: &[String], question: &str) -> bool {
    is_turned(question) || section.iter().any(|s| sentences(s).iter().any(|s| s.asks) && is_turned(s))
}

/// Whether the mark of an item of the standard sheet, with each of its `approved` texts, may be carried over to a client's
/// question, as far as the two are put. `stance`: what the mark says.
#[must_use]
pub fn agree<'a>(item: &str, stance: Option<Stance>, approved: impl IntoIterator<Item = &'a str>, section: &[String], question: &str) -> bool {
    let words = Words::builtin();
    if is_turned_under(section, question) || is_turned(item) {
        return false;
    }
    let theirs = sentences(question);
    let denied = |s: &Sentence| (!s.asks && s.japanese && denies(statement(&s.text))) || bans(&s.text);
    let a_ban = theirs.iter().any(denied);
    approved.into_iter().all(|approved| {
        let ours = normalize(&format!("{item}\n{approved}"));
        let used = |s: &Sentence| {
            let end: String = tail(&s.text, 9);
            words.same.iter().any(|w| end.contains(&format!("{w}し")) && !ours.contains(w.as_str()))
        };
        let of_a_case = stance == Some(Stance::Yes) && conditional(question) && !ours.contains("場合");
        let only_that = stance == Some(Stance::Partial) && meaning::Words::builtin().only_names(approved, question);
        // 「禁止している」 answers what asks for a ban, or names it; beside anything else it may be a no.
        let banned = stance == Some(Stance::Yes) && bans(approved.trim_end_matches(['。', ' '])) && !bans(question) && !holds(&normalize(question), &words.forbid);
        let other = of_a_case || only_that || banned || stance == Some(Stance::Yes) && of_a_part(approved, item, question);
        let enough = !other && if stance == Some(Stance::No) {
            !a_ban && lacks(question, approved)
        } else if stance == Some(Stance::NotApplicable) {
            // What there is not has none of what is demanded of it.
            true
        } else {
            demands::met(question, item, approved) && suffice(question, item, approved)
        };
        !theirs.iter().any(used) && (!a_ban || holds(&ours, &words.forbid)) && enough
    })
}

/// Whether 「×」 with its approved text is a plain no to the question: no other way is told of, and what is asked for does not
/// depend on a case that need not be given.
fn lacks(question: &str, approved: &str) -> bool {
    let (question, approved) = (normalize(question), normalize(approved));
    let another_way = ["代替", "代わり", "同等", "かわりに", "原則", "個別に", "相談", "要望"].iter().any(|w| approved.contains(w));
    let denied = ["ない", "ません", "未", "なし", "不可", "ず", "無", "予定", "no", "not"].iter().any(|w| approved.contains(w));
    !another_way && (approved.trim().is_empty() || denied) && !question.contains("場合")
}

/// Whether an approved text is about something that neither item nor question names: 「管理画面については遮断している」.
fn of_a_part(approved: &str, item: &str, question: &str) -> bool {
    let (text, around) = (normalize(approved), normalize(&format!("{item}\n{question}")));
    text.match_indices("については").any(|(at, _)| {
        let part: Vec<char> = text[..at].chars().rev().take_while(|c| c.is_alphanumeric()).take(4).collect();
        let part: String = part.into_iter().rev().collect();
        !part.is_empty() && !around.contains(&part)
    })
}

/// Whether a question is about one case only: 「メールで送る場合、暗号化しているか」, 「（外部のクラウドを使う場合）…」.
fn conditional(question: &str) -> bool {
    let text = normalize(question);
    text.split(['。', '\n']).any(|sentence| sentence.match_indices("場合").any(|(at, word)| {
        let behind = &sentence[at + word.len()..];
        at > 0 && [",", "、", "は", "に", ")", "]", "】", "のみ"].iter().any(|w| behind.starts_with(w))
    }))
}

/// Whether a text names something bad (事故, 漏えい, 残っている …), so that 「あり」 is not the good answer.
pub(super) fn names_a_bad_thing(text: &str) -> bool {
    let words = Words::builtin();
    holds(text, &words.bad) || holds(text, &words.unfit)
}

fn japanese(s: &Sentence, words: &Words) -> bool {
    let text = s.text.as_str();
    let core = polite_off(text.strip_suffix('か').filter(|_| s.asks).unwrap_or(text));
    let demand = !s.asks && (text.ends_with("こと") || text.ends_with("もの"));
    let negative = denies(statement(core));
    // 「できない訳ではない」 says no and takes it back.
    if ["訳では", "わけでは", "とは限", "とも限"].iter().any(|w| text.contains(w)) {
        return true;
    }
    // 「残っていないと言い切れるか」
    if s.asks && ["ないと言", "ないといえ", "ないと断言"].iter().any(|w| text.contains(w)) {
        return true;
    }
    if s.asks && negative || asks_in_the_middle(text, words) || may_happen(core) {
        return true;
    }
    if !s.asks && negative {
        // 「残っていないこと」 is a plain demand; what happened in the past is not ours to say.
        return holds(text, &words.past);
    }
    // 「再委託を行っている」, 「再委託している」; 「帳票を処分している」 is an act and no thing.
    let act = |thing: &str| !thing.ends_with('を') && thing.contains('を');
    let there_is = asked_for(core).is_some_and(|(thing, exists)| (exists || !act(thing)) && is_bad(thing, words, exists));
    let had = text.match_indices("有無").any(|(at, _)| is_bad(&text[..at], words, true));
    let named = !s.asks && (ends_in(core, &words.bad) || lacking(core, words));
    if there_is || had || named {
        return true;
    }
    let allowed = words.allow.iter().any(|w| core.ends_with(w.as_str())) && !holds(text, &words.only);
    !demand && (allowed || risky(core, words) || without(core, words))
}

/// Without the polite or asking forms at the end: 「〜でしょう」, 「〜のです」.
fn polite_off(text: &str) -> &str {
    let mut text = text;
    // The ん of 「できません」 is no polite end.
    while !text.ends_with("ません")
        && let Some(rest) = ["でしょう", "です", "の", "ん"].iter().find_map(|end| text.strip_suffix(end))
    {
        text = rest;
    }
    text
}

/// What a demand says: 「残っていないこと」 → 「残っていない」.
fn statement(text: &str) -> &str {
    let ends = ["こと", "もの", "状態", "旨", "である", "とする", "とします", "としている", "としています", "が", "は"];
    let mut text = text;
    while let Some(rest) = ends.iter().find_map(|end| text.strip_suffix(end)) {
        text = rest;
    }
    text
}

/// Whether a sentence ends in a negation. 「しなければならない」 is none.
fn denies(core: &str) -> bool {
    let must = ["なければならない", "ねばならない", "なくてはならない", "なければいけない", "なければなりません", "ざるを得ない"];
    let ends = ["ない", "ません", "ませんでした", "なかった", "ぬ", "おらず", "なし", "無し"];
    ends.iter().any(|end| core.ends_with(end)) && !must.iter().any(|end| core.ends_with(end))
}

/// 「…していないか、または…」: a negative question before another one. 「漏れがないか、点検しているか」 is none.
fn asks_in_the_middle(text: &str, words: &Words) -> bool {
    ["ないか、", "ないか,", "ませんか、", "ませんか,"].iter().any(|m| {
        text.find(m).map(|at| &text[at + m.len()..]).is_some_and(|rest| {
            let another = ["また", "及び", "並びに", "さらに", "加えて", "かつ", "もしくは", "あるいは"].iter().any(|w| rest.starts_with(w));
            another || !holds(rest, &words.check)
        })
    })
}

/// 「〜することはあるか」, 「〜する場合があるか」, 「〜するおそれはあるか」.
fn may_happen(core: &str) -> bool {
    let is = ["ある", "あります", "あった", "ありました", "ございます", "存在する", "存在します", "ありえる", "あり得る", "想定されている"];
    let Some(rest) = is.iter().find_map(|end| core.strip_suffix(end)) else { return false };
    let rest = rest.strip_suffix(['が', 'は', 'も']).unwrap_or(rest);
    ["こと", "場合", "ケース", "可能性", "おそれ", "恐れ", "危険性", "余地", "とき", "時"].iter().any(|end| rest.ends_with(end))
}

/// What is asked for at the end, and whether the question is whether it exists: 「重大な事故はあった」 → 重大な事故.
fn asked_for(core: &str) -> Option<(&str, bool)> {
    const EXISTS: [&str; 31] = [
        "ございました", "ございます", "ありました", "あります", "あった", "ある", "存在しています", "存在している", "存在します", "存在する",
        "存在した", "発生しています", "発生している", "発生しました", "発生した", "発生します", "発生する", "起きました", "起きた", "生じました",
        "生じている", "生じた", "見つかりました", "見つかっている", "見つかった", "検出された", "検出されている", "がいます", "がいる", "残っている", "残っています",
    ];
    const DONE: [&str; 27] = [
        "起こしました", "起こした", "起こしている", "受けました", "受けています", "受けている", "受けた", "被った", "被りました", "抱えている", "抱えています",
        "認めている", "認めています", "行っている", "行っています", "行った", "行いました", "行う", "行います", "実施している", "実施しています", "予定している",
        "しています", "している", "しました", "した", "する",
    ];
    let exists = EXISTS.iter().filter_map(|end| core.strip_suffix(end)).min_by_key(|rest| rest.len()).map(|thing| (thing, true));
    exists.or_else(|| DONE.iter().filter_map(|end| core.strip_suffix(end)).min_by_key(|rest| rest.len()).map(|thing| (thing, false)))
}

/// Whether a noun phrase names something bad, or a mere fact: 「過去の情報漏えい事故の発生」, 「再委託」. With `exists`, also
/// something that lacks what it should have: 「対策ソフトが導入されていない端末」.
fn is_bad(thing: &str, words: &Words, exists: bool) -> bool {
    let mut thing = thing;
    loop {
        let particles = ["は", "が", "も", "を", "に", "の", "、", "た", "な", "「", "」"];
        if let Some(rest) = particles.iter().find_map(|p| thing.strip_suffix(p)) {
            thing = rest;
            continue;
        }
        if ends_in(thing, &words.bad) || ends_in(thing, &words.fact) {
            return true;
        }
        match words.light.iter().find_map(|l| thing.strip_suffix(l.as_str())).filter(|rest| !rest.is_empty()) {
            Some(rest) => thing = rest,
            None => break,
        }
    }
    exists && lacking(thing, words)
}

/// Whether a noun phrase names something that lacks what it should have: 「対策ソフトが導入されていない端末」.
fn lacking(thing: &str, words: &Words) -> bool {
    ["ていない", "でいない", "られない", "できない", "いない"].iter().any(|no| {
        thing.rfind(no).is_some_and(|at| {
            let of = &thing[at + no.len()..];
            !of.is_empty() && of.chars().count() <= 12 && !holds(of, &words.rule) && !holds(of, &words.back)
        })
    })
}

/// Ends in one of the words; 「サービスを停止」 is an act and no thing.
fn ends_in(thing: &str, words: &[String]) -> bool {
    words.iter().any(|w| thing.strip_suffix(w.as_str()).is_some_and(|before| !before.ends_with('を')))
}

/// Whether something unwanted is asked for that no later word makes a measure of.
fn risky(core: &str, words: &Words) -> bool {
    let measured = |rest: &str, strictly: bool| {
        // 「管理者」 is no 管理.
        let rest = words.stop.iter().fold(rest.to_owned(), |rest, stop| rest.replace(stop.as_str(), ""));
        holds(&rest, &words.rule) || !strictly && holds(&rest, &words.back)
    };
    // 「放置せず」 is no 放置, 「第三者による」 no 第三者に.
    let not = ["せず", "しない", "されず", "されない", "ず", "ることなく", "することなく", "よる", "より", "よって", "おけ", "おい"];
    words.risks.any(core, |rest, strictly| !not.iter().any(|n| rest.starts_with(n)) && !measured(rest, strictly))
}

/// 「承認なしに」, 「暗号化せずに」, 「許可を得ずに」 before something that is not prevented.
fn without(core: &str, words: &Words) -> bool {
    const JOINTS: [&str; 29] = [
        "用い", "使わ", "利用", "使用", "設け", "の", "を", "が", "は", "も", "等", "など", "得", "受け", "経", "取ら", "取", "せ", "し", "行わ", "伴わ", "され", "さ", "求め", "することなく", "すること", "かけ", "ること", "る",
    ];
    const WITHOUT: [&str; 9] = ["ずに", "ず", "ないで", "ないまま", "なしで", "なしに", "なく", "無く", "無しで"];
    words.without.iter().any(|w| {
        core.match_indices(w.as_str()).any(|(at, _)| {
            let mut rest = &core[at + w.len()..];
            loop {
                if let Some(after) = WITHOUT.iter().find_map(|no| rest.strip_prefix(no)) {
                    return !holds(after, &words.rule) && !after.contains("ない");
                }
                match JOINTS.iter().find_map(|j| rest.strip_prefix(j)) {
                    Some(next) => rest = next,
                    None => return false,
                }
            }
        })
    })
}

/// Whether a ban is asked for.
fn bans(text: &str) -> bool {
    let end = tail(text, 14);
    ["禁止", "禁じ", "認めていない", "認めない", "prohibit", "forbid"].iter().any(|w| end.contains(w))
}

/// The last `n` characters.
fn tail(text: &str, n: usize) -> String {
    let all = text.chars().count();
    text.chars().skip(all.saturating_sub(n)).collect()
}

fn holds(text: &str, words: &[String]) -> bool {
    words.iter().any(|w| text.contains(w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_read_and_a_broken_line_is_named() {
        assert!(Words::parse(VOCABULARY, include_str!("../../index/polarity.tsv")).is_ok());
        let bad = Words::parse(VOCABULARY, "bad\t事故\nworse\t大事故\n").unwrap_err().to_string();
        assert!(bad.starts_with("index/polarity.tsv の 2 行目"), "{bad}");
    }
}
