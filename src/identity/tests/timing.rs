//! Who is known here cannot be told by a watch (acceptance 21).
//!
//! Both sides are timed in turn, so that whatever else a machine does meets both alike.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use serde_json::json;

use super::*;
use crate::foundation::time::Stopwatch;
use crate::foundation::web::Lang;

/// Microseconds of `rounds` answers to each of the two requests, in turn, in order of length.
async fn timed(app: &Application, rounds: usize, path: &str, forms: [&str; 2]) -> [Vec<u128>; 2] {
    let mut taken = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    for round in 0..rounds {
        // The first of a pair changes, too.
        for side in [round % 2, (round + 1) % 2] {
            let request = TestRequest::post()
                .uri(path)
                .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
                .insert_header(("sec-fetch-site", "same-origin"))
                .peer_addr("192.0.2.1:40000".parse().unwrap())
                .set_payload(forms[side].to_owned());
            let watch = Stopwatch::start();
            let answer = app.call(request).await;
            taken[side].push(watch.elapsed().as_micros());
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        }
    }
    taken.iter_mut().for_each(|side| side.sort_unstable());
    taken
}

#[actix_web::test]
async fn an_unknown_client_takes_as_long_as_a_known_one() {
    const ROUNDS: usize = 1000;
    let stage = stage().await;
    let (_, offered) = offered(Purpose::Authentication, "a1");
    let known =
        register_client(&stage.house, Actor::Command, stage.holder(), "Desk", vec![offered]);
    let known = known.await.unwrap().client_id;
    let unknown: String = known.chars().rev().collect();
    let stranger = SigningKey::generate(Algorithm::Es256, &Random::system()).unwrap();
    let form = |id: &str| {
        let claims = json!({
            "iss": id, "sub": id, "aud": ISSUER, "iat": NOW, "exp": NOW + 60,
            "jti": "0123456789abcdef",
        });
        let assertion = stranger.sign(ASSERTION_TYP, "a1", &claims).unwrap();
        format!(
            "grant_type=client_credentials&client_assertion={assertion}&client_assertion_type=\
             urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        )
    };
    let app = stage.app(false).await;
    let forms = [form(&known), form(&unknown)];
    let sides = timed(&app, ROUNDS, "/oauth2/token", [&forms[0], &forms[1]]).await;
    let [known, unknown] = sides.each_ref().map(|side| side[ROUNDS / 2]);
    assert!(known.abs_diff(unknown) < 2_000, "known {known} µs, unknown {unknown} µs");
    // Two milliseconds are the limit. A quarter of the time of the quick ones, which other work on
    // the machine hardly touches, notices a signature that is not checked at all.
    let [known, unknown] = sides.map(|side| side[ROUNDS / 4]);
    assert!(known.abs_diff(unknown) < known / 4, "known {known} µs, unknown {unknown} µs");
}

/// A hash of a password takes tens of milliseconds by design, so there are fewer rounds here, and a
/// quarter of that time is what can be told from noise. The quick ones are compared: nothing makes
/// a hash quicker, and much makes it slower.
#[actix_web::test]
async fn an_unknown_login_takes_as_long_as_a_known_one() {
    const ROUNDS: usize = 150;
    let stage = stage().await;
    let (by, role) = (Actor::Command, Role::Officer);
    let id = create_person(&stage.house, by, "li.na", "李娜", role, Lang::En).await.unwrap();
    let phc =
        crate::foundation::crypto::password::hash("the river Qi", &stage.house.random).unwrap();
    let set = move |tx: &mut _| {
        use crate::foundation::db::schema::identity_people as p;
        diesel::update(p::table.find(id))
            .set((p::password_phc.eq(&phc), p::state.eq("active")))
            .execute(tx)
            .map_err(StoreError::from)
    };
    assert_eq!(stage.house.store.write("test.password", set).await.unwrap(), 1);
    let app = stage.app(false).await;
    let forms = ["li.na", "na.li"].map(|login| format!("login={login}&password=wrong&code=000000"));
    let [known, unknown] =
        timed(&app, ROUNDS, "/sign-in", [&forms[0], &forms[1]]).await.map(|side| side[ROUNDS / 4]);
    assert!(known.abs_diff(unknown) < known / 4, "known {known} µs, unknown {unknown} µs");
}
