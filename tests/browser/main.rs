//! The console in a real headless Chromium: signing in, deciding, in both languages, wide and
//! narrow, by keyboard. What every page must stand is in [`browser`].

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may")]

use std::time::Duration;

use chayan::foundation::crypto::totp::TotpSecret;
use chayan::foundation::ids::PersonId;
use chayan::identity::{self, CodePurpose};
use chayan::ledger::LeafKind;
use thirtyfour::Key;
use thirtyfour::prelude::*;

mod browser;
mod following;
mod portal;
use browser::Browser;

#[expect(dead_code, reason = "each test binary uses a part of the town")]
#[path = "../support/mod.rs"]
mod support;
use support::{FIRST_DAY, Town, moment};

async fn person(town: &Town, login: &'static str) -> PersonId {
    let found =
        town.house.store.read("test.person", move |conn| identity::person_called(conn, login));
    found.await.unwrap().unwrap().id
}

/// A day with a gap and without a close, a day without anything: the night finds both.
async fn with_findings() -> Town {
    let town = Town::start().await;
    let inn = town.inn().clone();
    let client = town.client(&inn);
    client.push(&town.batch(&inn, FIRST_DAY, 1, 5).await).await.unwrap();
    client.push(&town.batch(&inn, FIRST_DAY, 9, 5).await).await.unwrap();
    town.clock.set(moment("2026-03-06", "02:16:00")).unwrap();
    for _ in 0..400 {
        if town.leaves(LeafKind::Finding).await.len() >= 3 {
            return town;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the night found nothing: {}", town.log_of("serve"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_enrols_signs_in_and_decides_by_keyboard() {
    let town = with_findings().await;
    let browser = Browser::open().await;
    let driver = &browser.driver;
    let origin = town.console_origin();
    let who = person(&town, "lin.yue").await;
    let life = Duration::from_secs(3600);
    let code = identity::mint_code(&town.house, who, CodePurpose::Enrol, life).await.unwrap();

    driver.goto(format!("{origin}/enrol?code={code}")).await.unwrap();
    browser.look("enrol").await;
    browser.tab_to("#password").await;
    browser.press("correct horse 27 battery").await;
    browser.tab_to("#again").await;
    browser.press("correct horse 27 battery").await;
    browser.press(Key::Enter + "").await;
    let secret = driver.find(By::Css("main .mono")).await.unwrap().inner_html().await.unwrap();
    let secret = TotpSecret::from_bytes(&base32(&secret));
    let now = || u64::try_from(town.clock.now().seconds()).unwrap();
    browser.look("authenticator").await;
    browser.tab_to("#first").await;
    browser.press(secret.code(now()).unwrap().as_str()).await;
    browser.press(Key::Enter + "").await;
    assert!(driver.current_url().await.unwrap().as_str().starts_with(&origin));

    driver.goto(format!("{origin}/")).await.unwrap();
    browser.look("overview-zh").await;
    assert!(driver.find(By::Css("form[action='/sign-out']")).await.is_ok(), "signed in");
    driver.goto(format!("{origin}/findings")).await.unwrap();
    browser.look("findings-zh").await;
    browser.press("j").await;
    browser.press(Key::Enter + "").await;
    browser.look("finding-zh").await;
    browser.tab_to("#confirm-reason").await;
    browser.press("已与门店核对，编号确有缺失。").await;
    browser.tab_to("#deadline").await;
    browser.tab_to("section[aria-labelledby=confirm] button").await;
    let day = "document.getElementById('deadline').value = '2026-04-06'";
    driver.execute(day, Vec::new()).await.unwrap();
    browser.press(Key::Enter + "").await;
    assert_eq!(town.leaves_until(LeafKind::FindingConfirmed, 1).await.len(), 1);
    driver.goto(format!("{origin}/cases")).await.unwrap();
    browser.look("cases-zh").await;
    browser.press("j").await;
    browser.press(Key::Enter + "").await;
    browser.look("case-zh").await;
    assert!(browser.text().await.contains("仙鹤宾馆"));
    every_page_in_english(&browser, &origin).await;

    driver.goto(format!("{origin}/")).await.unwrap();
    browser.tab_to("form[action='/sign-out'] button").await;
    browser.press(Key::Enter + "").await;
    driver.goto(format!("{origin}/findings")).await.unwrap();
    assert!(driver.current_url().await.unwrap().path().starts_with("/sign-in"));
    browser.close().await;
}

async fn every_page_in_english(browser: &Browser, origin: &str) {
    let driver = &browser.driver;
    driver.goto(format!("{origin}/")).await.unwrap();
    browser.tab_to("form[action='/language'] button").await;
    browser.press(Key::Enter + "").await;
    for (path, name) in [
        ("/", "overview-en"),
        ("/findings", "findings-en"),
        ("/cases", "cases-en"),
        ("/audits", "audits-en"),
        ("/holders", "holders-en"),
        ("/department", "department-en"),
        ("/oversight", "oversight-en"),
        ("/log", "log-en"),
        ("/publications", "publications-en"),
        ("/public", "public-en"),
        ("/public/police", "published-en"),
    ] {
        driver.goto(format!("{origin}{path}")).await.unwrap();
        browser.look(name).await;
        let lang = driver.find(By::Tag("html")).await.unwrap().attr("lang").await.unwrap();
        assert_eq!(lang.as_deref(), Some("en"), "{path}");
    }
    driver.goto(format!("{origin}/holders")).await.unwrap();
    browser.press("j").await;
    browser.press(Key::Enter + "").await;
    browser.look("holder-en").await;
    driver.goto(format!("{origin}/findings?stage=confirmed")).await.unwrap();
    browser.press("j").await;
    browser.press(Key::Enter + "").await;
    browser.look("finding-en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_departments_officer_sees_none_of_it() {
    let town = with_findings().await;
    let browser = Browser::open().await;
    let driver = &browser.driver;
    let origin = town.console_origin();
    let who = person(&town, "su.he").await;
    let life = Duration::from_secs(3600);
    let code = identity::mint_code(&town.house, who, CodePurpose::Entry, life).await.unwrap();
    driver.goto(format!("{origin}/enter?code={code}")).await.unwrap();
    browser.look("enter").await;
    browser.tab_to("main button").await;
    browser.press(Key::Enter + "").await;
    driver.goto(format!("{origin}/holders/{}", town.inn().holder)).await.unwrap();
    assert!(browser.text().await.contains("404"), "a foreign business is not found");
    driver.goto(format!("{origin}/findings")).await.unwrap();
    assert!(!browser.text().await.contains("仙鹤宾馆"));
    browser.complaints().await;
    driver.goto(format!("{origin}/enter?code={code}")).await.unwrap();
    let again = browser.text().await;
    driver.goto(format!("{origin}/sign-in")).await.unwrap();
    assert!(!again.is_empty());
    browser.close().await;
}

/// The bytes of a base32 text without padding, spaces apart.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.bytes().filter(u8::is_ascii_alphanumeric) {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'2'..=b'7' => c - b'2' + 26,
            _ => panic!("{text} is no base32"),
        };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}
