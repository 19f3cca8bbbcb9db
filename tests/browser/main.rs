//! The console in a real headless Chromium: signing in, deciding, in both languages, wide and
//! narrow, by keyboard, without a script error or an overflow.
//!
//! With `CHAYAN_TEST_SCREENS` naming a folder, every page is kept there as a picture.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chayan::foundation::crypto::totp::TotpSecret;
use chayan::foundation::ids::PersonId;
use chayan::identity::{self, CodePurpose};
use chayan::ledger::LeafKind;
use thirtyfour::prelude::*;
use thirtyfour::{Key, LoggingPrefsLogLevel};

mod portal;
#[expect(dead_code, reason = "each test binary uses a part of the town")]
#[path = "../support/mod.rs"]
mod support;
use support::{FIRST_DAY, Town, moment};

/// A browser and its driver; both end with the test.
struct Browser {
    driver: WebDriver,
    process: Child,
}

impl Browser {
    async fn open() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        for flag in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--ignore-certificate-errors",
            "--lang=zh-CN",
        ] {
            wanted.add_arg(flag).unwrap();
        }
        wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let mut driver = Err(());
        for _ in 0..100 {
            driver = WebDriver::new(&url, wanted.clone()).await.map_err(drop);
            if driver.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        match driver {
            Ok(driver) => Self { driver, process },
            Err(()) => {
                process.kill().unwrap();
                process.wait().unwrap();
                panic!("chromedriver does not answer");
            }
        }
    }

    /// What the pages complained about since the last look.
    async fn complaints(&self) -> Vec<String> {
        let lines = self.driver.browser_log().await.unwrap();
        let severe = lines.iter().filter(|line| line.level == "SEVERE");
        severe.map(|line| line.message.clone()).collect()
    }

    /// Looks at the page as it is: nothing overflows, nothing complains.
    async fn look(&self, name: &str) {
        for (width, wide) in [(1440, "wide"), (360, "narrow")] {
            self.driver.set_window_rect(0, 0, width, 900).await.unwrap();
            let over: i64 = self
                .driver
                .execute(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
                    Vec::new(),
                )
                .await
                .unwrap()
                .convert()
                .unwrap();
            if let Ok(folder) = std::env::var("CHAYAN_TEST_SCREENS") {
                let path = PathBuf::from(folder).join(format!("{name}-{wide}.png"));
                self.driver.screenshot(&path).await.unwrap();
            }
            assert!(over <= 0, "{name} overflows by {over} px when {wide}");
        }
        self.driver.set_window_rect(0, 0, 1440, 900).await.unwrap();
        assert_eq!(self.complaints().await, Vec::<String>::new(), "{name}");
    }

    async fn close(mut self) {
        self.driver.quit().await.unwrap();
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn text(&self) -> String {
        self.driver.find(By::Tag("main")).await.unwrap().text().await.unwrap()
    }

    /// Presses keys without a mouse, where the focus is.
    async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.active_element().await.unwrap().send_keys(keys.into()).await.unwrap();
    }

    /// Walks with Tab until the focus is on `css`.
    async fn tab_to(&self, css: &str) {
        for _ in 0..80 {
            let here = self.driver.active_element().await.unwrap();
            let script = "return document.activeElement.matches(arguments[0])";
            let hit: bool = self
                .driver
                .execute(script, vec![serde_json::json!(css)])
                .await
                .unwrap()
                .convert()
                .unwrap();
            if hit {
                return;
            }
            here.send_keys(Key::Tab + "").await.unwrap();
        }
        panic!("Tab does not reach {css}");
    }
}

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
