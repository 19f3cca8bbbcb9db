//! From a work list to a closed case: an officer decides about a group, the business acknowledges and
//! answers with a file, two officers check, and another lead approves the end.

use std::time::Duration;

use chayan::foundation::web::Lang;
use chayan::identity::{self, Actor, CodePurpose, Invitation};
use chayan::ledger::LeafKind;
use thirtyfour::Key;
use thirtyfour::prelude::*;

use super::browser::Browser;
use super::support::Town;
use super::{person, with_findings};

/// A second lead of the department, who approves what the first one proposes.
const OTHER_LEAD: &str = r#"
[[officer]]
department = "police"
login = "gao.ming"
name = "高明"
certificate_no = "HN-0600-1002"
certificate_until = 2031-12-31
sectors = ["lodging"]
email = "gao.ming@town.example"
lead = true
"#;

fn enlist_other_lead(town: &Town) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("more.toml");
    std::fs::write(&path, format!("{}{OTHER_LEAD}", include_str!("../support/town.toml"))).unwrap();
    town.command(&["registry", "import", path.to_str().unwrap()]);
}

/// A browser in which `login` is signed in.
async fn entered(town: &Town, login: &'static str) -> Browser {
    let browser = Browser::open().await;
    let who = person(town, login).await;
    let life = Duration::from_secs(3600);
    let code = identity::mint_code(&town.house, who, CodePurpose::Entry, life).await.unwrap();
    let page = format!("{}/enter?code={code}", town.console_origin());
    browser.driver.goto(page).await.unwrap();
    browser.tab_to("main button").await;
    browser.press(Key::Enter + "").await;
    browser
}

/// Sends the form that goes to `action` with these fields.
async fn act(browser: &Browser, action: &str, fields: &[(&str, &str)]) {
    let form = browser.form(action).await;
    for (name, text) in fields {
        browser.fill(&format!("{form} [name={name}]"), text).await;
    }
    browser.send(&form).await;
}

async fn tick(browser: &Browser, css: &str) {
    let script = "document.querySelector(arguments[0]).checked = true";
    browser.driver.execute(script, vec![serde_json::json!(css)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_becomes_a_case_that_is_answered_checked_and_closed() {
    let town = with_findings().await;
    enlist_other_lead(&town);
    let origin = town.console_origin();
    let invitation = Invitation {
        login: "inn.manager".into(),
        name: "周静".into(),
        administrator: true,
        lang: Lang::Zh,
    };
    let inn = town.inn().holder;
    identity::represent(&town.house, Actor::Command, inn, &invitation).await.unwrap();

    let officer = entered(&town, "lin.yue").await;
    let case = decide_about_a_group(&officer, &town, &origin).await;
    answer(&town, &origin, &case).await;
    check(&officer, &origin, &case).await;
    close(&officer, &town, &origin, &case).await;
    officer.close().await;
}

/// Chooses the first group, looks at the preview, confirms; gives the path of the case.
async fn decide_about_a_group(officer: &Browser, town: &Town, origin: &str) -> String {
    officer.visit(origin, "/findings", "worklist-zh").await;
    officer.press("j").await;
    officer.press("x").await;
    officer.tab_to("#choose button").await;
    officer.press(Key::Enter + "").await;
    officer.look("decide-zh").await;
    officer.tab_to("#confirm-reason").await;
    officer.press("已核对报送记录。").await;
    act(officer, "/confirm", &[("deadline", "2026-04-06")]).await;
    town.leaves_until(LeafKind::CaseState, 1).await;
    officer.visit(origin, "/cases", "cases-zh").await;
    officer.press("j").await;
    officer.press(Key::Enter + "").await;
    officer.look("case-zh").await;
    officer.driver.current_url().await.unwrap().path().to_owned()
}

async fn answer(town: &Town, origin: &str, case: &str) {
    let manager = entered(town, "inn.manager").await;
    for (path, name) in [
        ("/portal", "portal"),
        ("/portal/cases", "portal-cases"),
        ("/portal/people", "portal-people"),
        ("/portal/service", "portal-service"),
    ] {
        manager.visit(origin, path, &format!("{name}-zh")).await;
    }
    let here = format!("/portal{case}");
    manager.visit(origin, &here, "portal-case-zh").await;
    act(&manager, "/acknowledge", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("说明.txt");
    std::fs::write(&file, "补报说明：编号已补齐。").unwrap();
    let form = manager.form("/reply").await;
    manager.fill(&format!("{form} [name=text]"), "已补报缺少的记录，并改进交接。").await;
    let field = manager.driver.find(By::Css("#reply-files")).await.unwrap();
    field.send_keys(file.to_str().unwrap()).await.unwrap();
    manager.send(&form).await;
    manager.look("portal-case-answered-zh").await;
    assert!(manager.text().await.contains("已补报缺少的记录"));
    manager.tab_to("form[action='/language'] button").await;
    manager.press(Key::Enter + "").await;
    for (path, name) in [
        ("/portal", "portal"),
        ("/portal/cases", "portal-cases"),
        (here.as_str(), "portal-case"),
        ("/portal/openings", "portal-openings"),
        ("/portal/receipts", "portal-receipts"),
        ("/portal/keys", "portal-keys"),
        ("/portal/records", "portal-records"),
        ("/portal/people", "portal-people"),
        ("/portal/service", "portal-service"),
    ] {
        manager.visit(origin, path, &format!("{name}-en")).await;
    }
    manager.close().await;
}

async fn check(officer: &Browser, origin: &str, case: &str) {
    officer.visit(origin, case, "case-answered-zh").await;
    assert!(officer.text().await.contains("已补报缺少的记录"));
    act(officer, "/recheck", &[("due", "2026-03-06"), ("reason", "核对补报。")]).await;
    let form = officer.form("/recheck/officers").await;
    let script = "document.querySelectorAll(arguments[0] + ' select').forEach(
        (list, at) => { list.selectedIndex = at + 1; });";
    officer.driver.execute(script, vec![serde_json::json!(form)]).await.unwrap();
    act(officer, "/recheck/officers", &[("reason", "尚无抽取结果。")]).await;
    officer.form("/recheck/result").await;
    tick(officer, "form[action$='/recheck/result'] [name=result]").await;
    act(officer, "/recheck/result", &[("reason", "缺少的编号已经补报。")]).await;
    officer.look("case-checked-zh").await;
}

async fn close(officer: &Browser, town: &Town, origin: &str, case: &str) {
    officer.form("/closing").await;
    tick(officer, "form[action$='/closing'] [value=rectified]").await;
    act(officer, "/closing", &[("reason", "已整改。")]).await;
    let other = entered(town, "gao.ming").await;
    other.visit(origin, case, "case-closing-zh").await;
    other.form("/closing/decision").await;
    tick(&other, "form[action$='/closing/decision'] [value=yes]").await;
    act(&other, "/closing/decision", &[("reason", "同意。")]).await;
    other.look("case-closed-zh").await;
    assert!(other.text().await.contains("已结案"));
    for (path, name) in [
        ("/oversight", "oversight-zh"),
        ("/log", "log-zh"),
        ("/publications", "publications-zh"),
        ("/signals", "signals-zh"),
        ("/public", "public-zh"),
        ("/verify", "verify-zh"),
        ("/paper", "paper-zh"),
    ] {
        other.visit(origin, path, name).await;
    }
    other.tab_to("form[action='/language'] button").await;
    other.press(Key::Enter + "").await;
    for (path, name) in [
        (case, "case-en"),
        ("/findings", "worklist-en"),
        ("/oversight", "oversight-en"),
        ("/log", "log-en"),
        ("/publications", "publications-en"),
        ("/signals", "signals-en"),
        ("/paper", "paper-en"),
    ] {
        other.visit(origin, path, name).await;
    }
    other.close().await;
}
