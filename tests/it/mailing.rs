//! Letters: the mail server is away, and comes back.

use std::time::Duration;

use chayan::foundation::web::server_config;
use chayan::identity::{self, CodePurpose};
use chayan::ledger::LeafKind;
use chayan::roles::demo::sink::Sink;
use serde_json::Value;

use crate::auditing::Role;
use crate::support::{FIRST_DAY, Town, moment};

/// Confirms the first finding as an officer would, through the console.
async fn confirm_one(town: &Town) {
    let person =
        town.house.store.read("test.person", |conn| identity::person_called(conn, "lin.yue"));
    let person = person.await.unwrap().unwrap();
    let life = Duration::from_secs(3600);
    let code = identity::mint_code(&town.house, person.id, CodePurpose::Entry, life).await.unwrap();
    let http = town.http();
    let origin = town.console_origin();
    let entered = http
        .post(format!("{origin}/enter"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("csrf=&code={code}"))
        .send()
        .await
        .unwrap();
    let cookie = entered.headers().get_all("set-cookie").iter().find_map(|value| {
        let text = value.to_str().unwrap();
        text.starts_with("__Host-chayan=").then(|| text.split(';').next().unwrap().to_owned())
    });
    let cookie = cookie.unwrap();
    let page = |path: String| {
        let (http, cookie) = (http.clone(), cookie.clone());
        let url = format!("{origin}{path}");
        async move { http.get(url).header("cookie", cookie).send().await.unwrap().text().await.unwrap() }
    };
    let list = page("/findings".to_owned()).await;
    let ids = list.split("/findings/").skip(1).map(|rest| rest.split('"').next().unwrap());
    let id = ids.into_iter().find(|id| id.len() == 36).unwrap().to_owned();
    let finding = page(format!("/findings/{id}")).await;
    let csrf = finding.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = http
        .post(format!("{origin}/findings/{id}/confirm"))
        .header("cookie", &cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("csrf={csrf}&reason=checked&deadline=2026-04-06"))
        .send()
        .await
        .unwrap();
    assert!(answer.status().as_u16() < 400, "{}", answer.text().await.unwrap());
    assert_eq!(town.leaves_until(LeafKind::NoticeQueued, 1).await.len(), 1);
}

async fn results(town: &Town) -> Vec<Value> {
    town.leaves(LeafKind::NoticeResult).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_waits_for_the_mail_server_and_arrives_once_it_is_back() {
    let town = Town::start().await;
    let client = town.client(town.inn());
    client.push(&town.batch(town.inn(), FIRST_DAY, 5, 3).await).await.unwrap();
    town.clock.set(moment("2026-03-04", "02:16:00")).unwrap();
    assert!(!town.leaves_until(LeafKind::Finding, 1).await.is_empty());
    tokio::time::sleep(Duration::from_millis(2500)).await;
    confirm_one(&town).await;

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let away = [
        ("SMTP_URL", format!("smtps://localhost:{port}")),
        ("SMTP_CA", town.ca().display().to_string()),
    ];
    let notify = Role(town.spawn_with("notify", &away));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(results(&town).await.is_empty(), "nobody is there to take it");
    drop(notify);

    let folder = town.folder.path().join("mail");
    let tls = town.folder.path().join("tls");
    let tls = server_config(&tls.join("cert.pem"), &tls.join("key.pem")).unwrap();
    let sink = Sink::start(tls, &folder).await.unwrap();
    town.clock.advance(Duration::from_secs(7 * 3600)).unwrap();
    let back = [
        ("SMTP_URL", format!("smtps://localhost:{}", sink.port())),
        ("SMTP_CA", town.ca().display().to_string()),
    ];
    let _notify = Role(town.spawn_with("notify", &back));
    let sent = town.leaves_until(LeafKind::NoticeResult, 1).await;
    for _ in 0..80 {
        if sink.kept() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(sink.kept(), 1, "{sent:?} {}", town.log_of("notify"));
    let letter = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(letter).unwrap();
    let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert!(message.message_id().is_some());
    let text = message.body_text(0).unwrap();
    assert!(text.contains("鹤壁") || text.contains("仙鹤宾馆"), "{text}");
    assert!(!text.contains("林小满"));
}
