//! Putting right what was found, in a real browser: with the keys, with the mouse, without scripts, in the dark and on a phone.

use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::json;
use tempfile::TempDir;

use crate::chrome::{Browser, DESK, Driver, Setup};
use crate::harness::Server;

impl Browser {
    /// Presses the mouse on one element, moves it to another, and lets go.
    async fn drag(&self, from: &str, to: &str) {
        let element = async |css: &str| self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        let over = |element| PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let mouse = MouseActions::new("mouse".to_owned())
            .then(over(element(from).await))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(over(element(to).await))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(mouse).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_put_right_with_keys_and_mouse() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let browser = Browser::open(&driver, server.url(), DESK).await;
    browser.send("preamble-two-tier.xlsx", "調査票.xlsx", "株式会社みなと商事").await;
    browser.wait_for("40問と会社情報の欄6件を読み取りました").await;
    browser.accessible("mapping").await;
    browser.picture("mapping.png").await;

    // With the keys: two rows are picked from the row's number on and left out, and one is taken in again.
    browser.client.execute("document.querySelector('#r15 th button').focus()", vec![]).await.unwrap();
    browser.keys("\u{e008}\u{e015}\u{e000}").await;
    browser.until("document.querySelectorAll('.grid tr.picked').length === 2 && document.getElementById('last').value === '16'").await;
    browser.keys("x").await;
    browser.wait_for("40問 → 38問").await;
    browser.until("document.activeElement.closest('tr')?.id === 'r16'").await;
    browser.keys("\u{e007}").await;
    browser.wait_for("38問 → 39問").await;

    // With the mouse: three rows by drawing over them.
    browser.drag("#r17 td:nth-child(3)", "#r19 td:nth-child(3)").await;
    browser.until("document.getElementById('first').value === '17' && document.getElementById('last').value === '19'").await;
    browser.press("除外する").await;
    browser.wait_for("39問 → 36問").await;

    // The menu over a column: the texts go nowhere.
    browser.click("th[data-col='7'] button").await;
    browser.until("document.getElementById('roles-7').matches(':popover-open')").await;
    // What is half under the sheet's head is scrolled out, not too small.
    browser.client.execute("document.querySelector('.paper').scrollTo(0, 0)", vec![]).await.unwrap();
    browser.accessible("mapping, menu").await;
    browser.picture("mapping-menu.png").await;
    // Down from 記述 to the last.
    browser.until("document.activeElement.value === 'column:7:text'").await;
    for _ in 0..4 {
        browser.keys("\u{e015}").await;
    }
    browser.keys("\u{e007}").await;
    browser.wait_for("G列は「使わない」").await;
    browser.until("document.querySelectorAll('.grid td.text').length === 6").await;
    browser.client.execute("document.querySelector('.paper').scrollTo(0, 0)", vec![]).await.unwrap();
    browser.accessible("mapping, changed").await;
    browser.picture("mapping-changed.png").await;

    for (setup, name) in [(Setup { dark: true, ..DESK }, "dark"), (Setup { size: (500, 900), ..DESK }, "phone")] {
        let other = Browser::open(&driver, server.url(), setup).await;
        other.go("/questionnaires/1/mapping").await;
        other.picture(&format!("mapping-{name}.png")).await;
        other.accessible(&format!("mapping, {name}")).await;
        let wider = other.client.execute("return document.documentElement.scrollWidth > innerWidth", vec![]).await.unwrap();
        assert_eq!(wider, json!(false), "{name}");
        assert_eq!(*other.violations.lock().unwrap(), Vec::<String>::new());
        other.client.close().await.unwrap();
    }

    browser.press("この内容でレビューへ進む").await;
    browser.wait_for("承認").await;
    browser.until("document.querySelectorAll('.entries .row').length === 42").await;
    browser.press("読み取り結果…").await;
    browser.wait_for("36問と会社情報の欄6件を読み取りました").await;
    assert_eq!(*browser.violations.lock().unwrap(), Vec::<String>::new());

    // The same form once more: nothing is to be done.
    browser.send("preamble-two-tier.xlsx", "調査票（再送）.xlsx", "株式会社ほか商事").await;
    browser.wait_for("それでもアップロード").await;
    browser.press("それでもアップロード").await;
    browser.wait_for("同じ形式の質問票で指定された読み取り方を適用しました").await;
    browser.wait_for("36問と会社情報の欄6件を読み取りました").await;
    browser.picture("mapping-remembered.png").await;
    browser.client.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_put_right_without_scripts() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let driver = Driver::start();
    let browser = Browser::open(&driver, server.url(), Setup { scripts: false, ..DESK }).await;
    browser.send("plain-table.xlsx", "plain.xlsx", "乙社").await;
    browser.wait_for("を読み取りました").await;
    assert!(browser.client.find(Locator::Css("html.js")).await.is_err(), "scripts are off");
    browser.click("#r5 th button").await;
    browser.wait_for("5行目を除外").await;
    browser.click("th[data-col='5'] button").await;
    browser.click("#roles-5 button[value='column:5:nothing']").await;
    browser.wait_for("E列は「使わない」").await;
    browser.write("#first", "10").await;
    browser.write("#last", "12").await;
    browser.press("除外する").await;
    browser.wait_for("10〜12行目を除外").await;
    browser.press("この内容でレビューへ進む").await;
    browser.wait_for("承認").await;
    let rows = browser.client.find_all(Locator::Css(".entries .row")).await.unwrap();
    assert_eq!(rows.len(), 42);
    browser.client.close().await.unwrap();
}
