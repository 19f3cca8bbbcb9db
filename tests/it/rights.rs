//! Every route has its rule: who is refused, and which leaves a change writes (acceptance 85 and 89).
//!
//! The routes are read from the source, so a new one without a rule fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chayan::foundation::crypto::totp::TotpSecret;
use chayan::foundation::db::StoreError;
use chayan::foundation::web::Lang;
use chayan::identity::{self, ASSERTION_TYP, CodePurpose};
use chayan::intake::CLOSURE_TYP;
use chayan::ledger;
use chayan::notices;
use chayan::outside::submit::{BusinessKeys, DayTotals, disclosure};
use serde_json::json;
use uuid::Uuid;

use crate::architecture::sources;
use crate::portal::representative;
use crate::support::{Business, FIRST_DAY, Town, moment};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Anybody; what is public is no secret, and a form of this kind proves who comes.
    Anybody,
    /// A business system with a token of this scope; what it names is its holder's.
    Business(&'static str),
    /// An officer; what the address names is the department's.
    Officer,
    /// An officer who leads; what is shown is the department's.
    Lead,
    /// The administrator who makes and disables people.
    People,
    /// A person of the governance office.
    Office,
    /// A person of a business; what the address names is the business's.
    Portal,
    /// An administrator of a business; what the address names is the business's.
    Tends,
}
use Rule::{Anybody, Business as Caller, Lead, Office, Officer, People};
pub(crate) use Rule::{Portal, Tends};

/// Method, path, rule; and of a change the leaves that it writes, none where it changes no fact.
pub(crate) const RULES: &[(&str, &str, Rule, &[&str])] = &[
    ("post", "/oauth2/token", Anybody, &[]),
    ("get", "/.well-known/chayan-keys", Anybody, &[]),
    ("get", "/v1/keys", Anybody, &[]),
    ("get", "/log/checkpoint", Anybody, &[]),
    ("post", "/v1/batches", Caller("push"), &["batch"]),
    ("get", "/v1/batches", Caller("read"), &[]),
    ("get", "/v1/batches/{batch}", Caller("read"), &[]),
    ("get", "/v1/batches/{batch}/receipt", Caller("read"), &[]),
    ("get", "/v1/batches/{batch}/proof", Caller("read"), &[]),
    ("post", "/v1/check", Caller("push"), &[]),
    // Its leaf is proved with its draw: `disclosing.rs`.
    ("post", "/v1/disclosures", Caller("push"), &["disclosure"]),
    ("get", "/v1/disclosures", Caller("read"), &[]),
    ("get", "/v1/streams", Caller("read"), &[]),
    ("put", "/v1/streams/{stream}/days/{day}", Caller("push"), &["day_close"]),
    ("put", "/v1/streams/{stream}/closures/{from}", Caller("push"), &["closure"]),
    ("get", "/v1/score", Caller("read"), &[]),
    ("get", "/static/chayan.css", Anybody, &[]),
    ("get", "/static/portal.css", Anybody, &[]),
    ("get", "/static/chayan.js", Anybody, &[]),
    ("get", "/static/seal.js", Anybody, &[]),
    ("get", "/static/judge.js", Anybody, &[]),
    ("get", "/static/sheet.js", Anybody, &[]),
    ("get", "/static/icon.svg", Anybody, &[]),
    ("get", "/sign-in", Anybody, &[]),
    ("post", "/sign-in", Anybody, &[]),
    ("post", "/sign-out", Anybody, &[]),
    ("get", "/enrol", Anybody, &[]),
    ("post", "/enrol", Anybody, &[]),
    ("post", "/enrol/confirm", Anybody, &["role_changed"]),
    ("get", "/enter", Anybody, &[]),
    ("post", "/enter", Anybody, &[]),
    ("post", "/language", Anybody, &[]),
    ("get", "/people", People, &[]),
    ("post", "/people/{person}/disable", People, &["role_changed"]),
    ("post", "/people/{person}/invite", People, &["role_changed"]),
    ("get", "/portal/people", Portal, &[]),
    ("post", "/portal/people", Tends, &["role_changed"]),
    ("post", "/portal/people/{person}/invite", Tends, &["role_changed"]),
    ("post", "/portal/people/{person}/disable", Tends, &["role_changed"]),
    ("get", "/portal", Portal, &[]),
    ("get", "/portal/openings", Portal, &[]),
    ("get", "/portal/openings/{opening}/{part}", Portal, &[]),
    ("get", "/portal/records", Portal, &[]),
    ("post", "/portal/records/key", Tends, &["client_changed"]),
    ("get", "/portal/records/{stream}/{day}", Portal, &[]),
    ("get", "/portal/records/{stream}/{day}/sheet", Portal, &[]),
    ("post", "/portal/records/{stream}/{day}/batch", Portal, &["batch"]),
    ("post", "/portal/records/{stream}/{day}/close", Portal, &["day_close"]),
    ("get", "/portal/receipts", Portal, &[]),
    ("get", "/portal/receipts/{batch}", Portal, &[]),
    ("get", "/portal/receipts/{batch}/proof", Portal, &[]),
    ("get", "/portal/receipts/closes/{close}", Portal, &[]),
    ("get", "/portal/keys", Portal, &[]),
    ("post", "/portal/keys", Tends, &["client_changed"]),
    ("post", "/portal/keys/{client}/add", Tends, &["client_changed"]),
    ("post", "/portal/keys/{client}/retire", Tends, &["client_changed"]),
    ("post", "/portal/keys/{client}/revoke", Tends, &["client_changed"]),
    ("get", "/", Officer, &[]),
    ("get", "/findings", Officer, &[]),
    // A filter that an officer names is no fact.
    ("post", "/findings/filters", Officer, &[]),
    ("post", "/findings/filters/{filter}/forget", Officer, &[]),
    ("get", "/findings/decide", Officer, &[]),
    (
        "post",
        "/findings/decide/confirm",
        Officer,
        &["case_state", "finding_confirmed", "notice_queued"],
    ),
    ("post", "/findings/decide/dismiss", Officer, &["finding_dismissed"]),
    ("get", "/findings/groups/{group}", Officer, &[]),
    ("get", "/findings/{finding}", Officer, &[]),
    (
        "post",
        "/findings/{finding}/confirm",
        Officer,
        &["case_state", "finding_confirmed", "notice_queued"],
    ),
    ("post", "/findings/{finding}/dismiss", Officer, &["finding_dismissed"]),
    ("get", "/documents/{document}", Officer, &[]),
    ("get", "/portal/documents/{document}", Portal, &[]),
    ("get", "/verify", Anybody, &[]),
    // Its leaf is a `finding`, as those of jobs are, which are not counted here: proved in the room.
    ("post", "/findings/{finding}/reopen", Officer, &[]),
    ("get", "/cases", Officer, &[]),
    ("get", "/cases/{case}", Officer, &[]),
    ("get", "/cases/{case}/parts", Officer, &[]),
    ("post", "/cases/{case}/merge", Officer, &["case_state", "case_state"]),
    ("post", "/cases/{case}/split", Officer, &["case_state", "case_state", "notice_queued"]),
    ("get", "/cases/{case}/evidence/{evidence}", Officer, &[]),
    ("post", "/cases/{case}/extension", Officer, &["case_state", "notice_queued"]),
    ("post", "/cases/{case}/suspend", Officer, &["case_state"]),
    ("post", "/cases/{case}/resume", Officer, &["case_state"]),
    ("post", "/cases/{case}/recheck", Officer, &["case_state"]),
    ("post", "/cases/{case}/recheck/officers", Officer, &["case_state"]),
    ("post", "/cases/{case}/recheck/result", Officer, &["case_state", "notice_queued"]),
    ("post", "/cases/{case}/closing", Officer, &["case_state"]),
    ("post", "/cases/{case}/closing/decision", Officer, &["case_state", "notice_queued"]),
    ("post", "/cases/{case}/escalation", Officer, &["case_state"]),
    ("post", "/cases/{case}/escalation/decision", Officer, &["case_state", "notice_queued"]),
    ("get", "/portal/cases", Portal, &[]),
    ("get", "/portal/cases/{case}", Portal, &[]),
    ("get", "/portal/cases/{case}/evidence/{evidence}", Portal, &[]),
    ("post", "/portal/cases/{case}/acknowledge", Portal, &["notice_result", "reply"]),
    ("post", "/portal/cases/{case}/reply", Portal, &["reply"]),
    ("post", "/portal/cases/{case}/extension", Portal, &["reply"]),
    ("get", "/governance", Office, &[]),
    ("post", "/governance", Office, &["case_state"]),
    ("post", "/governance/{measure}/end", Office, &["case_state"]),
    ("get", "/portal/service", Portal, &[]),
    // What these write is proved in the room of letters.
    ("post", "/portal/service/consent", Tends, &["config_changed"]),
    ("post", "/portal/service/withdraw", Tends, &["config_changed"]),
    ("post", "/portal/service/confirm", Portal, &["notice_result"]),
    ("get", "/paper", Officer, &[]),
    ("get", "/paper/{paper}", Officer, &[]),
    // Their leaves are proved in the room: nothing here needs paper.
    ("post", "/paper/{paper}/posted", Officer, &["notice_result"]),
    ("post", "/paper/{paper}/received", Officer, &["notice_result"]),
    ("get", "/holders/{holder}/service", Officer, &[]),
    ("post", "/holders/{holder}/service", Officer, &["config_changed"]),
    ("post", "/holders/{holder}/service/withdraw", Officer, &["config_changed"]),
    ("get", "/signals", Officer, &[]),
    ("get", "/oversight", Lead, &[]),
    ("get", "/log", Lead, &[]),
    ("post", "/tables", Officer, &["export"]),
    ("get", "/publications", Lead, &[]),
    // What these write is proved in the room: there is no audit here to publish.
    ("post", "/publications/{audit}/publish", Lead, &["export"]),
    ("post", "/publications/{audit}/withdraw", Lead, &["export"]),
    ("get", "/public", Anybody, &[]),
    ("get", "/public/{department}", Anybody, &[]),
    // The leaves are proved in the room, where there is a signal to decide.
    ("post", "/signals/{stream}/{period}/{kind}/confirm", Officer, &["finding_confirmed"]),
    ("post", "/signals/{stream}/{period}/{kind}/dismiss", Officer, &["finding_dismissed"]),
    ("get", "/audits", Officer, &[]),
    ("get", "/audits/{audit}", Officer, &[]),
    ("get", "/holders", Officer, &[]),
    ("get", "/holders/{holder}", Officer, &[]),
    ("get", "/holders/{holder}/people", Officer, &[]),
    ("post", "/holders/{holder}/people", Officer, &["role_changed"]),
    ("post", "/holders/{holder}/people/{person}/invite", Officer, &["role_changed"]),
    ("get", "/holders/{holder}/standing", Officer, &[]),
    ("get", "/department", Officer, &[]),
];

/// The text up to the next quotation mark.
pub(crate) fn quoted(text: &str) -> String {
    text.split('"').next().unwrap().to_owned()
}

/// Method and path of every route in the source.
fn routes() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (_, text) in sources().into_iter().filter(|(_, text)| text.contains("ServiceConfig")) {
        let mut resource = String::new();
        for part in text.split("web::resource(").flat_map(|part| {
            let named = part.trim_start().strip_prefix('"').map(quoted);
            part.split(".route(").enumerate().map(move |(at, part)| match (at, &named) {
                (0, Some(named)) => (Some(named.clone()), ""),
                _ => (None, part.trim_start()),
            })
        }) {
            let (named, rest) = part;
            if let Some(named) = named {
                resource = named;
                continue;
            }
            let path = rest.strip_prefix('"').map(quoted);
            let method = rest.split("web::").nth(1).and_then(|rest| rest.split("()").next());
            let plain = |method: &&str| ["get", "post", "put", "delete", "patch"].contains(method);
            let own = rest.starts_with('"') || rest.starts_with("web::");
            if let Some(method) = method.filter(|_| own).filter(plain) {
                found.insert((method.to_owned(), path.unwrap_or_else(|| resource.clone())));
            }
        }
    }
    found
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let routes = routes();
    let ruled: BTreeSet<(String, String)> =
        RULES.iter().map(|(method, path, ..)| ((*method).into(), (*path).into())).collect();
    assert_eq!(RULES.len(), ruled.len(), "a rule stands twice");
    let without: Vec<_> = routes.difference(&ruled).collect();
    let beside: Vec<_> = ruled.difference(&routes).collect();
    assert!(without.is_empty() && beside.is_empty(), "without: {without:?}; beside: {beside:?}");
    for (method, path, _, leaves) in RULES {
        assert!(*method != "get" || leaves.is_empty(), "{path}: looking changes nothing");
    }
}

#[test]
fn every_page_and_address_is_in_the_table_of_the_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes.rs");
    let text = std::fs::read_to_string(path).unwrap();
    for room in ["identity", "intake", "audits", "keys", "ledger"] {
        assert!(text.contains(&format!("{room}::api(config)")), "{room}");
    }
    for room in ["web", "identity", "registry", "notices", "cases", "audits"] {
        assert!(text.contains(&format!("{room}::console(config)")), "{room}");
    }
}

/// What a request says: status, place to go to, text.
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// A browser of the console, signed in or not.
pub(crate) struct Browser {
    http: reqwest::Client,
    origin: String,
    cookie: String,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn nobody(town: &Town) -> Self {
        let (cookie, csrf) = (String::new(), String::new());
        Self { http: town.http(), origin: town.console_origin(), cookie, csrf }
    }

    /// Comes in by a one-time code, as the demonstration lets people in.
    pub(crate) async fn of(town: &Town, login: &'static str) -> Self {
        let find = town.house.store.read("test", move |conn| identity::person_called(conn, login));
        let person = find.await.unwrap().unwrap().id;
        let life = Duration::from_secs(600);
        let code = identity::mint_code(&town.house, person, CodePurpose::Entry, life);
        let form = format!("csrf=&code={}", code.await.unwrap());
        let mut browser = Self::nobody(town);
        let entered = browser.request("post", "/enter").body(form).send().await.unwrap();
        let cookies = entered.headers().get_all("set-cookie").iter();
        let session = cookies.map(|value| value.to_str().unwrap()).find_map(|value| {
            value.starts_with("__Host-chayan=").then(|| value.split(';').next().unwrap().to_owned())
        });
        browser.cookie = session.unwrap();
        // Every page has the form of the language, also the one that refuses; a business is led home.
        for path in ["/people", "/portal"] {
            let page = browser.go("get", path).await.text;
            if let Some(csrf) = page.split("name=\"csrf\" value=\"").nth(1) {
                browser.csrf = quoted(csrf);
            }
        }
        assert!(!browser.csrf.is_empty(), "{login} sees no page with a form");
        browser
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.origin);
        let request = if method == "get" { self.http.get(url) } else { self.http.post(url) };
        request
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: reqwest::Request) -> Seen {
        let answer = self.http.execute(request).await.unwrap();
        Seen { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
    }

    pub(crate) async fn go(&self, method: &str, path: &str) -> Seen {
        self.post(method, path, "").await
    }

    pub(crate) async fn post(&self, method: &str, path: &str, fields: &str) -> Seen {
        let mut request = self.request(method, path);
        if method == "post" {
            request = request.body(format!("csrf={}&{fields}", self.csrf));
        }
        let answer = request.send().await.unwrap();
        Seen { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
    }
}

/// An access token of `business` with one scope, or with all.
async fn token(town: &Town, business: &Business, scope: &str) -> String {
    let keys = BusinessKeys::load(&business.keys).unwrap();
    let (now, id) = (town.clock.now().seconds(), &business.client_id);
    let claims = json!({
        "iss": id, "sub": id, "aud": town.origin(), "iat": now, "exp": now + 60,
        "jti": Uuid::new_v4().simple().to_string(),
    });
    let key = keys.authentication();
    let assertion = key.sign(ASSERTION_TYP, &key.public().thumbprint(), &claims).unwrap();
    let form = format!(
        "grant_type=client_credentials&client_assertion_type=\
         urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion={assertion}&scope={scope}"
    );
    let request = town.http().post(format!("{}/oauth2/token", town.origin()));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// What `business` says to a route about `stream`, signed where the route asks for it.
fn said(town: &Town, business: &Business, stream: &Business, path: &str) -> (String, Vec<u8>) {
    let own = |media: &str, body: Vec<u8>| (media.to_owned(), body);
    if path.contains("/days/") {
        let totals = if stream.sector == "lodging" { "room_nights_sold" } else { "waybills" };
        let day = DayTotals {
            stream: stream.stream,
            day: FIRST_DAY.parse().unwrap(),
            numbers: Some((1, 2)),
            count: 2,
            totals: [(totals.to_owned(), 2)].into(),
        };
        let close = town.workshop(business).close(&day, town.clock.now()).unwrap();
        return own("application/jose", close.body.to_vec());
    }
    if path.contains("/closures/") {
        let keys = BusinessKeys::load(&business.keys).unwrap();
        let claims = json!({
            "iss": business.holder, "jti": town.house.fresh::<chayan::foundation::ids::CloseId>(),
            "iat": town.clock.now().seconds(), "stream": stream.stream,
            "from": "2026-03-04", "to": "2026-03-05", "kind": "closure",
        });
        let kid = keys.manifest().public().thumbprint();
        let statement = keys.manifest().sign(CLOSURE_TYP, &kid, &claims).unwrap();
        return own("application/jose", statement.into_bytes());
    }
    match path {
        "/v1/batches" => own("application/vnd.chayan.batch", b"x\n".to_vec()),
        "/v1/check" => own("application/x-ndjson", b"{}\n".to_vec()),
        "/v1/disclosures" => {
            let records = [(stream.stream, 1, "x".to_owned())];
            own("application/json", disclosure(town.house.fresh(), &records).to_vec())
        }
        _ => own("application/octet-stream", Vec::new()),
    }
}

/// Sends it to an address of the API with a token, or without.
async fn call(
    town: &Town,
    (method, path): (&str, &str),
    token: Option<&str>,
    (media, body): (String, Vec<u8>),
) -> Seen {
    let url = format!("{}{path}", town.origin());
    let mut request = match method {
        "get" => town.http().get(url),
        "put" => town.http().put(url).header("content-type", media).body(body),
        _ => town.http().post(url).header("content-type", media).body(body),
    };
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    Seen { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
}

#[tokio::test]
async fn a_business_gets_what_its_scope_allows_of_its_own_and_nothing_else() {
    let town = Town::start().await;
    let (inn, shop) = (town.inn().clone(), town.shop().clone());
    let batch = town.batch(&inn, FIRST_DAY, 1, 2).await;
    assert!(town.client(&inn).push(&batch).await.unwrap().created);
    let (own, foreign) =
        (token(&town, &inn, "push%20read").await, token(&town, &shop, "push%20read").await);
    let lesser: BTreeMap<&str, String> =
        [("push", token(&town, &inn, "read").await), ("read", token(&town, &inn, "push").await)]
            .into();
    let streams = inn.stream.to_string();
    for (method, path, rule, _) in RULES {
        let Caller(scope) = rule else { continue };
        let at = path
            .replace("{batch}", &batch.id.to_string())
            .replace("{stream}", &streams)
            .replace("{day}", FIRST_DAY)
            .replace("{from}", "2026-03-04")
            .replace("/v1/check", "/v1/check?pack=lodging/2026.1");
        let route = (*method, at.as_str());
        let mine = || said(&town, &inn, &inn, path);
        assert_eq!(call(&town, route, None, mine()).await.status, 401, "{route:?} without a token");
        let less = call(&town, route, Some(&lesser[scope]), mine()).await;
        assert_eq!(less.status, 403, "{route:?} without the scope");

        let theirs = call(&town, route, Some(&foreign), said(&town, &shop, &inn, path)).await;
        let names_an_object = path.contains('{') || *path == "/v1/disclosures" && *method == "post";
        if names_an_object {
            assert!([403, 404].contains(&theirs.status), "{route:?}: {}", theirs.status);
        }
        for secret in [streams.clone(), batch.id.to_string(), inn.holder.to_string()] {
            assert!(!theirs.text.contains(&secret), "{route:?} tells another business's");
        }
        let mine = call(&town, route, Some(&own), mine()).await;
        // Nobody has asked the inn to disclose anything, and its batch here is none.
        let refused = *method == "post" && *path != "/v1/check";
        assert!(refused && mine.status >= 404 || mine.status < 300, "{route:?}: {}", mine.status);
    }
}

#[tokio::test]
async fn a_page_is_for_whom_its_rule_names() {
    let town = Town::start().await;
    let finding = found(&town).await;
    let (police, post) = (Browser::of(&town, "lin.yue").await, Browser::of(&town, "su.he").await);
    let (chief, nobody) = (Browser::of(&town, "administrator").await, Browser::nobody(&town));
    let decided = police
        .post("post", &format!("/findings/{finding}/confirm"), "reason=seen&deadline=2026-04-06")
        .await;
    assert_eq!(decided.status, 303, "{}", decided.text);
    let page = police.go("get", "/cases").await.text;
    let case = quoted(page.split("/cases/").nth(1).unwrap());
    let document = document_of(&town, &case).await.id.to_string();
    let find = town.house.store.read("test", |conn| identity::person_called(conn, "su.he"));
    let person = find.await.unwrap().unwrap().id.to_string();
    let holder = town.inn().holder.to_string();
    let (_, manager) = representative(&town, town.inn(), "inn.manager", true).await;
    let (role, by) = (identity::Role::Governance, identity::Actor::Command);
    let made = identity::create_person(&town.house, by, "zong.zhi", "综治办", role, Lang::Zh);
    made.await.unwrap();
    let office = Browser::of(&town, "zong.zhi").await;
    for (method, path, rule, _) in RULES {
        let at = path
            .replace("{finding}", &finding)
            .replace("{group}", &finding)
            .replace("{case}", &case)
            .replace("{document}", &document)
            .replace("{holder}", &holder)
            .replace("{person}", &person)
            // None is drawn here; that of another department is proved in the room.
            .replace("{audit}", &Uuid::nil().to_string())
            // Nothing here needs paper.
            .replace("{paper}", &Uuid::nil().to_string());
        let turned_away = if *method == "get" { 303 } else { 401 };
        match rule {
            Officer => {
                let own = police.go(method, &at).await.status;
                let decided = *method == "post";
                let absent =
                    ["{audit}", "{evidence}", "{paper}"].iter().any(|name| path.contains(name));
                let fits = if decided || absent { own >= 400 } else { own == 200 };
                assert!(fits, "{method} {at}: {own} for the officer");
                let theirs = post.go(method, &at).await;
                if path.contains('{') {
                    assert_eq!(theirs.status, 404, "{method} {at} for another department");
                }
                assert!(!theirs.text.contains("仙鹤宾馆"), "{method} {at}: {}", theirs.text);
                assert_eq!(chief.go(method, &at).await.status, 403, "{method} {at}");
            }
            Lead => {
                let own = police.go(method, &at).await.status;
                let fits = if *method == "post" { own >= 400 } else { own == 200 };
                assert!(fits, "{method} {at}: {own} for the lead");
                for other in [&post, &chief] {
                    assert_eq!(other.go(method, &at).await.status, 403, "{method} {at}");
                }
            }
            People => {
                for officer in [&police, &post] {
                    assert_eq!(officer.go(method, &at).await.status, 403, "{method} {at}");
                }
                if *method == "get" {
                    let page = chief.go(method, &at).await;
                    assert!(page.status == 200 && page.text.contains("su.he"), "{at}");
                    assert!(page.text.contains("href=\"/people\""), "{at} is not in the frame");
                }
            }
            Office => {
                for other in [&police, &chief] {
                    assert_eq!(other.go(method, &at).await.status, 403, "{method} {at}");
                }
                if *method == "get" {
                    let page = office.go(method, &at).await;
                    assert!(page.status == 200 && !page.text.contains("仙鹤宾馆"), "{at}");
                }
            }
            Anybody | Caller(_) | Portal | Tends => continue,
        }
        let elsewhere = if *method == "get" { 303 } else { 404 };
        assert_eq!(manager.go(method, &at).await.status, elsewhere, "{method} {at} of a business");
        assert_eq!(nobody.go(method, &at).await.status, turned_away, "{method} {at}");
    }
    let page = police.go("get", "/findings").await.text;
    assert!(!page.contains("href=\"/people\""), "officers do not tend people");
}

/// The one document of a case.
pub(crate) async fn document_of(town: &Town, case: &str) -> notices::Document {
    let case = case.parse().unwrap();
    let read = town
        .house
        .store
        .read("test", move |conn| notices::documents_of(conn, case).map_err(StoreError::from));
    read.await.unwrap().remove(0)
}

#[tokio::test]
async fn a_document_is_a_file_and_is_confirmed_to_whoever_has_it_in_hand() {
    let town = Town::start().await;
    let finding = found(&town).await;
    let police = Browser::of(&town, "lin.yue").await;
    let confirm = format!("/findings/{finding}/confirm");
    let decided = police.post("post", &confirm, "reason=seen&deadline=2026-04-06").await;
    assert_eq!(decided.status, 303, "{}", decided.text);
    let case = quoted(police.go("get", "/cases").await.text.split("/cases/").nth(1).unwrap());
    let document = document_of(&town, &case).await;
    let file = police.request("get", &format!("/documents/{}", document.id)).send().await.unwrap();
    let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("content-disposition"),
        format!("attachment; filename=\"{}\"", document.file_name())
    );
    assert_eq!(header("content-type"), document.media_type.header());
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(file.bytes().await.unwrap(), document.bytes);

    let nobody = Browser::nobody(&town);
    let ask = |number: String, code: String| {
        let request = nobody.request("get", &format!("/verify?number={number}&code={code}"));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let (number, code) = (document.number.clone().unwrap(), document.code.clone());
    let page = ask(number.replace(' ', ""), code.replace('-', "").to_lowercase()).await;
    assert!(page.contains(&document.digest()), "{page}");
    assert!(!page.contains("仙鹤宾馆") && !page.contains(&case), "nothing else is told");
    let another = code.chars().rev().collect();
    for (number, code) in [("某字〔2026〕第 1 号".to_owned(), code), (number, another)] {
        let page = ask(number, code).await;
        assert!(page.contains("role=\"alert\"") && !page.contains(&document.digest()), "{page}");
    }
    let mut answers = Vec::new();
    for _ in 0..25 {
        let asked = nobody.request("get", "/verify?number=x&code=0000000000000000");
        answers.push(asked.send().await.unwrap().status().as_u16());
    }
    assert_eq!(answers.last(), Some(&429));
    assert_eq!(nobody.go("get", "/verify").await.status, 200, "the page itself asks nothing");
}

/// Lets the nightly check find a gap in what the inn pushed, and gives the finding.
pub(crate) async fn found(town: &Town) -> String {
    let batch = town.batch(town.inn(), FIRST_DAY, 5, 3).await;
    town.client(town.inn()).push(&batch).await.unwrap();
    shown_on(town, "2026-03-04", "").await
}

/// The first finding besides `known` that the police see after the nightly check of `day`.
async fn shown_on(town: &Town, day: &str, known: &str) -> String {
    town.clock.set(moment(day, "02:16:00")).unwrap();
    let police = Browser::of(town, "lin.yue").await;
    for _ in 0..200 {
        let page = police.go("get", "/findings").await.text;
        let ids = page.split("/findings/").skip(1).map(quoted).filter(|id| id.len() == 36);
        if let Some(id) = ids.into_iter().find(|id| id != known) {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no finding is shown on {day}");
}

/// The types of the leaves from number `from` on that people or businesses wrote.
async fn written(town: &Town, from: u64) -> Vec<String> {
    let read = town.house.store.read("test.leaves", move |conn| {
        ledger::leaves(conn, from, 1000).map_err(StoreError::from)
    });
    let by_jobs = ["epoch", "finding", "config_changed", "plan_changed", "pack_activated"];
    let kinds = read.await.unwrap().into_iter().map(|leaf| leaf.kind.to_string());
    kinds.filter(|kind| !by_jobs.contains(&kind.as_str())).collect()
}

/// The secret that an enrolment page shows, in base 32.
fn secret_on(page: &str) -> TotpSecret {
    let groups = page.split("class=\"mono\">").nth(1).unwrap().split('<').next().unwrap();
    let letters = groups.chars().filter(|letter| *letter != ' ');
    let bits: String = letters
        .map(|letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap())
        .map(|value| format!("{value:05b}"))
        .collect();
    let bytes = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2));
    TotpSecret::from_bytes(&bytes.map(Result::unwrap).collect::<Vec<_>>())
}

/// What was done so far, and how many leaves followed.
pub(crate) struct Ledger<'t> {
    pub(crate) town: &'t Town,
    from: u64,
    count: usize,
    done: BTreeSet<(&'static str, &'static str)>,
}

impl Ledger<'_> {
    /// Notes that a route was used: what came into the log since is what its rule names.
    pub(crate) async fn used(&mut self, method: &'static str, path: &'static str) {
        let (.., leaves) = RULES.iter().find(|rule| (rule.0, rule.1) == (method, path)).unwrap();
        assert!(self.done.insert((method, path)), "{method} {path} twice");
        let mut found = Vec::new();
        for _ in 0..100 {
            found = written(self.town, self.from).await.split_off(self.count);
            if found.len() >= leaves.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        // Within one change the order of its leaves is its own affair.
        found.sort();
        assert_eq!(found, *leaves, "after {method} {path}");
        self.count += leaves.len();
    }
}

/// Decides about two findings of one business in every way, one after the other.
async fn decides(log: &mut Ledger<'_>, police: &Browser, one: &str, other: &str) {
    let go = async |path: String, fields: &str| {
        let seen = police.post("post", &path, fields).await;
        assert_eq!(seen.status, 303, "{path}: {}", seen.text);
    };
    go(format!("/findings/{one}/confirm"), "reason=seen&deadline=2026-04-06").await;
    log.used("post", "/findings/{finding}/confirm").await;
    go(format!("/findings/{other}/dismiss"), "reason=seen&code=other").await;
    log.used("post", "/findings/{finding}/dismiss").await;
    go(format!("/findings/{other}/reopen"), "reason=seen").await;
    log.used("post", "/findings/{finding}/reopen").await;
    let chosen = format!("reason=seen&finding={other}");
    go("/findings/decide/dismiss".to_owned(), &format!("{chosen}&code=duplicate")).await;
    log.used("post", "/findings/decide/dismiss").await;
    go(format!("/findings/{other}/reopen"), "reason=seen").await;
    let confirm = format!("{chosen}&deadline=2026-04-06");
    go("/findings/decide/confirm".to_owned(), &confirm).await;
    log.used("post", "/findings/decide/confirm").await;

    let page = police.go("get", "/cases").await.text;
    let mut cases: Vec<String> = page.split("/cases/").skip(1).map(quoted).collect();
    cases.retain(|id| id.len() == 36);
    let version = |page: &str| quoted(page.split("name=\"version\" value=\"").nth(1).unwrap());
    let parts = police.go("get", &format!("/cases/{}/parts", cases[1])).await.text;
    let merge = format!("version={}&reason=seen&into={}", version(&parts), cases[0]);
    go(format!("/cases/{}/merge", cases[1]), &merge).await;
    log.used("post", "/cases/{case}/merge").await;
    let parts = police.go("get", &format!("/cases/{}/parts", cases[0])).await.text;
    let split = format!("version={}&{confirm}", version(&parts));
    go(format!("/cases/{}/split", cases[0]), &split).await;
    log.used("post", "/cases/{case}/split").await;

    go("/findings/filters".to_owned(), "name=mine&query=kind%3Dgap").await;
    log.used("post", "/findings/filters").await;
    let page = police.go("get", "/findings").await.text;
    let filter = page.split("/findings/filters/").nth(1).unwrap().split('/').next().unwrap();
    go(format!("/findings/filters/{filter}/forget"), "back=").await;
    log.used("post", "/findings/filters/{filter}/forget").await;
}

#[expect(clippy::too_many_lines, reason = "the story of one town, told once")]
#[tokio::test]
async fn every_change_writes_the_leaves_of_its_rule_and_no_other() {
    let town = Town::start().await;
    let inn = town.inn().clone();
    let finding = found(&town).await;
    // The second day was silent.
    let other = shown_on(&town, "2026-03-06", &finding).await;
    let police = Browser::of(&town, "lin.yue").await;
    let chief = Browser::of(&town, "administrator").await;
    let (_, manager) = representative(&town, &inn, "inn.manager", true).await;
    let (clerk, _) = representative(&town, &inn, "inn.clerk", false).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let size = town
        .house
        .store
        .read("test.size", |conn| ledger::leaves(conn, 0, 10_000).map_err(StoreError::from));
    let from = u64::try_from(size.await.unwrap().len()).unwrap();
    let mut log = Ledger { town: &town, from, count: 0, done: BTreeSet::new() };

    let own = token(&town, &inn, "push%20read").await;
    log.used("post", "/oauth2/token").await;
    let check = said(&town, &inn, &inn, "/v1/check");
    let route = ("post", "/v1/check?pack=lodging/2026.1");
    assert_eq!(call(&town, route, Some(&own), check).await.status, 200);
    log.used("post", "/v1/check").await;
    let batch = town.batch(&inn, "2026-03-03", 40, 2).await;
    assert!(town.client(&inn).push(&batch).await.unwrap().created);
    log.used("post", "/v1/batches").await;
    for (path, at) in [
        ("/v1/streams/{stream}/days/{day}", format!("days/{FIRST_DAY}")),
        ("/v1/streams/{stream}/closures/{from}", "closures/2026-03-04".to_owned()),
    ] {
        let at = format!("/v1/streams/{}/{at}", inn.stream);
        let seen = call(&town, ("put", &at), Some(&own), said(&town, &inn, &inn, &at)).await;
        assert_eq!(seen.status, 201, "{at}: {}", seen.text);
        log.used("put", path).await;
    }

    decides(&mut log, &police, &finding, &other).await;

    let seen = police.post("post", "/tables", "table=holders&form=csv").await;
    assert!(seen.status == 200 && seen.text.contains("仙鹤宾馆"), "{}", seen.text);
    log.used("post", "/tables").await;
    let find = town.house.store.read("test", |conn| identity::person_called(conn, "su.he"));
    let person = find.await.unwrap().unwrap().id;
    assert_eq!(chief.go("post", &format!("/people/{person}/disable")).await.status, 303);
    log.used("post", "/people/{person}/disable").await;
    let page = chief.go("post", &format!("/people/{person}/invite")).await.text;
    log.used("post", "/people/{person}/invite").await;
    let code = page.split("/enrol?code=").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let nobody = Browser::nobody(&town);
    let password = "password=the+river+Qi+in+spring&again=the+river+Qi+in+spring";
    let page = nobody.post("post", "/enrol", &format!("code={code}&{password}")).await.text;
    log.used("post", "/enrol").await;
    let now = u64::try_from(town.clock.now().seconds()).unwrap();
    let first = secret_on(&page).code(now).unwrap();
    let seen = nobody.post("post", "/enrol/confirm", &format!("code={code}&first={first}")).await;
    assert_eq!(seen.status, 303, "{}", seen.text);
    log.used("post", "/enrol/confirm").await;

    let seen = manager.post("post", "/portal/people", "login=inn.cook&name=Cook&lang=en").await;
    assert!(seen.text.contains("/enrol?code="), "{}", seen.text);
    log.used("post", "/portal/people").await;
    let holder = format!("/holders/{}/people", inn.holder);
    let seen = police.post("post", &holder, "login=inn.owner&name=Owner&lang=en").await;
    assert!(seen.text.contains("/enrol?code="), "{}", seen.text);
    log.used("post", "/holders/{holder}/people").await;
    let page = police.go("get", &holder).await.text;
    let forms = page.split("action=\"").filter(|form| form.contains("/invite\""));
    let again = forms.last().unwrap();
    let again = quoted(again);
    assert_eq!(police.go("post", &again).await.status, 200);
    log.used("post", "/holders/{holder}/people/{person}/invite").await;
    for (act, path) in [
        ("invite", "/portal/people/{person}/invite"),
        ("disable", "/portal/people/{person}/disable"),
    ] {
        let seen = manager.go("post", &format!("/portal/people/{clerk}/{act}")).await;
        assert!(seen.status < 400, "{act}: {}", seen.text);
        log.used("post", path).await;
    }

    crate::portal::changes(&mut log, &manager).await;
    let wrong = "login=su.he&password=wrong&code=000000";
    assert_eq!(nobody.post("post", "/sign-in", wrong).await.status, 401);
    log.used("post", "/sign-in").await;
    Browser::of(&town, "lin.yue").await;
    log.used("post", "/enter").await;
    assert_eq!(police.post("post", "/language", "lang=en&back=/").await.status, 303);
    log.used("post", "/language").await;
    assert_eq!(police.go("post", "/sign-out").await.status, 303);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    log.used("post", "/sign-out").await;

    let changing = RULES.iter().filter(|(method, ..)| *method != "get");
    // The way of a case after its notice takes weeks: its leaves are proved in the room.
    let in_room = ["/cases/{case}/", "/portal/cases/{case}/", "/governance", "/signals/"];
    let open: Vec<_> = changing
        .map(|rule| (rule.0, rule.1))
        .filter(|r| !log.done.contains(r) && !in_room.iter().any(|path| r.1.starts_with(path)))
        .collect();
    // Proved in `disclosing.rs`, in the room of letters, and with a published audit in the room.
    let elsewhere = [
        ("post", "/v1/disclosures"),
        ("post", "/portal/service/consent"),
        ("post", "/portal/service/withdraw"),
        ("post", "/portal/service/confirm"),
        ("post", "/paper/{paper}/posted"),
        ("post", "/paper/{paper}/received"),
        ("post", "/holders/{holder}/service"),
        ("post", "/holders/{holder}/service/withdraw"),
        ("post", "/publications/{audit}/publish"),
        ("post", "/publications/{audit}/withdraw"),
    ];
    assert_eq!(open, elsewhere);
    assert_eq!(town.faults().await, Vec::<String>::new());
}
