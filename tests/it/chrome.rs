//! A real browser, driven as a person would. Pictures go into the folder named by `KAITOU_SCREENSHOTS` or else below the target
//! folder.

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

/// chromedriver on a free port. Dropping it ends it, and with it its browsers.
pub struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    /// Starts it.
    pub fn start() -> Self {
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

/// A browser of its own: no cookie or cache is shared.
pub struct Browser {
    pub client: Client,
    base: String,
    pictures: PathBuf,
    pub downloads: TempDir,
    /// What axe found on the pages it was asked about.
    pub violations: Mutex<Vec<String>>,
    _profile: TempDir,
}

/// How a browser is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    pub dark: bool,
    pub scripts: bool,
    pub size: (u32, u32),
}

pub const DESK: Setup = Setup { dark: false, scripts: true, size: (1280, 720) };

impl Browser {
    /// Opens one that looks at the service at `base`.
    pub async fn open(driver: &Driver, base: String, setup: Setup) -> Self {
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
        Self { client, base, pictures, downloads, violations: Mutex::default(), _profile: profile }
    }

    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().as_str().trim_start_matches(&self.base).to_owned()
    }

    pub async fn click(&self, css: &str) {
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).click().await.unwrap();
    }

    pub async fn press(&self, words: &str) {
        let xpath = format!("//*[self::a or self::button][normalize-space()='{words}']");
        // The page that has it may still be on its way.
        let found = self.client.wait().at_most(Duration::from_secs(15)).for_element(Locator::XPath(&xpath)).await;
        found.unwrap_or_else(|e| panic!("{words}: {e}")).click().await.unwrap();
    }

    pub async fn write(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).text().await.unwrap()
    }

    pub async fn value(&self, css: &str) -> String {
        // In one step: an element that was found may be swapped out before it is asked.
        let value = self.client.execute("return document.querySelector(arguments[0])?.value", vec![json!(css)]).await.unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says `words`.
    pub async fn wait_for(&self, words: &str) {
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
    pub async fn keys(&self, keys: &str) {
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
    pub async fn until(&self, script: &str) {
        for _ in 0..300 {
            if self.client.execute(&format!("return {script}"), vec![]).await.is_ok_and(|v| v == json!(true)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never: {script} at {}: {}", self.path().await, self.text("body").await);
    }

    /// Nothing on this page breaks WCAG 2.2 AA, as far as axe can tell.
    pub async fn accessible(&self, name: &str) {
        self.client.execute(include_str!("axe/axe.min.js"), vec![]).await.unwrap();
        let script = "const done = arguments[0];
            axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
               .then(r => done(r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')}`)));";
        let violations = self.client.execute_async(script, vec![]).await.unwrap();
        // All of them are told at the end, not only those of the first page.
        self.violations.lock().unwrap().extend(violations.as_array().unwrap().iter().map(|v| format!("{name}: {v}")));
    }

    pub async fn picture(&self, name: &str) {
        std::fs::write(self.pictures.join(name), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Waits until a download is there; its name and bytes.
    pub async fn downloaded(&self) -> (String, Vec<u8>) {
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
}
