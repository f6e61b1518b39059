//! The service as a process: how it starts, how it refuses to, and that what it said was saved is saved.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kaitou::store::Store;
use tempfile::TempDir;

use crate::harness::{FORM, PASSWORD, Server, fixture_bytes, multipart, serve, urlencoded};

/// Runs a command that must end by itself: exit code and standard error.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn addresses_that_others_reach_are_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let (code, message) = refused(&mut serve(folder.path(), address));
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains("このマシン内のアドレス") && message.lines().count() == 1, "{message}");
    }
    assert!(!folder.path().join("kaitou.sqlite").exists(), "nothing is written");
    // A database without accounts is no better.
    drop(Server::start(folder.path()));
    let (code, message) = refused(&mut serve(folder.path(), "0.0.0.0:0"));
    assert_eq!((code, message.contains("このマシン内のアドレス")), (Some(2), true), "{message}");
    let (code, message) = refused(&mut serve(folder.path(), "somewhere"));
    assert_eq!((code, message.contains("アドレスとして読めません")), (Some(2), true), "{message}");
}

#[test]
fn the_first_link_makes_the_administrator_and_opens_other_addresses() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let first = server.first.clone().expect("a link");
    let form = urlencoded(&[("email", "kanri@example.co.jp"), ("name", "管理 花子"), ("password", PASSWORD)]);
    let (status, text) = server.ask("POST", &first, FORM, form.as_bytes()).unwrap();
    assert_eq!(status, 303, "{text}");
    assert!(text.contains("HttpOnly; SameSite=Lax"), "{text}");
    assert_eq!(server.ask("GET", &first, "", b"").unwrap().0, 410, "it works once");
    assert_eq!(server.ask("GET", "/", "", b"").unwrap().0, 303, "from now on one signs in");
    drop(server);
    // Nobody is asked to make an administrator again, and other addresses are allowed.
    let server = Server::start_on(folder.path(), "0.0.0.0:0");
    assert_eq!(server.first, None);
    let (status, text) = server.ask("GET", "/", "", b"").unwrap();
    assert_eq!((status, text.contains("/sign-in")), (303, true), "{text}");
}

#[test]
fn what_is_in_use_is_refused_with_the_reason() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Server::start(first.path());
    let (code, message) = refused(&mut serve(second.path(), &server.address));
    assert_eq!((code, message.contains("ほかのプログラムが使っています")), (Some(2), true), "{message}");
    let (code, message) = refused(&mut serve(first.path(), "127.0.0.1:0"));
    assert_eq!((code, message.contains("別の kaitou がこのデータフォルダを使っています")), (Some(2), true), "{message}");
}

#[test]
fn a_bad_standard_sheet_is_named() {
    let folder = TempDir::new().unwrap();
    let sheet = folder.path().join("標準.xlsx");
    std::fs::write(&sheet, b"x").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaitou"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path()).arg("--standard").arg(&sheet);
    let (code, message) = refused(&mut command);
    assert_eq!((code, message.contains("標準.xlsx: Excelブック")), (Some(2), true), "{message}");
    command.args(["--ipadic", "/nowhere"]);
    let (code, message) = refused(&mut command);
    assert_eq!((code, message.contains("/nowhere")), (Some(2), true), "{message}");
}

#[test]
fn it_ends_in_order_when_told_to() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    assert_eq!(server.ask("GET", "/", "", b"").unwrap().0, 200);
    let told = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let begin = Instant::now();
    let status = loop {
        match server.child.try_wait().unwrap() {
            Some(status) => break status,
            None if begin.elapsed() > Duration::from_secs(20) => panic!("still running"),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_killed_server_loses_nothing_that_it_said_was_saved() {
    let folder = TempDir::new().unwrap();
    let (kind, body) = multipart(&[("client", "甲社")], Some(("a.xlsx", &fixture_bytes("clients/several-sheets.xlsx"))));
    let mut server = Server::start(folder.path());
    // Killed as soon as the upload is answered: it must be there, and be read by the next process.
    let (status, text) = server.ask("POST", "/upload", &kind, &body).unwrap();
    assert_eq!(status, 303, "{text}");
    server.child.kill().unwrap();
    server.child.wait().unwrap();

    let mut saved: Vec<(usize, String)> = Vec::new();
    let mut position = 1;
    for round in 0..3 {
        let server = Server::start(folder.path());
        let begin = Instant::now();
        while !server.ask("GET", "/questionnaires/1", "", b"").unwrap().1.contains("class=\"decide\"") {
            assert!(begin.elapsed() < Duration::from_secs(60), "not read");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Decisions one after another while another thread kills the process in their midst.
        let pid = server.child.id().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150 + 70 * round));
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        while position <= 109 {
            let text = format!("回答{position}");
            let form = urlencoded(&[("action", "save"), ("revision", "0"), ("text", &text)]);
            let path = format!("/questionnaires/1/questions/{position}");
            match server.ask("POST", &path, "application/x-www-form-urlencoded", form.as_bytes()) {
                Ok((303, _)) => saved.push((position, text)),
                Ok((409, _)) => {} // Saved in the round before, whose answer was cut off.
                Ok((status, text)) => panic!("{status}: {text}"),
                Err(_) => break,
            }
            position += 1;
        }
        killer.join().unwrap();
    }
    assert!(saved.len() > 3, "only {} saves before the kills", saved.len());
    let questions = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(folder.path()).await.unwrap();
        store.questions(1).await.unwrap()
    });
    for (position, text) in saved {
        let kept = questions[position - 1].review.state.answer().map(|a| a.text.clone());
        assert_eq!(kept, Some(text), "question {position}");
    }
}
