//! The whole way in a real browser: upload, review, download. The run takes pictures of every page, into the folder named by
//! `KAITOU_SCREENSHOTS` or else below the target folder.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{PASSWORD, Server, fixture, fixture_bytes, urlencoded};
use crate::http::changed;

/// chromedriver on a free port. Dropping it ends it, and with it its browsers.
struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser test needs chromedriver and chromium: install the packages chromium, chromium-driver and fonts-noto-cjk");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|l| l.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned()));
        let port = port.expect("chromedriver tells its port");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group: a browser would outlive its driver when a test fails.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
    }
}

struct Browser {
    client: Client,
    base: String,
    pictures: PathBuf,
    downloads: TempDir,
    /// What axe found on the pages it was asked about.
    violations: Mutex<Vec<String>>,
    _profile: TempDir,
}

/// How a browser is set up.
#[derive(Clone, Copy)]
struct Setup {
    dark: bool,
    scripts: bool,
    size: (u32, u32),
}

const DESK: Setup = Setup { dark: false, scripts: true, size: (1280, 720) };

impl Browser {
    async fn open(driver: &Driver, server: &Server, setup: Setup) -> Self {
        let (profile, downloads) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=ja",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(format!("--window-size={},{}", setup.size.0, setup.size.1));
        if setup.dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let scripts = if setup.scripts { 1 } else { 2 };
        let options = json!({
            "args": arguments,
            "prefs": {
                "intl.accept_languages": "ja",
                "download.default_directory": downloads.path(),
                "download.prompt_for_download": false,
                "profile.managed_default_content_settings.javascript": scripts,
            },
        });
        let capabilities = Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&driver.address).await;
        let client = client.expect("chromium starts: install the package chromium");
        let pictures = std::env::var_os("KAITOU_SCREENSHOTS").map_or_else(
            || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots"),
            PathBuf::from,
        );
        std::fs::create_dir_all(&pictures).unwrap();
        // The window has a frame even where nobody sees it: what counts is the page's size.
        let (width, height) = setup.size;
        let inner = client.execute("return [innerWidth, innerHeight]", vec![]).await.unwrap();
        let frame = |n: usize, size: u32| size.saturating_sub(u32::try_from(inner[n].as_u64().unwrap()).unwrap());
        client.set_window_size(width + frame(0, width), height + frame(1, height)).await.unwrap();
        Self { client, base: format!("http://{}", server.address), pictures, downloads, violations: Mutex::default(), _profile: profile }
    }

    async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    async fn path(&self) -> String {
        self.client.current_url().await.unwrap().as_str().trim_start_matches(&self.base).to_owned()
    }

    async fn click(&self, css: &str) {
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).click().await.unwrap();
    }

    async fn press(&self, words: &str) {
        let xpath = format!("//*[self::a or self::button][normalize-space()='{words}']");
        self.client.find(Locator::XPath(&xpath)).await.unwrap_or_else(|e| panic!("{words}: {e}")).click().await.unwrap();
    }

    async fn write(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).text().await.unwrap()
    }

    async fn value(&self, css: &str) -> String {
        // In one step: an element that was found may be swapped out before it is asked.
        let value = self.client.execute("return document.querySelector(arguments[0])?.value", vec![json!(css)]).await.unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says `words`.
    async fn wait_for(&self, words: &str) {
        for _ in 0..300 {
            // The page may be on its way out just then.
            if let Ok(body) = self.client.find(Locator::Css("body")).await
                && body.text().await.is_ok_and(|t| t.contains(words))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("「{words}」 does not come: {}", self.text("body").await);
    }

    /// Types into whatever has the focus.
    async fn keys(&self, keys: &str) {
        for _ in 0..100 {
            // What had the focus may be replaced just then, and has got no key.
            if let Ok(focus) = self.client.active_element().await
                && focus.send_keys(keys).await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing takes the keys {keys}");
    }

    /// Waits until a script's value is `true`.
    async fn until(&self, script: &str) {
        for _ in 0..300 {
            if self.client.execute(&format!("return {script}"), vec![]).await.is_ok_and(|v| v == json!(true)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never: {script} at {}: {}", self.path().await, self.text("body").await);
    }

    /// Nothing on this page breaks WCAG 2.2 AA, as far as axe can tell.
    async fn accessible(&self, name: &str) {
        self.client.execute(include_str!("axe/axe.min.js"), vec![]).await.unwrap();
        let script = "const done = arguments[0];
            axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
               .then(r => done(r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')}`)));";
        let violations = self.client.execute_async(script, vec![]).await.unwrap();
        // All of them are told at the end, not only those of the first page.
        self.violations.lock().unwrap().extend(violations.as_array().unwrap().iter().map(|v| format!("{name}: {v}")));
    }

    async fn sign_in(&self, email: &str) {
        self.go("/sign-in").await;
        self.write("#email", email).await;
        self.write("#password", PASSWORD).await;
        self.press("サインイン").await;
        self.wait_for("質問票").await;
    }

    async fn picture(&self, name: &str) {
        std::fs::write(self.pictures.join(name), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Waits until a download is there; its name and bytes.
    async fn downloaded(&self) -> (String, Vec<u8>) {
        for _ in 0..200 {
            let files = std::fs::read_dir(self.downloads.path()).unwrap().map(|f| f.unwrap().path());
            if let Some(file) = files.into_iter().find(|f| f.extension().is_some_and(|e| e == "xlsx")) {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                return (name, std::fs::read(file).unwrap());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing was downloaded");
    }

    /// Uploads a fixture under the client's name for it.
    async fn upload(&self, fixture_name: &str, file_name: &str, client: &str) {
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
        self.press("この内容でレビューへ進む").await;
        self.wait_for("承認").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_goes_the_whole_way() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let browser = Browser::open(&driver, &server, DESK).await;
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
    browser.wait_for("36問が未回答です").await;
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
        let browser = Browser::open(&driver, &server, setup).await;
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
    let browser = Browser::open(&driver, &server, Setup { scripts: false, ..DESK }).await;
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
    let one = Browser::open(&driver, &server, DESK).await;
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
    let two = Browser::open(&driver, &server, Setup { dark: true, ..DESK }).await;
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
        one.until(&format!("Number(document.querySelector('[data-left]').textContent) === {}", left.as_i64().unwrap() - 1)).await;
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

    for (path, name) in [("/", "list"), ("/charts", "charts"), ("/audit", "audit"), ("/account", "account"), ("/standard", "standard"), ("/upload", "upload"), ("/nothing", "not-found")] {
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

    let phone = Browser::open(&driver, &server, Setup { size: (500, 900), ..DESK }).await;
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
