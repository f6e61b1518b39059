//! What the tests share: the service in this process with a fresh database and a fake clock, the service as a process of its
//! own, fixtures, and requests in one line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kaitou::accounts::Accounts;
use kaitou::clock::Clock;
use kaitou::people::{By, Roles};
use kaitou::pipeline::{Library, Pipeline, Sources, Worker};
use kaitou::store::{NewQuestionnaire, Store};
use kaitou::web::{App, router};
use kaitou::workbook::Limits;
use tempfile::TempDir;
use tower::ServiceExt;

/// The time when every test begins: 10:00 in Japan.
pub const START: &str = "2026-04-01T01:00:00Z";

/// The path of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The bytes of a fixture.
pub fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap_or_else(|e| panic!("fixture {name}: {e}"))
}

/// The folder in which the tests' dictionary is built once and for all.
pub fn dictionary_folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dictionary-for-tests");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// The service in this process.
pub struct TestApp {
    pub store: Store,
    pub pipeline: Pipeline,
    pub clock: Clock,
    /// Signing in.
    pub accounts: Accounts,
    router: Router,
    worker: Worker,
    folder: TempDir,
}

impl TestApp {
    /// With the sample standard sheet.
    pub async fn new() -> Self {
        let app = Self::empty(Limits::default()).await;
        app.pipeline.import_standard("standard-sheet.xlsx", fixture_bytes("standard-sheet.xlsx"), &By::this_machine()).await.expect("a good sheet");
        app
    }

    /// Without a standard sheet.
    pub async fn empty(limits: Limits) -> Self {
        Self::in_folder(TempDir::new().expect("a temporary folder"), limits).await
    }

    async fn in_folder(folder: TempDir, limits: Limits) -> Self {
        let store = Store::open(folder.path()).await.expect("a database");
        let clock = Clock::fake(START.parse().expect("a time"));
        let sources = Sources { data: dictionary_folder(), ..Sources::default() };
        let library = Library::open(&sources).expect("the package mecab-ipadic is installed");
        let (pipeline, worker) = Pipeline::start(store.clone(), clock.clone(), limits, library).await.expect("a start");
        let accounts = Accounts::new(store.clone(), clock.clone());
        let url = "http://localhost".parse().expect("a URL");
        let app = App::new(store.clone(), pipeline.clone(), accounts.clone(), clock.clone(), limits, url);
        Self { router: router(app), store, pipeline, accounts, clock, worker, folder }
    }

    /// Ends the service and starts it again on the same data.
    pub async fn restart(self) -> Self {
        let Self { worker, store, folder, .. } = self;
        worker.shut_down().await;
        store.close().await;
        Self::in_folder(folder, Limits::default()).await
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Answers a request as it is.
    pub async fn raw(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.expect("the router never fails")).await
    }

    /// The body of an answer that does not end.
    pub async fn stream(&self, path: &str, cookie: &str) -> Body {
        let request = Request::get(path).header(header::HOST, "localhost").header(header::COOKIE, cookie).body(Body::empty());
        self.router.clone().oneshot(request.expect("a request")).await.expect("the router never fails").into_body()
    }

    /// `GET`, as a browser on this machine.
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, "localhost").body(Body::empty());
        self.raw(request.expect("a request")).await
    }

    /// `POST` of a form, as a browser on this machine.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = own(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(urlencoded(fields)));
        self.raw(request.expect("a request")).await
    }

    /// `POST` of a form with a file.
    pub async fn post_file(&self, path: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
        let (kind, body) = multipart(fields, file);
        let request = own(path).header(header::CONTENT_TYPE, kind).body(Body::from(body));
        self.raw(request.expect("a request")).await
    }

    /// Stores a file of `fixtures/clients` as if somebody had uploaded it, and waits until it can be reviewed; its id.
    pub async fn given(&self, name: &str) -> i64 {
        let new = NewQuestionnaire {
            client: "株式会社みなと商事".to_owned(),
            services: vec![],
            due: None,
            file_name: name.to_owned(),
            bytes: fixture_bytes(&format!("clients/{name}")),
        };
        let id = self.pipeline.upload(new, &By::this_machine()).await.expect("a workbook");
        self.wait_until_read(id).await;
        id
    }

    /// Uploads a file of `fixtures/clients` and waits until it can be reviewed; its id.
    pub async fn upload(&self, name: &str) -> i64 {
        let bytes = fixture_bytes(&format!("clients/{name}"));
        let fields = [("client", "株式会社みなと商事"), ("due", "2026-04-10")];
        let answer = self.post_file("/upload", &fields, Some((name, &bytes))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let id = answer.location().trim_start_matches("/questionnaires/").trim_end_matches("/mapping").parse().expect("an id");
        self.wait_until_read(id).await;
        id
    }

    /// Waits until questionnaire `id` is read, or could not be.
    pub async fn wait_until_read(&self, id: i64) {
        for _ in 0..600 {
            if !self.store.unread().await.expect("the database").contains(&id) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("questionnaire {id} was not read in 30 s");
    }

    /// Makes an account with `roles` (the first one has all) and signs it in; its session.
    pub async fn join(&self, name: &str, roles: Roles) -> Session<'_> {
        let email = format!("{name}@example.co.jp");
        let link = match self.accounts.first_link().await.expect("a database") {
            Some(link) => link,
            None => self.accounts.invite(&email, roles, &By::this_machine()).await.expect("a new address"),
        };
        let token = self.accounts.follow(link.shown(), &email, name, PASSWORD).await.expect("a good password");
        Session { app: self, cookie: format!("kaitou={}", token.shown()) }
    }

    /// Asks with whatever headers.
    pub async fn ask(&self, method: &Method, path: &str, cookie: Option<&str>, kind: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        if method != Method::GET {
            request = request.header(header::ORIGIN, "http://localhost").header("sec-fetch-site", "same-origin").header(header::CONTENT_TYPE, kind);
        }
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.raw(request.body(Body::from(body)).expect("a request")).await
    }

    /// Sends a decision on a question.
    pub async fn decide(&self, id: i64, position: u32, fields: &[(&str, &str)]) -> Answer {
        self.post(&format!("/questionnaires/{id}/questions/{position}"), fields).await
    }
}

/// Everybody's password in tests.
pub const PASSWORD: &str = "東の海と灯台の朝に鳴る鐘";

/// Somebody who is signed in.
pub struct Session<'a> {
    app: &'a TestApp,
    /// The cookie, as a browser sends it.
    pub cookie: String,
}

impl Session<'_> {
    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.app.ask(&Method::GET, path, Some(&self.cookie), "", Vec::new()).await
    }

    /// `POST` of a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = urlencoded(fields).into_bytes();
        self.app.ask(&Method::POST, path, Some(&self.cookie), FORM, body).await
    }
}

/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

fn own(path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::ORIGIN, "http://localhost")
        .header("sec-fetch-site", "same-origin")
}

/// An answer that was read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        // A stream of events has no end.
        let endless = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Vec::new() } else { body.collect().await.expect("a body").to_bytes().to_vec() };
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where it sends to.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A header's text; empty where it has none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("a readable header"))
    }
}

/// A form as a browser sends it.
pub fn urlencoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
}

/// A form with a file as a browser sends it: content type and body.
pub fn multipart(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        write!(body, "--kaitou-test\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").expect("memory");
    }
    if let Some((name, bytes)) = file {
        write!(body, "--kaitou-test\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n").expect("memory");
        body.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--kaitou-test--\r\n");
    ("multipart/form-data; boundary=kaitou-test".to_owned(), body)
}

/// The service as a process of its own. Dropping it kills it.
pub struct Server {
    pub child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// The path of the link for the first administrator, where there are no accounts.
    pub first: Option<String>,
}

impl Server {
    /// Starts it on a free port and waits until it can be asked.
    pub fn start(data: &Path) -> Self {
        Self::start_on(data, "127.0.0.1:0")
    }

    /// Starts it on an address.
    pub fn start_on(data: &Path, listen: &str) -> Self {
        let mut child = serve(data, listen).stdout(Stdio::piped()).spawn().expect("kaitou starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let first = lines.next().expect("a line").expect("text");
        let address = first.split_once("http://").and_then(|(_, rest)| rest.split_once('/')).expect("an address").0.to_owned();
        let said: Vec<String> = lines.by_ref().map(|l| l.expect("text")).take_while(|l| !l.contains("Ctrl+C")).collect();
        let first = said.iter().find_map(|l| l.split_once("/join/")).map(|(_, token)| format!("/join/{token}"));
        // Read on, so that the pipe never fills and never breaks.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, first }
    }

    /// Where a browser finds it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One request and its whole answer: status and text.
    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        )?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1).and_then(|s| s.parse().ok());
        Ok((status.ok_or(std::io::ErrorKind::UnexpectedEof)?, text))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `kaitou serve` with the sample standard sheet, in an environment of its own.
pub fn serve(data: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaitou"));
    command.args(["serve", "--listen", listen, "--data"]).arg(data).arg("--standard").arg(fixture("standard-sheet.xlsx"));
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("KAITOU_")) {
        command.env_remove(name);
    }
    // The dictionary is built once for all tests: a link to it stands in for the one in the data folder.
    let shared = dictionary_folder().join("dictionary");
    if shared.exists() && !data.join("dictionary").exists() {
        std::os::unix::fs::symlink(shared, data.join("dictionary")).expect("a link");
    }
    command
}
