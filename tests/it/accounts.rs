//! Accounts: who gets in, who may do what, and what an attacker learns.

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use kaitou::people::{Role, Roles};
use kaitou::web::{Access, permissions};

use crate::harness::{FORM, PASSWORD, TestApp, fixture_bytes, multipart, urlencoded};

fn only(role: Role) -> Roles {
    [role].into_iter().collect()
}

/// Every route × every role, signed out included, against the one table.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_to_its_roles_and_closed_to_all_others() {
    let app = TestApp::new().await;
    let id = app.upload("free-text.xlsx").await;
    let _first = app.join("kanri", Roles::all()).await;
    let mut walked = 0;
    for who in [None, Some(Role::Sales), Some(Role::Reviewer), Some(Role::Approver), Some(Role::Administrator)] {
        let name = who.map_or("nobody", Role::name);
        for (method, path, access) in permissions() {
            // One account each, as some routes end sessions.
            let cookie = match who {
                Some(role) => Some(app.join(&format!("{name}{walked}"), only(role)).await.cookie),
                None => None,
            };
            walked += 1;
            // Ids that are not there do where something would change; rights are looked at before.
            let there = path.replace("{id}", if method == Method::GET { "1" } else { "999" }).replace("{position}", "1");
            let there = there.replace("{name}", "app.css").replace("{token}", "none").replace("{release}", "1").replace("{batch}", "1");
            let (kind, body) = match path {
                "/upload" | "/standard" => multipart(&[], None),
                _ => (FORM.to_owned(), Vec::new()),
            };
            let answer = app.ask(&method, &there, cookie.as_deref(), &kind, body).await;
            let allowed = match (access, who) {
                (Access::Anyone, _) | (Access::SignedIn, Some(_)) => true,
                (Access::SignedIn | Access::Roles(_), None) => false,
                (Access::Roles(roles), Some(role)) => roles.contains(&role),
            };
            let case = format!("{method} {there} as {name}: {} {}", answer.status, answer.location());
            match (allowed, who) {
                (true, _) => {
                    assert_ne!(answer.status, StatusCode::FORBIDDEN, "{case}");
                    assert!(answer.status != StatusCode::UNAUTHORIZED || path == "/sign-in", "{case}");
                    assert!(!answer.location().starts_with("/sign-in") || path.contains("sign-out"), "{case}");
                    assert!(answer.status.as_u16() < 500, "{case}");
                }
                (false, None) if method == Method::GET => {
                    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{case}");
                    assert!(answer.location().starts_with("/sign-in"), "{case}");
                }
                (false, None) => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}"),
                (false, Some(_)) => assert_eq!(answer.status, StatusCode::FORBIDDEN, "{case}"),
            }
            if !allowed {
                assert!(!answer.text().contains("みなと商事"), "{case}");
            }
        }
    }
    assert_eq!(walked, 5 * permissions().len());
    assert!(app.store.history(id, 1).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_account_on_everybody_signs_in() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/").await.status, StatusCode::OK, "before, this machine may do everything");
    let link = app.accounts.first_link().await.unwrap().unwrap();
    let path = format!("/join/{}", link.shown());
    let page = app.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("最初の管理者の登録"), "{}", page.text());

    let fields = |email, name, password| [("email", email), ("name", name), ("password", password)];
    for (sent, why) in [
        (fields("nonsense", "田中", PASSWORD), "メールアドレスは"),
        (fields("tanaka@example.co.jp", " ", PASSWORD), "名前を"),
        (fields("tanaka@example.co.jp", "田中", "short"), "12文字以上"),
    ] {
        let refused = app.post(&path, &sent).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(why), "{}", refused.text());
    }
    let joined = app.post(&path, &fields("Tanaka@Example.co.jp", "田中", PASSWORD)).await;
    assert_eq!((joined.status, joined.location()), (StatusCode::SEE_OTHER, "/"));
    let cookie = joined.header("set-cookie");
    assert!(cookie.starts_with("kaitou=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let token = cookie.split(';').next().unwrap().to_owned();
    assert!(!String::from_utf8_lossy(&std::fs::read(app.data().join("kaitou.sqlite-wal")).unwrap()).contains(&token[7..]), "only its hash is kept");

    assert_eq!(app.get("/").await.location(), "/sign-in");
    assert_eq!(app.get("/upload?x=1").await.location(), "/sign-in?next=%2Fupload%3Fx%3D1");
    assert_eq!(app.get(&path).await.status, StatusCode::GONE, "the link works once");
    assert_eq!(app.post(&path, &fields("b@example.co.jp", "乙", PASSWORD)).await.status, StatusCode::GONE);
    assert!(app.accounts.first_link().await.unwrap().is_none());

    let signed_in = app.post("/sign-in", &[("email", "tanaka@example.co.jp"), ("password", PASSWORD), ("next", "/upload")]).await;
    assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, "/upload"));
    for elsewhere in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let signed_in = app.post("/sign-in", &[("email", "tanaka@example.co.jp"), ("password", PASSWORD), ("next", elsewhere)]).await;
        assert_eq!(signed_in.location(), "/", "{elsewhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_and_everything_about_sessions() {
    let app = TestApp::new().await;
    let first = app.join("kanri", Roles::all()).await;
    let made = first.post("/people", &[("email", "sato@example.co.jp"), ("role", "sales"), ("role", "reviewer")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let page = made.text();
    let path = page.split_once("http://localhost").unwrap().1.split('<').next().unwrap().to_owned();
    let joined = app.post(&path, &[("email", "other@example.co.jp"), ("name", "佐藤"), ("password", PASSWORD)]).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    let people = app.store.people().await.unwrap();
    let sato = people.iter().find(|p| p.name == "佐藤").unwrap();
    assert_eq!((sato.email.as_str(), sato.roles.titles().as_str()), ("sato@example.co.jp", "営業・確認者"));
    assert!(first.post("/people", &[("email", "sato@example.co.jp"), ("role", "sales")]).await.text().contains("すでにあります"));

    let sign_in = async || {
        let answer = app.post("/sign-in", &[("email", "sato@example.co.jp"), ("password", PASSWORD)]).await;
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let get = async |cookie: &str| app.ask(&Method::GET, "/upload", Some(cookie), "", vec![]).await.status;
    let act = async |cookie: &str, path: &str| app.ask(&Method::POST, path, Some(cookie), FORM, vec![]).await.status;
    let (one, two, three) = (sign_in().await, sign_in().await, sign_in().await);
    assert_eq!([get(&one).await, get(&two).await], [StatusCode::OK; 2]);
    assert_eq!(act(&one, "/sign-out").await, StatusCode::SEE_OTHER);
    assert_eq!([get(&one).await, get(&two).await], [StatusCode::SEE_OTHER, StatusCode::OK]);
    assert_eq!(act(&two, "/account/sign-out").await, StatusCode::SEE_OTHER);
    assert_eq!([get(&two).await, get(&three).await], [StatusCode::SEE_OTHER; 2], "everywhere");

    // A session ends when it is not used.
    let idle = sign_in().await;
    app.clock.advance(SignedDuration::from_hours(11));
    assert_eq!(get(&idle).await, StatusCode::OK);
    app.clock.advance(SignedDuration::from_hours(11));
    assert_eq!(get(&idle).await, StatusCode::OK);
    app.clock.advance(SignedDuration::from_hours(13));
    assert_eq!(get(&idle).await, StatusCode::SEE_OTHER);

    // Whoever is stopped is out at once, and the last administrator can't be.
    let first = app.post("/sign-in", &[("email", "kanri@example.co.jp"), ("password", PASSWORD)]).await;
    let first = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let last = sign_in().await;
    let change = async |id: i64, body: &str| app.ask(&Method::POST, &format!("/people/{id}"), Some(&first), FORM, body.as_bytes().to_vec()).await;
    assert_eq!(change(sato.id, "role=sales").await.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&last).await, StatusCode::SEE_OTHER);
    let refused = change(1, "role=sales&active=yes").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("管理者が1人もいなくなる"), "{}", refused.text());

    // A link for a new password.
    assert_eq!(change(sato.id, "role=sales&active=yes").await.status, StatusCode::SEE_OTHER);
    let made = app.ask(&Method::POST, &format!("/people/{}/link", sato.id), Some(&first), FORM, vec![]).await.text();
    let path = made.split_once("http://localhost").unwrap().1.split('<').next().unwrap().to_owned();
    let new = "西の山と谷の夕べに吹く風";
    assert_eq!(app.post(&path, &[("password", new)]).await.status, StatusCode::SEE_OTHER);
    let signed_in = |password| [("email", "sato@example.co.jp"), ("password", password)];
    assert_eq!(app.post("/sign-in", &signed_in(PASSWORD)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.post("/sign-in", &signed_in(new)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.store.verify_audit().await.unwrap().map(|c| c.length > 8), Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_tell_nothing_and_are_slowed_down() {
    let app = TestApp::new().await;
    app.join("tanaka", Roles::all()).await;
    let try_out = async |email: &str, password: &str| {
        let answer = app.ask(&Method::POST, "/sign-in", None, FORM, urlencoded(&[("email", email), ("password", password)]).into_bytes()).await;
        (answer.status, answer.text().replace(email, "EMAIL"))
    };
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for n in 0..7 {
        known.push(try_out("tanaka@example.co.jp", &format!("wrong password {n}")).await);
        unknown.push(try_out("nobody@example.co.jp", &format!("wrong password {n}")).await);
    }
    assert_eq!(known, unknown, "whether somebody has an account does not show");
    let statuses: Vec<u16> = known.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    assert!(known[6].1.contains("分後にもう一度"), "{}", known[6].1);
    assert_eq!(try_out("tanaka@example.co.jp", PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS, "the right one waits, too");
    app.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(try_out("tanaka@example.co.jp", PASSWORD).await.0, StatusCode::SEE_OTHER);
    assert_eq!(try_out("tanaka@example.co.jp", "wrong").await.0, StatusCode::UNAUTHORIZED, "counted anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_can_do_nothing_with_somebodys_session() {
    let app = TestApp::new().await;
    let session = app.join("tanaka", Roles::all()).await;
    let (kind, body) = multipart(&[("client", "甲社")], Some(("a.xlsx", &fixture_bytes("clients/free-text.xlsx"))));
    let send = async |origin: Option<&str>, host: &str| {
        let mut request = axum::http::Request::post("/upload").header("host", host).header("content-type", &kind).header("cookie", &session.cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        app.raw(request.body(axum::body::Body::from(body.clone())).unwrap()).await.status
    };
    assert_eq!(send(Some("https://evil.example"), "kaitou.example.co.jp").await, StatusCode::FORBIDDEN);
    assert_eq!(send(Some("null"), "kaitou.example.co.jp").await, StatusCode::FORBIDDEN);
    assert_eq!(send(Some("https://kaitou.example.co.jp"), "kaitou.example.co.jp").await, StatusCode::SEE_OTHER);
}
