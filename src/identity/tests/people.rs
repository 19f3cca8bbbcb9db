//! Signing in, enrolling and tending people (acceptance 80 to 86 and 89).

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};

use super::*;
use crate::foundation::crypto::totp::TotpSecret;
use crate::foundation::ids::PersonId;
use crate::foundation::web::Lang;
use crate::foundation::web::session::{COOKIE, Token};

const PASSWORD: &str = "the river Qi in spring";

/// A browser: it keeps its cookies and answers forms as pages ask it to.
pub(super) struct Browser<'a> {
    app: &'a Application,
    cookies: Vec<Cookie<'static>>,
    from: &'static str,
}

pub(super) struct Seen {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) html: String,
}

impl<'a> Browser<'a> {
    pub(super) fn of(app: &'a Application) -> Self {
        Self { app, cookies: Vec::new(), from: "192.0.2.1:40000" }
    }

    async fn send(&mut self, mut request: TestRequest) -> Seen {
        for cookie in &self.cookies {
            request = request.cookie(cookie.clone());
        }
        let request = request.peer_addr(self.from.parse().unwrap());
        let response = self.app.call(request).await;
        for cookie in response.response().cookies() {
            let cookie = cookie.into_owned();
            self.cookies.retain(|kept| kept.name() != cookie.name());
            if !cookie.value().is_empty() {
                self.cookies.push(cookie);
            }
        }
        let location = response.headers().get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let html = String::from_utf8_lossy(&test::read_body(response).await).into_owned();
        Seen { status, location, html }
    }

    pub(super) async fn get(&mut self, path: &str) -> Seen {
        self.send(TestRequest::get().uri(path)).await
    }

    fn session(&self) -> Option<&Cookie<'static>> {
        self.cookies.iter().find(|cookie| cookie.name() == COOKIE)
    }

    fn csrf(&self) -> String {
        let Some(cookie) = self.session() else { return String::new() };
        let request = TestRequest::get().cookie(cookie.clone()).to_http_request();
        Token::of(&request).unwrap().csrf()
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let csrf = self.csrf();
        self.post_with(path, fields, &csrf).await
    }

    async fn post_with(&mut self, path: &str, fields: &[(&str, &str)], csrf: &str) -> Seen {
        let mut form = web::Query(fields.to_vec()).into_inner();
        form.push(("csrf", csrf));
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("sec-fetch-site", "same-origin"))
            .set_form(form);
        self.send(request).await
    }

    async fn sign_in(&mut self, login: &str, password: &str, code: &str) -> Seen {
        let fields = [("login", login), ("password", password), ("code", code)];
        self.post("/sign-in", &fields).await
    }

    async fn home(&mut self) -> StatusCode {
        self.get("/").await.status
    }
}

pub(super) async fn create(stage: &Stage, login: &str, role: Role) -> PersonId {
    let created = create_person(&stage.house, Actor::Command, login, "李娜", role, Lang::En);
    created.await.unwrap()
}

async fn mint(stage: &Stage, id: PersonId, purpose: CodePurpose) -> String {
    mint_code(&stage.house, id, purpose, Duration::from_secs(3600)).await.unwrap()
}

/// The authenticator secret that an enrolment page shows.
fn secret_on(html: &str) -> TotpSecret {
    let groups = html.split("class=\"mono\">").nth(1).unwrap().split('<').next().unwrap();
    let mut bits = String::new();
    for character in groups.chars().filter(|character| *character != ' ') {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(character).unwrap();
        bits.push_str(&format!("{value:05b}"));
    }
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap())
        .collect();
    TotpSecret::from_bytes(&bytes)
}

fn code_now(stage: &Stage, secret: &TotpSecret) -> String {
    secret.code(u64::try_from(stage.house.clock.now().seconds()).unwrap()).unwrap()
}

/// Enrols with [`PASSWORD`]; the clock stands at the next step afterwards.
pub(super) async fn enrol(stage: &Stage, browser: &mut Browser<'_>, id: PersonId) -> TotpSecret {
    let code = mint(stage, id, CodePurpose::Enrol).await;
    let seen = browser.get(&format!("/enrol?code={code}")).await;
    assert_eq!(seen.status, StatusCode::OK);
    let fields = [("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    let secret = secret_on(&browser.post("/enrol", &fields).await.html);
    let first = code_now(stage, &secret);
    let person = stage
        .house
        .store
        .read("test.person", move |conn| Ok::<_, StoreError>(store::person(conn, id)?.unwrap()));
    let home = person.await.unwrap().role.home();
    let fields = [("code", code.as_str()), ("first", first.as_str())];
    let seen = browser.post("/enrol/confirm", &fields).await;
    assert_eq!((seen.status, seen.location.as_deref()), (StatusCode::SEE_OTHER, Some(home)));
    stage.house.clock.advance(Duration::from_secs(30)).unwrap();
    secret
}

#[actix_web::test]
async fn a_person_enrols_signs_out_and_signs_in() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    let secret = enrol(&stage, &mut browser, id).await;
    assert_eq!(browser.home().await, StatusCode::OK);

    let out = browser.post("/sign-out", &[]).await;
    assert_eq!(out.location.as_deref(), Some("/sign-in"));
    let seen = browser.get("/").await;
    assert_eq!((seen.status, seen.location.as_deref()), (StatusCode::SEE_OTHER, Some("/sign-in")));
    let anonymous = browser.post("/", &[]).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);

    let code = code_now(&stage, &secret);
    let seen = browser.sign_in(" Li.Na ", PASSWORD, &code).await;
    assert_eq!(seen.location.as_deref(), Some("/"));
    assert_eq!(browser.home().await, StatusCode::OK);
    let leaves = stage.leaves().await;
    let count = |change: &str| leaves.iter().filter(|(_, body)| body["change"] == change).count();
    let counts = (leaves.len(), count("made"), count("enrolled"));
    assert_eq!(counts, (2, 1, 1), "one leaf for each change of a person");
    assert!(!format!("{:?}", stage.leaves().await).contains("li.na"));
}

#[actix_web::test]
async fn an_authenticator_code_is_good_once_and_one_step_around() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    let secret = enrol(&stage, &mut browser, id).await;
    let code = code_now(&stage, &secret);
    assert_eq!(browser.sign_in("li.na", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.sign_in("li.na", PASSWORD, &code).await.status, StatusCode::UNAUTHORIZED);
    stage.house.clock.advance(Duration::from_secs(90)).unwrap();
    let now = u64::try_from(stage.house.clock.now().seconds()).unwrap();
    for seconds in [60_i64, -60] {
        let code = secret.code(now.checked_add_signed(seconds).unwrap()).unwrap();
        let seen = browser.sign_in("li.na", PASSWORD, &code).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{seconds}");
    }
    let early = secret.code(now + 30).unwrap();
    assert_eq!(browser.sign_in("li.na", PASSWORD, &early).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_sixth_wrong_attempt_waits_in_its_network_only() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let secret = enrol(&stage, &mut Browser::of(&app), id).await;
    let mut guesser = Browser::of(&app);
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(guesser.sign_in("li.na", "wrong password", "000000").await.html);
    }
    let code = code_now(&stage, &secret);
    let right = guesser.sign_in("li.na", PASSWORD, &code).await;
    assert_eq!(right.status, StatusCode::UNAUTHORIZED);
    said.push(right.html);
    said.push(guesser.sign_in("nobody", PASSWORD, &code).await.html.replace("nobody", "li.na"));
    said.dedup();
    assert_eq!(said.len(), 1, "all refusals look alike");

    let mut owner = Browser { from: "198.51.100.9:1234", ..Browser::of(&app) };
    assert_eq!(owner.sign_in("li.na", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
    stage.house.clock.advance(Duration::from_secs(15 * 60)).unwrap();
    let code = code_now(&stage, &secret);
    assert_eq!(guesser.sign_in("li.na", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn signing_in_ends_the_session_before_it() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    let secret = enrol(&stage, &mut browser, id).await;
    let mut thief = Browser { cookies: browser.cookies.clone(), ..Browser::of(&app) };
    assert_eq!(thief.home().await, StatusCode::OK);
    browser.sign_in("li.na", PASSWORD, &code_now(&stage, &secret)).await;
    assert_ne!(browser.session(), thief.session());
    assert_eq!(thief.home().await, StatusCode::SEE_OTHER);
    assert_eq!(browser.home().await, StatusCode::OK);
    stage.house.clock.advance(Duration::from_secs(15 * 60)).unwrap();
    assert_eq!(browser.home().await, StatusCode::SEE_OTHER, "idle sessions end");
}

#[actix_web::test]
async fn an_administrator_disables_and_invites_anew() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let chief = create(&stage, "wang.wei", Role::SecurityAdministrator).await;
    let officer = create(&stage, "li.na", Role::Officer).await;
    let (mut admin, mut browser) = (Browser::of(&app), Browser::of(&app));
    enrol(&stage, &mut admin, chief).await;
    let secret = enrol(&stage, &mut browser, officer).await;
    assert!(admin.get("/people").await.html.contains("li.na"));
    assert_eq!(browser.get("/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/administration").await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/administration").await.status, StatusCode::OK);

    let act = |id: PersonId, verb: &str| format!("/people/{id}/{verb}");
    assert_eq!(browser.post(&act(chief, "disable"), &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.post(&act(chief, "disable"), &[]).await.status, StatusCode::FORBIDDEN);
    let extra = [("role", "security_administrator"), ("state", "active")];
    assert_eq!(admin.post(&act(officer, "disable"), &extra).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.home().await, StatusCode::SEE_OTHER);
    let code = code_now(&stage, &secret);
    let refused = browser.sign_in("li.na", PASSWORD, &code).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);

    stage.house.clock.advance(Duration::from_secs(30)).unwrap();
    let invited = admin.post(&act(officer, "invite"), &[]).await;
    let link = invited.html.split("/enrol?code=").nth(1).unwrap().split('<').next().unwrap();
    let seen = browser.get(&format!("/enrol?code={link}")).await;
    assert_eq!(seen.status, StatusCode::OK);
    stage.house.clock.advance(Duration::from_secs(30)).unwrap();
    let code = code_now(&stage, &secret);
    let refused = browser.sign_in("li.na", PASSWORD, &code).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "the old credentials have ended");
    let leaves = stage.leaves().await;
    let last: Vec<_> = leaves.iter().rev().take(2).map(|(_, body)| &body["change"]).collect();
    assert_eq!(last, ["invited", "disabled"]);
    assert_ne!(leaves.last().unwrap().1["by"], "command");
}

#[actix_web::test]
async fn a_changed_role_ends_sessions() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    enrol(&stage, &mut browser, id).await;
    change_role(&stage.house, Actor::Command, id, Role::DepartmentLead).await.unwrap();
    assert_eq!(browser.home().await, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn an_enrolment_code_is_good_once_and_for_its_time() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    let code = mint(&stage, id, CodePurpose::Enrol).await;
    let path = format!("/enrol?code={code}");
    assert_eq!(browser.get("/enrol?code=wrong").await.status, StatusCode::NOT_FOUND);
    for (password, again) in
        [("short", "short"), ("Qwerty123456", "Qwerty123456"), (PASSWORD, "other")]
    {
        let fields = [("code", code.as_str()), ("password", password), ("again", again)];
        let seen = browser.post("/enrol", &fields).await;
        assert!(seen.html.contains("role=\"alert\""), "{password}");
    }
    let fields = [("code", code.as_str()), ("first", "000000")];
    assert_eq!(browser.post("/enrol/confirm", &fields).await.status, StatusCode::NOT_FOUND);
    let fields = [("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    let shown = browser.post("/enrol", &fields).await.html;
    assert!(shown.contains("<svg") && !shown.contains("style="));
    let fields = [("code", code.as_str()), ("first", "12345")];
    let wrong = browser.post("/enrol/confirm", &fields).await.html;
    assert!(wrong.contains("role=\"alert\"") && wrong.contains("<svg"));
    assert!(browser.session().is_none());
    stage.house.clock.advance(Duration::from_secs(3600)).unwrap();
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn entry_codes_open_demonstrations_once_and_nothing_else() {
    let stage = stage().await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let code = mint(&stage, id, CodePurpose::Entry).await;
    let (path, fields) = (format!("/enter?code={code}"), [("code", code.as_str())]);
    let earnest = stage.app(false).await;
    let mut browser = Browser::of(&earnest);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post("/enter", &fields).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("/enrol?code={code}")).await.status, StatusCode::NOT_FOUND);
    let demo = stage.app(true).await;
    let mut browser = Browser::of(&demo);
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    assert_eq!(browser.home().await, StatusCode::SEE_OTHER, "looking opens nothing");
    assert_eq!(browser.post("/enter", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.home().await, StatusCode::OK);
    assert_eq!(Browser::of(&demo).post("/enter", &fields).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn forms_from_elsewhere_and_stale_forms_are_refused() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    enrol(&stage, &mut browser, id).await;
    for csrf in ["", "wrong"] {
        let seen = browser.post_with("/sign-out", &[], csrf).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN);
    }
    let csrf = browser.csrf();
    for site in ["cross-site", "same-site", "none"] {
        let request = TestRequest::post()
            .uri("/sign-out")
            .insert_header(("sec-fetch-site", site))
            .set_form([("csrf", csrf.as_str())]);
        assert_eq!(browser.send(request).await.status, StatusCode::FORBIDDEN, "{site}");
    }
    let text = TestRequest::post()
        .uri("/sign-out")
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header((CONTENT_TYPE, "text/plain"))
        .set_payload(format!("csrf={csrf}"));
    assert_eq!(browser.send(text).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.home().await, StatusCode::OK);
}

#[actix_web::test]
async fn the_language_follows_the_person_and_leads_nowhere_else() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let id = create(&stage, "li.na", Role::Officer).await;
    let mut browser = Browser::of(&app);
    assert!(browser.get("/sign-in").await.html.contains("登录"));
    enrol(&stage, &mut browser, id).await;
    for (back, to) in [
        ("/people", "/people"),
        ("//evil.test", "/"),
        ("https://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("", "/"),
    ] {
        let seen = browser.post("/language", &[("lang", "zh-CN"), ("back", back)]).await;
        assert_eq!(seen.location.as_deref(), Some(to), "{back}");
    }
    let found = stage.house.store.read("test.person", move |conn| person(conn, id));
    assert_eq!(found.await.unwrap().unwrap().lang, Lang::Zh);
}

#[actix_web::test]
async fn names_and_logins_have_a_form_and_logins_are_unique() {
    let stage = stage().await;
    create(&stage, "li.na", Role::Officer).await;
    let make = async |login: &str, name: &str| {
        create_person(&stage.house, Actor::Command, login, name, Role::Officer, Lang::Zh).await
    };
    assert!(matches!(make("li.na", "李娜").await, Err(IdentityError::Taken)));
    for login in ["", "ab", "Li.Na", "li na", "李娜娜", &"a".repeat(33)] {
        assert!(matches!(make(login, "李娜").await, Err(IdentityError::Login)), "{login}");
    }
    assert!(matches!(make("abc", "a\r\nBcc: x").await, Err(IdentityError::Name)));
    assert_eq!(stage.leaves().await.len(), 1);
}

#[actix_web::test]
async fn what_people_type_is_text_and_never_markup() {
    let stage = stage().await;
    let app = stage.app(true).await;
    let chief = create(&stage, "wang.wei", Role::SecurityAdministrator).await;
    let mut browser = Browser::of(&app);
    for payload in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><svg onload=alert(1)>",
        "</title><script>alert(1)</script>",
    ] {
        let page = browser.sign_in(payload, "x", "000000").await.html;
        assert!(!page.contains(payload), "{payload}");
        let code: String = payload.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let page = browser.get(&format!("/enter?code={code}")).await.html;
        assert!(!page.contains(payload), "{payload}");
    }
    let name = "<b onclick=alert(1)>";
    let made = create_person(&stage.house, Actor::Command, "abc", name, Role::Officer, Lang::Zh);
    made.await.unwrap();
    enrol(&stage, &mut browser, chief).await;
    let page = browser.get("/people").await.html;
    assert!(page.contains("onclick") && !page.contains("<b onclick"));
}
