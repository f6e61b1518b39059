//! Amounts that a client demands: 「3年以上」, 「12文字以上」, 「月1回以上」, 「24時間以内」. An approved answer with another amount need not
//! meet them, so its mark is not carried over.

use crate::text::normalize;

/// What is counted, in which times of one and the same: time in minutes, and 回 by how often in a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Amount<'t> {
    unit: &'t str,
    number: f64,
}

/// Which amounts are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtLeast,
    AtMost,
}

const MINUTES: [(&str, f64); 12] = [
    ("営業日", 1440.0), ("か月", 43_800.0), ("ヶ月", 43_800.0), ("カ月", 43_800.0), ("ヵ月", 43_800.0), ("ケ月", 43_800.0), ("年", 525_600.0), ("週", 10_080.0),
    ("日", 1440.0), ("時間", 60.0), ("分", 1.0), ("秒", 1.0 / 60.0),
];
const COUNTED: [&str; 18] = ["億円", "万円", "円", "回", "文字", "桁", "世代", "種類", "名", "人", "件", "台", "%", "ビット", "bit", "gb", "mb", "km"];
/// 「年1回」, 「月に1回」: how often.
const PERIODS: [(&str, f64); 5] = [("半年", 262_800.0), ("年", 525_600.0), ("月", 43_800.0), ("週", 10_080.0), ("日", 1440.0)];
const TIME: &str = "分";

/// Whether `approved`, an answer to `item`, has enough of what `question` sets bounds to.
pub(super) fn suffice(question: &str, item: &str, approved: &str) -> bool {
    let (question, item, approved) = (normalize(question), normalize(item), normalize(approved));
    amounts(&question).into_iter().filter_map(|(demanded, bound)| Some((demanded, bound?))).all(|(demanded, bound)| {
        let of = |text| amounts(text).into_iter().map(|(a, _)| a).filter(|a| a.unit == demanded.unit).collect::<Vec<_>>();
        let (ours, theirs) = (of(&approved), of(&item));
        let ours = if ours.is_empty() { theirs } else { ours };
        !ours.is_empty() && ours.iter().all(|a| match bound {
            Bound::AtLeast => a.number >= demanded.number * 0.99,
            Bound::AtMost => a.number <= demanded.number * 1.01,
        })
    })
}

/// The amounts in a normalized text, each with the bound that stands behind it.
fn amounts(text: &str) -> Vec<(Amount<'_>, Option<Bound>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(from) = text[at..].find(|c: char| c.is_ascii_digit()).map(|n| at + n) {
        let end = text[from..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |n| from + n);
        at = end;
        let Ok(number) = text[from..end].parse::<f64>() else { continue };
        let rest = text[end..].trim_start();
        let amount = MINUTES.iter().find(|(unit, _)| rest.starts_with(unit)).map(|(unit, minutes)| (*unit, Amount { unit: TIME, number: number * minutes }));
        let counted = || COUNTED.iter().find(|unit| rest.starts_with(**unit)).map(|unit| (*unit, Amount { unit, number: number / often(text[..from].trim_end(), unit) }));
        let Some((unit, amount)) = amount.or_else(counted) else { continue };
        // 「2024年」 names a year.
        if unit != "年" || number < 1900.0 {
            found.push((amount, bound(&rest[unit.len()..])));
        }
    }
    found
}

/// How long the time is that 「回」 are counted in.
fn often(before: &str, unit: &str) -> f64 {
    let before = before.trim_end_matches(['に', '間', '、', '各', '最', '低', '少', 'な', 'く', 'と', 'も']);
    PERIODS.iter().find(|(period, _)| unit == "回" && before.ends_with(period)).map_or(1.0, |(_, minutes)| *minutes)
}

fn bound(behind: &str) -> Option<Bound> {
    let behind = behind.trim_start_matches(['間', 'の', ' ']);
    if ["以上", "を超え", "超"].iter().any(|w| behind.starts_with(w)) {
        Some(Bound::AtLeast)
    } else if ["以内", "以下", "未満", "まで"].iter().any(|w| behind.starts_with(w)) {
        Some(Bound::AtMost)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::suffice;

    #[test]
    fn another_amount_need_not_be_enough() {
        for (question, approved, want) in [
            ("アクセスログを3年以上保存していますか。", "1年間保存している。", false),
            ("アクセスログを6か月以上保存していますか。", "１年間保存している。", true),
            ("パスワードを12文字以上としていますか。", "8文字以上としている。", false),
            ("教育を年1回以上実施していますか。", "入社時及び年1回の研修を行っている。", true),
            ("教育を年に1回以上実施していますか。", "毎年度、年2回行う。", true),
            ("脆弱性診断を月1回以上実施していますか。", "年1回実施している。", false),
            ("事故を24時間以内に報告しますか。", "3営業日以内に報告する。", false),
            ("事故を24時間以内に報告しますか。", "速やかに報告する。", false),
            ("2024年4月以降に見直しましたか。", "2023年に見直した。", true),
        ] {
            assert_eq!(suffice(question, "", approved), want, "{question} {approved}");
        }
        assert!(!suffice("パスワードは12文字以上か", "パスワードは8文字以上か", "行っている。"));
    }
}
