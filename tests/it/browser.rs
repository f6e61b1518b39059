//! The whole way in a real browser: upload, review, download. The run takes pictures of every page.

use std::collections::BTreeMap;
use std::time::Duration;

use fantoccini::Locator;
use serde_json::json;
use tempfile::TempDir;

use crate::chrome::{Browser, DESK, Driver, Setup};
use crate::harness::{PASSWORD, Server, fixture, fixture_bytes, urlencoded};
use crate::http::changed;

impl Browser {
    pub async fn sign_in(&self, email: &str) {
        self.go("/sign-in").await;
        self.write("#email", email).await;
        self.write("#password", PASSWORD).await;
        self.press("サインイン").await;
        self.wait_for("質問票").await;
    }

    /// Uploads a fixture under the client's name for it, and goes on to its review.
    pub async fn upload(&self, fixture_name: &str, file_name: &str, client: &str) {
        self.send(fixture_name, file_name, client).await;
        self.press("この内容でレビューへ進む").await;
        self.wait_for("承認").await;
    }

    /// Uploads a fixture under the client's name for it: the page shows what was found in it.
    pub async fn send(&self, fixture_name: &str, file_name: &str, client: &str) {
        let sent = self.downloads.path().join("sent");
        std::fs::create_dir_all(&sent).unwrap();
        std::fs::copy(fixture(&format!("clients/{fixture_name}")), sent.join(file_name)).unwrap();
        self.go("/").await;
        self.press("質問票をアップロード").await;
        self.write("#client", client).await;
        self.click("input[name=service][value=OrderMill]").await;
        let week = "document.getElementById('due').value = new Date(Date.now() + 7 * 864e5).toISOString().slice(0, 10)";
        self.client.execute(week, vec![]).await.unwrap();
        let file = self.client.find(Locator::Css("#file")).await.unwrap();
        file.send_keys(&sent.join(file_name).to_string_lossy()).await.unwrap();
        self.press("アップロード").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_goes_the_whole_way() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let browser = Browser::open(&driver, server.url(), DESK).await;
    browser.go("/").await;
    browser.picture("list-empty.png").await;
    browser.press("質問票をアップロード").await;
    browser.picture("upload.png").await;
    let file_name = "みなと商事_セキュリティチェックシート.xlsx";
    browser.upload("preamble-two-tier.xlsx", file_name, "株式会社みなと商事").await;

    // Accept the draft of question 7 as it is.
    browser.go("/questionnaires/1?at=7").await;
    browser.picture("review-first.png").await;
    let accepted = (browser.value("input[name=choice]:checked").await, browser.value("#text").await);
    assert!(!accepted.1.is_empty(), "{accepted:?}");
    browser.press("承認").await;
    browser.wait_for("保存しました").await;
    assert_eq!(browser.path().await, "/questionnaires/1?show=all&at=8&saved=7");

    // Change the next: the button says so before it is pressed.
    browser.write("#text", "個別の回答です。").await;
    browser.click(".choices input[value=○]").await;
    browser.press("修正して承認").await;
    browser.wait_for("（修正）").await;
    // Decline the one after, take that back, and decline it again.
    browser.press("回答しない").await;
    browser.wait_for("（回答なし）").await;
    browser.click(".toast button").await;
    browser.wait_for("（未回答）").await;
    browser.press("回答しない").await;
    browser.wait_for("（回答なし）").await;
    // With the keyboard: back with k, into the text with e, save with Ctrl+Enter.
    browser.go("/questionnaires/1?at=11").await;
    browser.client.find(Locator::Css("#question")).await.unwrap().send_keys("k").await.unwrap();
    browser.wait_for("No. 10").await;
    for _ in 0..100 {
        if browser.path().await.contains("at=10") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.client.find(Locator::Css("#question")).await.unwrap().send_keys("e").await.unwrap();
    let active = browser.client.active_element().await.unwrap();
    active.clear().await.unwrap();
    active.send_keys("キーボードから。\u{e009}\u{e007}\u{e000}").await.unwrap();
    browser.wait_for("保存しました：No. 10").await;
    browser.picture("review-saved.png").await;

    // The picture in the README.
    browser.go("/questionnaires/1?at=11").await;
    browser.picture("review-page.png").await;

    // Somebody else decides while the page is open: nothing is overwritten, nothing that was typed is lost.
    browser.go("/questionnaires/1?at=12").await;
    browser.write("#text", "この画面の文").await;
    let form = urlencoded(&[("action", "save"), ("revision", "0"), ("text", "ほかの画面の文")]);
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(server.ask("POST", "/questionnaires/1/questions/12", kind, form.as_bytes()).unwrap().0, 303);
    browser.press("修正して承認").await;
    browser.wait_for("保存していません").await;
    assert_eq!(browser.value("#text").await, "この画面の文");
    browser.picture("conflict.png").await;
    browser.press("保存されている内容のままにする").await;
    browser.client.accept_alert().await.ok();
    for _ in 0..100 {
        if browser.value("#text").await == "ほかの画面の文" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(browser.value("#text").await, "ほかの画面の文");
    browser.press("未回答に戻す").await;
    browser.wait_for("（未回答）").await;

    browser.press("リリース・ダウンロード…").await;
    browser.wait_for("42問が未回答です").await;
    browser.picture("download.png").await;
    browser.press("ダウンロード").await;
    let (name, bytes) = browser.downloaded().await;
    assert_eq!(name, "みなと商事_セキュリティチェックシート（一部回答）.xlsx");
    let sheet = |cell: &str| ("調査票".to_owned(), cell.to_owned());
    let mut expected = BTreeMap::from([
        (sheet("G20"), accepted.1),
        (sheet("F21"), "○".to_owned()),
        (sheet("G21"), "個別の回答です。".to_owned()),
        (sheet("G23"), "キーボードから。".to_owned()),
    ]);
    // Where it is not certain which choice says the same, none is made.
    expected.extend(Some((sheet("F20"), accepted.0)).filter(|(_, choice)| !choice.is_empty()));
    let original = fixture_bytes("clients/preamble-two-tier.xlsx");
    let mut written = changed(&original, &bytes);
    // Question 10 may have had a choice in its draft.
    written.remove(&sheet("F23"));
    assert_eq!(written, expected);

    // A file that is no workbook: the reason stands at the field.
    browser.go("/upload").await;
    browser.write("#client", "乙社").await;
    let file = browser.client.find(Locator::Css("#file")).await.unwrap();
    file.send_keys(&fixture("README.md").to_string_lossy()).await.unwrap();
    browser.press("アップロード").await;
    browser.wait_for("ではありません").await;
    assert_eq!(browser.value("#client").await, "乙社");
    browser.picture("upload-refused.png").await;

    for (path, name) in [("/", "list.png"), ("/standard", "standard.png"), ("/nothing", "not-found.png")] {
        browser.go(path).await;
        browser.picture(name).await;
    }
    browser.client.close().await.unwrap();

    for (setup, suffix) in [(Setup { dark: true, ..DESK }, "dark"), (Setup { size: (500, 900), ..DESK }, "narrow")] {
        let browser = Browser::open(&driver, server.url(), setup).await;
        for (path, name) in [("/questionnaires/1?at=5", "review"), ("/questionnaires/1?at=8", "review-edited"), ("/", "list")] {
            browser.go(path).await;
            browser.picture(&format!("{name}-{suffix}.png")).await;
        }
        browser.client.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_everything_works_too() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let browser = Browser::open(&driver, server.url(), Setup { scripts: false, ..DESK }).await;
    browser.upload("plain-table.xlsx", "plain.xlsx", "乙社").await;
    browser.go("/questionnaires/1?at=4").await;
    assert!(browser.client.find(Locator::Css("html.js")).await.is_err(), "scripts are off");
    browser.write("#text", "画面だけで。").await;
    browser.press("承認").await;
    browser.wait_for("（修正）").await;
    browser.press("リリース・ダウンロード…").await;
    browser.wait_for("45問が未回答です").await;
    browser.press("ダウンロード").await;
    let (_, bytes) = browser.downloaded().await;
    let written = changed(&fixture_bytes("clients/plain-table.xlsx"), &bytes);
    assert_eq!(written.get(&("Sheet1".to_owned(), "E5".to_owned())).map(String::as_str), Some("画面だけで。"));
    browser.client.close().await.unwrap();
}

/// First administrator, invitation, upload, a whole sheet by keyboard, two people at once, release and download; every page
/// is photographed and held against WCAG.
#[tokio::test(flavor = "multi_thread")]
async fn several_people_go_the_whole_way() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let one = Browser::open(&driver, server.url(), DESK).await;
    one.go(server.first.as_deref().unwrap()).await;
    one.accessible("join").await;
    one.picture("join.png").await;
    one.write("#email", "kanri@example.co.jp").await;
    one.write("#name", "管理 花子").await;
    one.write("#password", PASSWORD).await;
    one.press("登録").await;
    one.wait_for("質問票はまだありません").await;

    // An invitation, followed in another browser.
    one.go("/people").await;
    one.write("#email", "sato@example.co.jp").await;
    one.click("aside input[name=role][value=reviewer]").await;
    one.press("招待リンクを作る").await;
    one.wait_for("7日間有効").await;
    one.accessible("people").await;
    one.picture("people.png").await;
    let link = one.text(".secret").await;
    let two = Browser::open(&driver, server.url(), Setup { dark: true, ..DESK }).await;
    two.client.goto(&link).await.unwrap();
    two.write("#name", "佐藤 次郎").await;
    two.write("#password", PASSWORD).await;
    two.picture("join-invited-dark.png").await;
    two.press("登録").await;
    two.wait_for("質問票はまだありません").await;
    assert!(two.client.find(Locator::Css("a[href='/upload']")).await.is_err(), "who only reviews uploads nothing");
    two.go("/people").await;
    two.wait_for("権限がありません").await;
    two.picture("forbidden-dark.png").await;

    one.upload("plain-table.xlsx", "plain.xlsx", "株式会社みなと商事").await;
    two.go("/").await;
    two.press("次の質問に進む").await;
    two.wait_for("株式会社みなと商事").await;
    two.accessible("review, dark").await;
    two.picture("review-second-dark.png").await;

    // What one decides shows on the other's page.
    one.go("/questionnaires/1?at=2").await;
    two.go("/questionnaires/1?at=1").await;
    one.keys("x").await;
    two.until("document.querySelector('#q-2').dataset.kind === 'declined'").await;
    one.wait_for("（回答なし）").await;
    one.keys("u").await;
    two.until("document.querySelector('#q-2').dataset.kind === 'open'").await;

    // Both write about the same question: the second is told, and sees both.
    two.go("/questionnaires/1?at=3").await;
    one.go("/questionnaires/1?at=3").await;
    two.write("#text", "佐藤の回答").await;
    one.write("#text", "管理の回答").await;
    one.keys("\u{e009}\u{e007}\u{e000}").await;
    one.wait_for("保存しました：No. 3").await;
    two.wait_for("がこの質問を更新しました").await;
    two.keys("\u{e009}\u{e007}\u{e000}").await;
    two.wait_for("保存していません").await;
    let both = two.text(".versus").await;
    assert!(both.contains("佐藤の回答") && both.contains("管理の回答"), "{both}");
    two.accessible("conflict").await;
    two.picture("conflict-dark.png").await;

    // What is being written outlives the page.
    two.go("/questionnaires/1?at=4").await;
    two.write("#text", "書きかけの文").await;
    two.go("/help").await;
    two.accessible("help").await;
    two.picture("help-dark.png").await;
    two.go("/questionnaires/1?at=4").await;
    two.wait_for("保存していない入力を復元しました").await;
    assert_eq!(two.value("#text").await, "書きかけの文");
    two.press("破棄する").await;

    // Keys: the list of them, the search, a comment to a colleague.
    two.client.find(Locator::Css("#question")).await.unwrap().send_keys("?").await.unwrap();
    two.wait_for("キーボード操作").await;
    two.accessible("keys").await;
    two.picture("keys-dark.png").await;
    two.keys("\u{e00c}").await;
    two.client.find(Locator::Css("#question")).await.unwrap().send_keys("/").await.unwrap();
    two.keys("バックアップ\u{e007}").await;
    two.wait_for("検索結果：標準シート").await;
    two.accessible("search").await;
    two.picture("search-dark.png").await;
    two.go("/questionnaires/1?at=5").await;
    two.client.find(Locator::Css("#question")).await.unwrap().send_keys("c").await.unwrap();
    two.keys("この期限は確かですか。").await;
    two.click("#colleague option[value='1']").await;
    two.press("このコメントで同僚に確認する").await;
    two.wait_for("（確認中）").await;
    one.go("/next").await;
    one.wait_for("この期限は確かですか。").await;
    assert!(one.path().await.contains("at=5"), "{}", one.path().await);

    one.keys("x").await;
    one.wait_for("（回答なし）").await;

    // A whole sheet without the mouse: Enter where there is a draft, x where there is none.
    one.go("/questionnaires/1?show=open&at=1").await;
    for _ in 0..60 {
        let left = one.client.execute("return Number(document.querySelector('[data-left]').textContent)", vec![]).await.unwrap();
        if left == json!(0) {
            break;
        }
        let drafted = one.client.execute("return document.querySelector('.decide input[name=item]') !== null && document.querySelector('.decide .hint') === null && !document.querySelector('.decide .choices .hint')", vec![]).await.unwrap();
        one.keys(if drafted == json!(true) { "\u{e007}" } else { "x" }).await;
        one.until(&format!("Number(document.querySelector('[data-left]').textContent) === {} && !document.body.hasAttribute('data-busy')", left.as_i64().unwrap() - 1)).await;
    }
    one.until("Number(document.querySelector('[data-left]').textContent) === 0").await;
    one.accessible("review, done").await;
    one.picture("review-done.png").await;

    // Release and download.
    one.press("リリース・ダウンロード…").await;
    one.wait_for("まだリリースされていません").await;
    one.accessible("release").await;
    one.picture("release.png").await;
    two.go("/questionnaires/1/download").await;
    two.wait_for("まだリリースされていません").await;
    assert!(two.client.find(Locator::Css("form[action$='/releases']")).await.is_err(), "only an approver releases");
    one.press("リリースする").await;
    one.wait_for("リリースの記録").await;
    one.picture("released.png").await;
    one.accessible("released").await;
    one.press("ダウンロード").await;
    let (name, bytes) = one.downloaded().await;
    assert_eq!(name, "plain（回答済）.xlsx");
    let written = changed(&fixture_bytes("clients/plain-table.xlsx"), &bytes);
    assert!(written.values().any(|text| text == "管理の回答"), "{written:?}");
    assert!(!written.values().any(|text| text.contains("佐藤の回答")), "{written:?}");

    for (path, name) in [("/", "list"), ("/charts", "charts"), ("/audit", "audit"), ("/account", "account"), ("/standard", "standard"), ("/upload", "upload"), ("/questionnaires/1/high", "high"), ("/questionnaires/1/past", "past"), ("/questionnaires/1/questions/3/place", "place"), ("/profile", "profile"), ("/settings", "settings"), ("/nothing", "not-found")] {
        one.go(path).await;
        one.picture(&format!("{name}-signed-in.png")).await;
        one.accessible(name).await;
        two.go(path).await;
        two.picture(&format!("{name}-dark.png")).await;
        two.accessible(&format!("{name}, dark")).await;
    }
    two.go("/account").await;
    two.press("すべての端末からサインアウト").await;
    two.wait_for("サインイン").await;
    two.accessible("sign-in").await;
    two.picture("sign-in-dark.png").await;
    two.sign_in("sato@example.co.jp").await;

    let phone = Browser::open(&driver, server.url(), Setup { size: (500, 900), ..DESK }).await;
    phone.sign_in("kanri@example.co.jp").await;
    for (path, name) in [("/", "list"), ("/questionnaires/1?at=3", "review"), ("/questionnaires/1/download", "release"), ("/people", "people"), ("/charts", "charts")] {
        phone.go(path).await;
        phone.picture(&format!("{name}-phone.png")).await;
        phone.accessible(&format!("{name}, phone")).await;
        let wider = phone.client.execute("return document.documentElement.scrollWidth > innerWidth", vec![]).await.unwrap();
        if wider == json!(true) {
            phone.violations.lock().unwrap().push(format!("{path} is wider than the phone"));
        }
    }
    for browser in [one, two, phone] {
        assert_eq!(*browser.violations.lock().unwrap(), Vec::<String>::new());
        browser.client.close().await.unwrap();
    }
}
