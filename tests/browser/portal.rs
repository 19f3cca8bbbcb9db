//! The portal in a real browser: a manager on a phone sets up the browser, seals a record, closes
//! the day, signs a nil return; what left the browser opens with the department's key and keeps
//! the rules of its pack.

use std::time::Duration;

use chayan::audits::{Outcome, judge_line};
use chayan::foundation::crypto::jwe;
use chayan::foundation::crypto::sealing::OpeningKey;
use chayan::foundation::db::StoreError;
use chayan::foundation::time::Timestamp;
use chayan::foundation::web::Lang;
use chayan::identity::{self, Actor, CodePurpose, Invitation};
use chayan::intake;
use chayan::keys::{self, Opener, files};
use chayan::ledger::LeafKind;
use chayan::rules::{Packs, Place};
use thirtyfour::prelude::*;

use crate::Browser;
use crate::support::{FIRST_DAY, Town};

/// A manager of the inn, signed in.
async fn manager(town: &Town, browser: &Browser) {
    let invitation = Invitation {
        login: "inn.manager".into(),
        name: "周静".into(),
        administrator: true,
        lang: Lang::Zh,
    };
    let holder = town.inn().holder;
    let made = identity::represent(&town.house, Actor::Command, holder, &invitation);
    let life = Duration::from_secs(600);
    let code = identity::mint_code(&town.house, made.await.unwrap(), CodePurpose::Entry, life);
    let address = format!("{}/enter?code={}", town.console_origin(), code.await.unwrap());
    browser.driver.goto(address).await.unwrap();
    browser.driver.find(By::Css("main button")).await.unwrap().click().await.unwrap();
}

async fn click(browser: &Browser, css: &str) {
    let found = browser.driver.query(By::Css(css)).first().await.unwrap();
    found.scroll_into_view().await.unwrap();
    found.click().await.unwrap();
}

/// Waits until the page says something that contains `text`.
async fn said(browser: &Browser, text: &str) {
    let mut told = String::new();
    for _ in 0..200 {
        told = browser.driver.find(By::Id("said")).await.unwrap().text().await.unwrap();
        if told.contains(text) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the page says {told:?} and not {text:?}: {:?}", browser.complaints().await);
}

async fn set(browser: &Browser, member: &str, value: &str) {
    let script = "const field = document.getElementById(`m-${arguments[0]}`);\
                  field.value = arguments[1];\
                  field.dispatchEvent(new Event('change', { bubbles: true }));\
                  return field.value;";
    let arguments = vec![serde_json::json!(member), serde_json::json!(value)];
    let kept: String = browser.driver.execute(script, arguments).await.unwrap().convert().unwrap();
    assert_eq!(kept, value, "{member}");
}

/// What the sealed records of the inn's day show to who opens them: outcome and failures.
async fn opened(town: &Town) -> Vec<(Outcome, Vec<String>)> {
    let folder = town.folder.path().join("keys/audit");
    let opener = Opener::new(files::load_root(&folder.join("root.key")).unwrap(), &folder);
    let stream = town.inn().stream;
    let read = town.house.store.read("test", move |conn| {
        let mut lines = Vec::new();
        for batch in intake::batches_since(conn, stream, Timestamp::from_seconds(0))? {
            let count = u32::try_from(batch.count).unwrap();
            for position in 0..count {
                let line = intake::line(conn, batch.id, position)?.unwrap();
                let kid = jwe::header(&line).unwrap().kid;
                lines.push((batch.first + i64::from(position), line, keys::find(conn, &kid)?));
            }
        }
        Ok::<_, StoreError>(lines)
    });
    let packs = Packs::embedded();
    let pack = packs.pack("lodging/2026.1").unwrap();
    let judged = read.await.unwrap().into_iter().map(|(seq, line, key)| {
        let scalar = opener.unwrap(&key.unwrap()).unwrap();
        let key = scalar.expose(OpeningKey::from_bytes).unwrap();
        let stream = town.inn().stream.to_string();
        let place = Place {
            stream: &stream,
            seq: u64::try_from(seq).unwrap(),
            day: FIRST_DAY,
            subtype: None,
            amends: None,
        };
        let judged = judge_line(&line, |_| Some(&key), pack, &place);
        let failures = judged.failures.iter().map(|failure| failure.rule.clone()).collect();
        (judged.outcome, failures)
    });
    judged.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_seals_a_day_in_the_browser_and_signs_it() {
    let town = Town::start().await;
    let browser = Browser::open().await;
    let (driver, origin) = (&browser.driver, town.console_origin());
    manager(&town, &browser).await;
    driver.goto(format!("{origin}/portal")).await.unwrap();
    browser.look("portal-zh").await;
    driver.goto(format!("{origin}/portal/people")).await.unwrap();
    browser.look("portal-people-zh").await;
    driver.goto(format!("{origin}/portal/keys")).await.unwrap();
    browser.look("portal-keys-zh").await;
    driver.goto(format!("{origin}/portal/openings")).await.unwrap();
    browser.look("portal-openings-zh").await;

    driver.goto(format!("{origin}/portal/records")).await.unwrap();
    click(&browser, "#make-key").await;
    said(&browser, "可签名").await;
    browser.look("portal-records-zh").await;
    let page = format!("{origin}/portal/records/{}/{FIRST_DAY}", town.inn().stream);
    driver.goto(&page).await.unwrap();
    driver.query(By::Css("#fields select")).first().await.unwrap();
    let minute = |time: &str| format!("{FIRST_DAY}T{time}");
    for (member, value) in [
        ("event", "check_in"),
        ("occurred_at", minute("08:00").as_str()),
        ("registered_at", minute("08:05").as_str()),
        ("subject_kind", "person"),
        ("subject_name", "林小满"),
        ("id_doc_type", "111"),
        ("id_doc_no", "410699199001120234"),
        ("verify_method", "reader"),
        ("verify_result", "pass"),
        ("operator_id", "front-1"),
        ("source_no", "P-1"),
        ("room_no", "0806"),
        ("guests_in_room", "1"),
        ("minor", "false"),
    ] {
        set(&browser, member, value).await;
    }
    browser.look("portal-day-zh").await;
    click(&browser, "#add").await;
    set(&browser, "source_no", "P-2").await;
    set(&browser, "room_no", "").await;
    click(&browser, "#add").await;
    let rows = driver.find(By::Id("rows")).await.unwrap().text().await.unwrap();
    assert!(rows.contains("缺少"), "{rows}");
    click(&browser, "#rows > li:nth-child(2) > button").await;
    let csv = "旅客姓名,event,occurred_at,registered_at,subject_kind,id_doc_type,id_doc_no,verify_method,\
               verify_result,operator_id,source_no,room_no,guests_in_room,minor\n\
               何大雪,check_in,2026-03-02 08:10,2026-03-02 08:12,person,111,410699199001120234,reader,\
               pass,front-1,P-3,0807,1,否\n";
    let paste = "document.getElementById('paste').value = arguments[0]";
    driver.execute(paste, vec![serde_json::json!(csv)]).await.unwrap();
    click(&browser, "#read").await;
    click(&browser, "#send").await;
    said(&browser, "收到 2 条").await;
    assert_eq!(town.leaves_until(LeafKind::Batch, 1).await.len(), 1);
    let opened = opened(&town).await;
    assert_eq!(opened, vec![(Outcome::Pass, Vec::new()); 2], "sealed as the audit opens it");

    click(&browser, "#close").await;
    said(&browser, "已关账").await;
    assert_eq!(town.leaves_until(LeafKind::DayClose, 1).await.len(), 1);
    driver.goto(format!("{origin}/portal/receipts")).await.unwrap();
    browser.look("portal-receipts-zh").await;
    assert!(browser.text().await.contains("1–2"));
    assert_eq!(town.faults().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_landlord_signs_in_two_clicks_that_nobody_came() {
    let town = Town::start().await;
    let browser = Browser::open().await;
    let (driver, origin) = (&browser.driver, town.console_origin());
    manager(&town, &browser).await;
    driver.goto(format!("{origin}/portal/records")).await.unwrap();
    click(&browser, "#make-key").await;
    said(&browser, "可签名").await;
    driver.set_window_rect(0, 0, 360, 780).await.unwrap();
    click(&browser, "button.nil").await;
    click(&browser, "#sure-yes").await;
    said(&browser, "零报告").await;
    let closes = town.leaves_until(LeafKind::DayClose, 1).await;
    assert_eq!(closes.len(), 1);
    driver.goto(format!("{origin}/portal")).await.unwrap();
    assert!(browser.text().await.contains("零报告"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}
