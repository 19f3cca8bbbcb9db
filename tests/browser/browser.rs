//! A headless Chromium, and what every page must stand: no overflow at 360 px and 1,440 px, no
//! complaint of the browser (script errors and reports of the content security policy among them),
//! HTML without a parse error, and no violation that axe-core knows.
//!
//! With `CHAYAN_TEST_SCREENS` naming a folder, every page is kept there as a picture. axe-core is
//! the file that `CHAYAN_TEST_AXE` names; `scripts/check` fetches it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use scraper::Html;
use thirtyfour::prelude::*;
use thirtyfour::{Key, LoggingPrefsLogLevel};

/// A browser and its driver; both end with the test.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    process: Child,
    /// What was wrong on the pages that were looked at.
    faults: Mutex<Vec<String>>,
}

impl Browser {
    pub(crate) async fn open() -> Self {
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
            Ok(driver) => Self { driver, process, faults: Mutex::default() },
            Err(()) => {
                process.kill().unwrap();
                process.wait().unwrap();
                panic!("chromedriver does not answer");
            }
        }
    }

    /// What the pages complained about since the last look.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let lines = self.driver.browser_log().await.unwrap();
        let severe = lines.iter().filter(|line| line.level == "SEVERE");
        severe.map(|line| line.message.clone()).collect()
    }

    /// Looks at the page as it is, and keeps what is wrong with it for [`close`](Self::close).
    pub(crate) async fn look(&self, name: &str) {
        let mut wrong = Vec::new();
        for (width, wide) in [(1440, "wide"), (360, "narrow")] {
            self.driver.set_window_rect(0, 0, width, 900).await.unwrap();
            let script = "return document.documentElement.scrollWidth
                - document.documentElement.clientWidth";
            let over = self.driver.execute(script, Vec::new()).await.unwrap();
            let over: i64 = over.convert().unwrap();
            if let Ok(folder) = std::env::var("CHAYAN_TEST_SCREENS") {
                let path = PathBuf::from(folder).join(format!("{name}-{wide}.png"));
                self.driver.screenshot(&path).await.unwrap();
            }
            if over > 0 {
                wrong.push(format!("overflows by {over} px when {wide}"));
            }
        }
        self.driver.set_window_rect(0, 0, 1440, 900).await.unwrap();
        wrong.extend(self.complaints().await);
        wrong.extend(self.misspelt().await);
        wrong.extend(self.barriers().await);
        self.faults.lock().unwrap().extend(wrong.into_iter().map(|one| format!("{name}: {one}")));
    }

    /// The mistakes of the page's HTML, as it came from the server.
    async fn misspelt(&self) -> Vec<String> {
        let script = "const done = arguments[arguments.length - 1];
            fetch(location.href).then(answer => answer.text()).then(done, () => done(''));";
        let answer = self.driver.execute_async(script, Vec::new()).await.unwrap();
        let html: String = answer.convert().unwrap();
        let page = Html::parse_document(&html);
        // An address that only takes answers complains about being asked.
        self.complaints().await;
        page.errors.iter().map(ToString::to_string).collect()
    }

    /// What axe-core finds on the page: rule, and the place of each hit.
    async fn barriers(&self) -> Vec<String> {
        let Ok(path) = std::env::var("CHAYAN_TEST_AXE") else { return Vec::new() };
        let axe = std::fs::read_to_string(path).unwrap();
        self.driver.execute(axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(found => done(
                found.violations.flatMap(rule => rule.nodes.map(
                    node => rule.id + ' at ' + node.target.join(' ')))),
                error => done(['axe failed: ' + error]));";
        let answer = self.driver.execute_async(script, Vec::new()).await.unwrap();
        answer.convert().unwrap()
    }

    pub(crate) async fn close(mut self) {
        self.driver.quit().await.unwrap();
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let faults = self.faults.into_inner().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    pub(crate) async fn text(&self) -> String {
        self.driver.find(By::Tag("main")).await.unwrap().text().await.unwrap()
    }

    /// Goes to `path` and looks at it under `name`.
    pub(crate) async fn visit(&self, origin: &str, path: &str, name: &str) {
        self.driver.goto(format!("{origin}{path}")).await.unwrap();
        self.look(name).await;
    }

    /// Sets the field at `css`, as a person who types would leave it.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let script = "document.querySelector(arguments[0]).value = arguments[1]";
        let arguments = vec![serde_json::json!(css), serde_json::json!(text)];
        self.driver.execute(script, arguments).await.unwrap();
    }

    /// Opens the `details` around the form that goes to `action`, and gives the form's place.
    pub(crate) async fn form(&self, action: &str) -> String {
        let css = format!("form[action$='{action}']");
        let script = "const form = document.querySelector(arguments[0]);
            if (!form) throw new Error('no ' + arguments[0] + ' at ' + location.href);
            const folded = form.closest('details'); if (folded) folded.open = true;";
        self.driver.execute(script, vec![serde_json::json!(css)]).await.unwrap();
        css
    }

    /// Presses the button of the form at `css` with the keyboard.
    pub(crate) async fn send(&self, css: &str) {
        self.tab_to(&format!("{css} button")).await;
        self.press(Key::Enter + "").await;
    }

    /// Presses keys without a mouse, where the focus is.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.active_element().await.unwrap().send_keys(keys.into()).await.unwrap();
    }

    /// Walks with Tab until the focus is on `css`.
    pub(crate) async fn tab_to(&self, css: &str) {
        for _ in 0..160 {
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
            // Not to the element: a field for files would take the key for a file's name.
            self.driver.action_chain().send_keys(Key::Tab + "").perform().await.unwrap();
        }
        panic!("Tab does not reach {css}");
    }
}
