//! Letters that are taken late or never, and time that runs out.

use super::*;
use crate::foundation::mail::Outcome;

#[tokio::test]
async fn after_three_days_without_a_mail_server_the_time_starts_at_delivery() {
    let city = city().await;
    let mut seen = city.seen("仙鹤宾馆", "record/1", FindingKind::RecordFailed).await;
    let pack = city.packs.iter().filter(|pack| pack.sector() == "lodging").last().unwrap();
    seen.rule = pack.rules().find(|r| r.basis[0] == "minors-57").map(|r| r.id.clone());
    let case = city.confirm(&city.raise(seen).await).await.unwrap();
    assert_eq!(city.case(case).await.deadline.as_str(), "2026-04-01");

    city.postbox.answer(Some(Outcome::Transient("no connection".to_owned())));
    for _ in 0..71 {
        notices::carry_once(&city.house, &city.carrier()).await.unwrap();
        assert_eq!(follow_up(&city.house).await.unwrap().count("served"), 0);
        city.wait(1);
    }
    assert_eq!(city.case(case).await.state, State::Opened);
    city.wait(7);
    let tally = follow_up(&city.house).await.unwrap();
    assert_eq!((tally.count("undeliverable"), tally.count("served")), (1, 0));

    city.postbox.answer(None);
    let tally = notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(tally.count("sent"), 2);
    assert_eq!(follow_up(&city.house).await.unwrap().count("served"), 1);
    let served = city.case(case).await;
    assert_eq!((served.state, served.deadline.as_str()), (State::Served, "2026-04-04"));

    city.house.clock.set(served.deadline.start()).unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("overdue"), 0, "the last day counts");
    city.house.clock.set(served.deadline.end()).unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("overdue"), 1);
    assert_eq!(follow_up(&city.house).await.unwrap().count("overdue"), 0);
    let events: Vec<Event> = city
        .read(move |conn| store::timeline(conn, case))
        .await
        .into_iter()
        .map(|happening| happening.event)
        .collect();
    assert_eq!(events, [Event::Open, Event::Miscarry, Event::Serve, Event::Lapse]);
}

#[tokio::test]
async fn advice_has_no_time_that_runs_out() {
    let city = city().await;
    let case = city.confirm(&city.gap("gap/1").await).await.unwrap();
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    follow_up(&city.house).await.unwrap();
    city.wait(24 * 60);
    assert_eq!(follow_up(&city.house).await.unwrap().count("overdue"), 0);
    assert_eq!(city.case(case).await.state, State::Served);
}

#[tokio::test]
async fn a_holder_without_contacts_needs_paper_at_once() {
    let city = city().await;
    let seen = city.seen("无名旅馆", "gap/1", FindingKind::Gap).await;
    let case = city.confirm(&city.raise(seen).await).await.unwrap();
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("undeliverable"), 1);
    let letters = city.letters(case).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].last_reason.as_deref(), Some("no address"));
    assert!(letters[0].text.contains("无名旅馆"), "there is a text to print");
}

#[tokio::test]
async fn letters_that_are_all_refused_need_paper() {
    let city = city().await;
    city.confirm(&city.gap("gap/1").await).await.unwrap();
    city.postbox.answer(Some(Outcome::Permanent("smtp 550".to_owned())));
    let tally = notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(tally.count("failed"), 2);
    assert_eq!(follow_up(&city.house).await.unwrap().count("undeliverable"), 1);
}

#[tokio::test]
async fn one_refused_contact_does_not_lose_the_other() {
    use crate::foundation::db::schema::notices_letters as l;
    let city = city().await;
    let case = city.confirm(&city.gap("gap/1").await).await.unwrap();
    let refused = city.letters(case).await[0].id;
    let refuse = move |tx: &mut Conn| {
        let failed = l::state.eq(notices::LetterState::Failed);
        diesel::update(l::table.find(refused)).set(failed).execute(tx).map_err(StoreError::from)
    };
    city.house.store.write("test.refuse", refuse).await.unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("undeliverable"), 0);
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("served"), 1);
}

#[tokio::test]
async fn a_digest_goes_out_once_and_only_if_something_happened() {
    let city = city().await;
    let today = city.house.clock.now().day();
    let queue = || queue_digests(&city.house, "https://localhost:8443", today);
    assert_eq!(queue().await.unwrap().count("digests"), 0);
    city.gap("gap/1").await;
    city.confirm(&city.gap("gap/2").await).await.unwrap();
    clear(&city.house).await;
    assert_eq!(queue().await.unwrap().count("digests"), 2);
    assert_eq!(queue().await.unwrap().count("digests"), 0);
    assert_eq!(city.leaves().await, ["notice_queued", "notice_queued"]);
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    let posted = city.postbox.letters();
    let to: Vec<&str> = posted.iter().map(|one| one.to.as_str()).collect();
    assert!(to.contains(&"lin@hebi.example") && to.contains(&"he@hebi.example"), "{to:?}");
    let mail = posted.iter().find(|one| one.to.starts_with("he@")).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&mail.message).unwrap();
    let text = parsed.body_text(0).unwrap();
    assert!(text.contains("Found that day and not decided: 1"), "{text}");
    assert!(text.contains("Cases opened that day: 1"), "{text}");
    assert!(!text.contains("仙鹤"), "a digest names nobody");
}

#[tokio::test]
async fn a_business_is_reminded_once_at_each_point_and_an_order_only() {
    let city = city().await;
    let mut seen = city.seen("仙鹤宾馆", "record/1", FindingKind::RecordFailed).await;
    let pack = city.packs.iter().filter(|pack| pack.sector() == "lodging").last().unwrap();
    seen.rule = pack.rules().find(|r| r.basis[0] == "minors-57").map(|r| r.id.clone());
    let order = city.confirm(&city.raise(seen).await).await.unwrap();
    city.wait(1);
    city.confirm(&city.gap("gap/1").await).await.unwrap();
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(follow_up(&city.house).await.unwrap().count("served"), 2);
    let deadline = city.case(order).await.deadline;
    let (mut day, mut reminded) = (city.house.clock.now().day(), Vec::new());
    while day < deadline.plus(12) {
        let queued = remind(&city.house, day).await.unwrap().count("reminders");
        assert_eq!(remind(&city.house, day).await.unwrap().count("reminders"), 0, "once");
        if queued > 0 {
            reminded.push(deadline.days_since(&day));
        }
        day = day.next();
    }
    assert_eq!(reminded, [7, 3, 1, -1]);
    let letters = city.letters(order).await;
    let reminders = letters.iter().filter(|l| l.kind == notices::LetterKind::Reminder).count();
    assert_eq!(reminders, 8, "two contacts, four times");
    assert!(letters.iter().any(|letter| letter.text.contains("剩 7 天")), "in words");
}

#[tokio::test]
async fn a_week_tells_officers_once_what_did_not_come() {
    let city = city().await;
    let today = city.house.clock.now().day();
    let queue = || queue_weekly(&city.house, "https://localhost:8443", (today, today.plus(6)));
    assert_eq!(queue().await.unwrap().count("weeklies"), 0, "nothing is lacking");
    city.raise(city.seen("仙鹤宾馆", "day/1", FindingKind::MissingDay).await).await;
    city.raise(city.seen("无名旅馆", "close/1", FindingKind::CloseMismatch).await).await;
    assert_eq!(queue().await.unwrap().count("weeklies"), 2);
    assert_eq!(queue().await.unwrap().count("weeklies"), 0, "once a week");
    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    let posted = city.postbox.letters();
    let mail = posted.iter().find(|one| one.to.starts_with("he@")).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&mail.message).unwrap();
    let text = parsed.body_text(0).unwrap();
    assert!(text.contains("nothing was received: 1"), "{text}");
    assert!(text.contains("not closed: 1"), "{text}");
}

#[tokio::test]
async fn working_days_pass_over_holidays() {
    use crate::registry::Calendar;
    let city = city().await;
    let id = city.confirm(&city.gap("gap/1").await).await.unwrap();
    let served: crate::foundation::time::Day = "2026-09-30".parse().unwrap();
    let case = Case { counting: Counting::Working, grace_days: 3, ..city.case(id).await };
    let last = case.deadline_from(&Calendar::embedded(), &served);
    assert_eq!(last.as_str(), "2026-10-10", "the third is a Saturday that is worked");
    let case = Case { counting: Counting::Calendar, ..case };
    assert_eq!(case.deadline_from(&Calendar::embedded(), &served).as_str(), "2026-10-03");
}
