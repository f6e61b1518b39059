//! Nothing is lost, and what was kept can be proved: backup, restore, the audit log, a thousand saves and a kill.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kaitou::store::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use crate::harness::{FORM, Server, fixture_bytes, multipart, urlencoded};

fn kaitou(arguments: &[&str], data: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaitou"));
    let output = command.args(arguments).arg("--data").arg(data).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn upload(server: &Server) {
    let (kind, body) = multipart(&[("client", "甲社")], Some(("a.xlsx", &fixture_bytes("clients/several-sheets.xlsx"))));
    assert_eq!(server.ask("POST", "/upload", &kind, &body).unwrap().0, 303);
    wait(server);
}

fn wait(server: &Server) {
    let begin = Instant::now();
    while !server.ask("GET", "/questionnaires/1", "", b"").unwrap().1.contains("class=\"decide\"") {
        assert!(begin.elapsed() < Duration::from_secs(60), "not read");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn decide(server: &Server, position: usize, revision: usize, text: &str) -> std::io::Result<u16> {
    let form = urlencoded(&[("action", "save"), ("revision", &revision.to_string()), ("text", text)]);
    Ok(server.ask("POST", &format!("/questionnaires/1/questions/{position}"), FORM, form.as_bytes())?.0)
}

#[test]
fn a_backup_is_made_while_people_work_and_comes_back_whole() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = elsewhere.path().join("kaitou.backup");
    let server = Server::start(data.path());
    upload(&server);
    for position in 1..=20 {
        assert_eq!(decide(&server, position, 0, &format!("回答{position}")).unwrap(), 303);
    }
    let (code, said) = kaitou(&["backup", file.to_str().unwrap()], data.path());
    assert_eq!((code, said.contains("バックアップしました")), (Some(0), true), "{said}");
    assert_eq!(decide(&server, 21, 0, "バックアップのあと").unwrap(), 303, "the service goes on");
    let (code, said) = kaitou(&["backup", file.to_str().unwrap()], data.path());
    assert_eq!((code, said.contains("上書きはしません")), (Some(2), true), "{said}");
    drop(server);

    let restored = elsewhere.path().join("data");
    let (code, said) = kaitou(&["restore", file.to_str().unwrap()], &restored);
    assert_eq!((code, said.contains("復元しました")), (Some(0), true), "{said}");
    let (code, said) = kaitou(&["restore", file.to_str().unwrap()], &restored);
    assert_eq!((code, said.contains("上書きはしません")), (Some(2), true), "{said}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let read = |folder: &Path| {
        runtime.block_on(async {
            let store = Store::open(folder).await.unwrap();
            let all = (store.questionnaires().await.unwrap(), store.questions(1).await.unwrap(), store.original(1).await.unwrap());
            let log = store.audit(None, 1000).await.unwrap();
            store.close().await;
            (all, log)
        })
    };
    let ((questionnaires, mut questions, original), mut log) = read(data.path());
    let ((q2, questions2, original2), log2) = read(&restored);
    // What came after the backup is all that differs.
    questions[20].review = questions2[20].review.clone();
    log.remove(0);
    assert_eq!((questions, original, log), (questions2, original2, log2));
    assert_eq!(questionnaires[0].client, q2[0].client);
    // It serves.
    let server = Server::start(&restored);
    assert!(server.ask("GET", "/questionnaires/1?at=20", "", b"").unwrap().1.contains("回答20"));
    drop(server);

    // A damaged copy is refused.
    let mut bytes = std::fs::read(&file).unwrap();
    let length = bytes.len();
    bytes.truncate(length / 2);
    let half = elsewhere.path().join("half");
    std::fs::write(&half, &bytes).unwrap();
    let (code, said) = kaitou(&["restore", half.to_str().unwrap()], &elsewhere.path().join("other"));
    assert_eq!((code, said.contains("壊れているか")), (Some(2), true), "{said}");
    let (code, said) = kaitou(&["backup", "/tmp/never"], &elsewhere.path().join("nothing"));
    assert_eq!((code, said.contains("データがありません")), (Some(2), true), "{said}");
}

#[test]
fn a_changed_audit_log_is_found_out() {
    let data = TempDir::new().unwrap();
    let server = Server::start(data.path());
    upload(&server);
    for position in 1..=3 {
        assert_eq!(decide(&server, position, 0, "回答").unwrap(), 303);
    }
    drop(server);
    let (code, said) = kaitou(&["audit", "verify"], data.path());
    assert_eq!((code, said.contains("書き換えられていません") && said.contains("5件")), (Some(0), true), "{said}");
    let head = said.split("ハッシュ ").nth(1).unwrap().trim().to_owned();
    assert_eq!(kaitou(&["audit", "verify", "--contains", &head], data.path()).0, Some(0));

    let tamper = |sql: &'static str| {
        let options = SqliteConnectOptions::new().filename(data.path().join("kaitou.sqlite"));
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            for sql in ["DROP TRIGGER IF EXISTS audit_is_never_changed", "DROP TRIGGER IF EXISTS audit_is_never_deleted", sql] {
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
            connection.close().await.unwrap();
        });
    };
    tamper("DELETE FROM audit WHERE number = 5");
    assert_eq!(kaitou(&["audit", "verify"], data.path()).0, Some(0), "a cut end shows only to who noted its hash");
    let (code, said) = kaitou(&["audit", "verify", "--contains", &head], data.path());
    assert_eq!((code, said.contains("末尾の記録が削除")), (Some(2), true), "{said}");
    tamper("UPDATE audit SET after = 'declined' WHERE number = 4");
    let (code, said) = kaitou(&["audit", "verify"], data.path());
    assert_eq!((code, said.contains("4番") && said.contains("書き換えられています")), (Some(2), true), "{said}");
}

#[test]
fn of_a_thousand_saves_and_a_kill_none_is_lost_that_was_answered() {
    let data = TempDir::new().unwrap();
    let first = Server::start(data.path());
    upload(&first);
    drop(first);
    let mut saved: Vec<(usize, String)> = Vec::new();
    let mut stands = [0_usize; 110];
    let mut sent = 0;
    let mut kills = 0;
    while sent < 1000 {
        let server = Server::start(data.path());
        let pid = server.child.id().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(700));
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        while sent < 1000 {
            let position = sent % 109 + 1;
            let text = format!("{sent}番目");
            match decide(&server, position, stands[position], &text) {
                Ok(303) => {
                    stands[position] += 1;
                    saved.push((position, text));
                }
                // Saved, and the answer was cut off by the kill: the next one is based on it.
                Ok(409) => stands[position] += 1,
                Ok(other) => panic!("{other}"),
                Err(_) => {
                    kills += 1;
                    break;
                }
            }
            sent += 1;
        }
        killer.join().unwrap();
    }
    assert!(kills > 0, "killed in the midst");
    assert!(saved.len() > 900, "{}", saved.len());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(data.path()).await.unwrap();
        let mut kept = std::collections::HashSet::new();
        for position in 1..=109_u32 {
            for decided in store.history(1, position).await.unwrap() {
                kept.insert((position as usize, decided.review.state.answer().unwrap().text.clone()));
            }
        }
        for one in &saved {
            assert!(kept.contains(one), "{one:?}");
        }
        assert!(store.verify_audit().await.unwrap().is_ok());
    });
}
