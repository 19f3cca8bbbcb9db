//! Letters on a fresh database: what they may cite, and how they travel.

mod papers;
mod service;

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;

use super::*;
use crate::foundation::House;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::db::schema::{ledger_pending, notices_letters};
use crate::foundation::db::{StoreError, testing::Guard};
use crate::foundation::mail::{Address, Mailer, Outcome, Postbox};
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;
use crate::ledger::testing as log;
use crate::registry::{self, Sector};
use crate::rules::{BasisKind, Mark, Packs};

const CITY: &str = r#"
[[holder]]
key = "crane"
kind = "organisation"
name = "仙鹤宾馆"
district = "410611"
[[holder.contact]]
name = "前台"
email = "desk@crane.example"
"#;

struct Stage {
    house: House,
    _guard: Guard,
    carrier: Carrier,
    postbox: Postbox,
    notice: Notice,
}

async fn stage() -> Stage {
    let (house, guard) = log::house().await;
    let cipher = FieldCipher::new(WrappingKey::generate(&house.random), "fk-1");
    let packs = std::sync::Arc::new(Packs::embedded());
    registry::import(&house, &packs, &cipher, CITY).await.unwrap();
    let holder = house
        .store
        .read("test.holder", |conn| {
            use crate::foundation::db::schema::registry_holders as h;
            h::table.select(h::id).first(conn).map_err(StoreError::from)
        })
        .await
        .unwrap();
    let postbox = Postbox::default();
    let day = house.clock.now().day();
    let notice = Notice {
        case: house.fresh(),
        organ: Organ {
            id: house.fresh(),
            word: "鹤公".to_owned(),
            name_zh: "鹤壁市公安局".to_owned(),
            name_en: "Hebi Police".to_owned(),
            contact: "0392-0000000".to_owned(),
        },
        holder,
        addressee: "仙鹤宾馆".to_owned(),
        certificates: vec!["HN-1".to_owned(), "HN-2".to_owned()],
        zh: Wording { facts: vec!["缺号。".to_owned()], demands: vec!["补报。".to_owned()] },
        en: Wording { facts: vec!["A gap.".to_owned()], demands: vec!["Submit.".to_owned()] },
        basis: FrozenBasis::freeze(packs.catalogue(), "lodging", &[], &day),
        days: 30,
        deadline: day.plus(30),
        checkpoint: Some(CheckpointLine { size: 7, root: "00c0ffee".to_owned() }),
        recipients: vec![(Recipient::Contact(0), Lang::Zh)],
    };
    let carrier = Carrier {
        mailer: Mailer::Memory(postbox.clone()),
        from: Address::parse("notice@audit.example").unwrap(),
        cipher,
    };
    Stage { house, _guard: guard, carrier, postbox, notice }
}

impl Stage {
    async fn enqueue(&self, draft: Draft) -> Queued {
        let inside = self.house.clone();
        self.house
            .store
            .write("test.enqueue", move |tx| enqueue_in(tx, &inside, &draft))
            .await
            .unwrap()
    }

    async fn carry(&self) -> crate::foundation::jobs::Tally {
        carry_once(&self.house, &self.carrier).await.unwrap()
    }

    async fn letter(&self) -> Letter {
        let read = |conn: &mut Conn| {
            notices_letters::table.select(Letter::as_select()).first(conn).map_err(StoreError::from)
        };
        self.house.store.read("test.letter", read).await.unwrap()
    }

    async fn leaves(&self, kind: &'static str) -> i64 {
        let count = move |conn: &mut Conn| {
            ledger_pending::table
                .filter(ledger_pending::kind.eq(kind))
                .count()
                .get_result(conn)
                .map_err(StoreError::from)
        };
        self.house.store.read("test.leaves", count).await.unwrap()
    }

    fn wait(&self, seconds: u64) {
        self.house.clock.advance(Duration::from_secs(seconds)).unwrap();
    }

    fn message_ids(&self) -> Vec<String> {
        let id = |message: &[u8]| {
            let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
            parsed.message_id().unwrap().to_owned()
        };
        self.postbox.letters().iter().map(|posted| id(&posted.message)).collect()
    }
}

/// Over every rule of every pack, and over every trade without a rule.
#[test]
fn nothing_is_cited_that_is_not_confirmed() {
    let packs = Packs::embedded();
    let catalogue = packs.catalogue();
    let day = "2026-07-01".parse().unwrap();
    let mut asked: Vec<(String, Vec<String>)> = Vec::new();
    asked.extend(Sector::ALL.iter().map(|sector| (sector.to_string(), Vec::new())));
    for pack in packs.iter() {
        let every = pack.rules().map(|rule| (pack.sector().to_owned(), rule.basis.clone()));
        asked.extend(every);
    }
    let unconfirmed = catalogue.bases().iter().filter(|basis| basis.mark != Mark::V);
    let unconfirmed: BTreeSet<String> = unconfirmed.map(|basis| basis.id.clone()).collect();
    assert!(!unconfirmed.is_empty());
    let mut orders = 0;
    for (sector, mut duties) in asked {
        duties.extend(unconfirmed.iter().cloned());
        let frozen = FrozenBasis::freeze(catalogue, &sector, &duties, &day);
        assert!(!frozen.duties().is_empty(), "{sector}");
        let cited = frozen.duties().iter().chain(frozen.order());
        for article in cited {
            let basis = catalogue.citable(&article.id).unwrap();
            assert!(basis.concerns(&sector), "{sector}: {}", article.id);
        }
        for duty in frozen.duties() {
            assert_eq!(catalogue.basis(&duty.id).unwrap().kind, BasisKind::Duty);
        }
        if let Some(order) = frozen.order() {
            orders += 1;
            assert_eq!(catalogue.basis(&order.id).unwrap().kind, BasisKind::Order);
            assert!(!["gasoline", "bottled_gas", "courier"].contains(&sector.as_str()));
        }
    }
    assert!(orders > 0, "minors in lodging have one");
}

#[test]
fn a_law_is_cited_only_while_it_is_in_force() {
    let packs = Packs::embedded();
    let before = "2021-12-31".parse().unwrap();
    let frozen = FrozenBasis::freeze(packs.catalogue(), "gasoline", &[], &before);
    assert!(frozen.duties().is_empty() && frozen.order().is_none());
}

#[tokio::test]
async fn an_order_without_a_basis_is_refused() {
    let stage = stage().await;
    assert!(stage.notice.basis.order().is_none());
    let refused = Draft::order(stage.notice.clone()).err();
    assert!(matches!(refused, Some(NoticeError::NoOrderBasis)));
    assert_eq!(Draft::notice(stage.notice.clone()).unwrap().kind(), LetterKind::Advice);
}

#[tokio::test]
async fn numbers_begin_anew_each_year_and_for_each_organ() {
    let stage = stage().await;
    let number =
        async |notice: &Notice| stage.enqueue(Draft::advice(notice.clone()).unwrap()).await.number;
    let other = Notice {
        organ: Organ { word: "鹤邮".to_owned(), ..stage.notice.organ.clone() },
        ..stage.notice.clone()
    };
    assert_eq!(number(&stage.notice).await, "鹤公建议字〔2026〕第 1 号");
    assert_eq!(number(&stage.notice).await, "鹤公建议字〔2026〕第 2 号");
    assert_eq!(number(&other).await, "鹤邮建议字〔2026〕第 1 号");
    stage.wait(400 * 86_400);
    assert_eq!(number(&stage.notice).await, "鹤公建议字〔2027〕第 1 号");
}

#[tokio::test]
async fn a_letter_that_was_not_taken_waits_and_arrives_once_the_server_is_back() {
    let stage = stage().await;
    let queued = stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
    stage.postbox.answer(Some(Outcome::Transient("no connection".to_owned())));
    for _ in 0..72 {
        stage.carry().await;
        stage.wait(3600);
    }
    let letter = stage.letter().await;
    assert_eq!((letter.state, stage.leaves("notice_result").await), (LetterState::Queued, 0));
    assert!((15..=40).contains(&letter.attempts), "{}", letter.attempts);
    stage.postbox.answer(None);
    stage.wait(8 * 3600);
    assert_eq!(stage.carry().await.count("sent"), 1);
    assert_eq!(stage.carry().await.count("sent"), 0);
    let letter = stage.letter().await;
    assert_eq!((letter.state, letter.last_reason.clone()), (LetterState::Sent, None));
    assert_eq!(stage.leaves("notice_result").await, 1);
    assert_eq!(stage.message_ids(), [letter.message_id("audit.example")]);
    assert!(letter.text.contains(&queued.code) && letter.text.contains("7 / 00c0ffee"));
    assert_eq!(stage.postbox.letters()[0].to, "desk@crane.example");
}

#[tokio::test]
async fn a_letter_without_an_answer_is_sent_again_as_the_same_message() {
    let stage = stage().await;
    stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
    stage.postbox.answer(Some(Outcome::Unknown));
    stage.carry().await;
    stage.postbox.answer(None);
    stage.wait(3600);
    stage.carry().await;
    let posted = stage.postbox.letters();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0], posted[1], "same id, same bytes");
}

#[tokio::test]
async fn a_process_that_dies_with_a_letter_in_hand_loses_nothing() {
    let stage = stage().await;
    stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
    let (id, until) =
        (stage.letter().await.id, stage.house.clock.now().plus(Duration::from_secs(300)));
    let lease =
        move |tx: &mut Conn| store::lease(tx, &[id], &[1; 16], until).map_err(StoreError::from);
    stage.house.store.write("test.lease", lease).await.unwrap();
    assert_eq!(stage.carry().await.count("sent"), 0, "somebody else has it in hand");
    stage.wait(301);
    assert_eq!(stage.carry().await.count("sent"), 1);
    let late = move |tx: &mut Conn| {
        let end = store::End {
            state: LetterState::Failed,
            next_at: until,
            sent_at: None,
            reason: Some("late"),
            erase: false,
        };
        store::end(tx, id, &[1; 16], &end).map_err(StoreError::from)
    };
    assert!(!stage.house.store.write("test.late", late).await.unwrap(), "a stale lease has no say");
    assert_eq!(stage.letter().await.state, LetterState::Sent);
}

#[tokio::test]
async fn a_refusal_for_good_and_a_week_of_silence_end_a_letter() {
    for (answer, days, reason) in [
        (Outcome::Permanent("smtp 550".to_owned()), 0, "smtp 550"),
        (Outcome::Transient("tls".to_owned()), 7, "nobody took it for seven days"),
        (Outcome::Unknown, 7, "nobody took it for seven days"),
    ] {
        let stage = stage().await;
        stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
        stage.postbox.answer(Some(answer));
        stage.carry().await;
        stage.wait(days * 86_400);
        stage.carry().await;
        let letter = stage.letter().await;
        assert_eq!(
            (letter.state, letter.last_reason.as_deref()),
            (LetterState::Failed, Some(reason))
        );
        assert_eq!(stage.leaves("notice_result").await, 2, "the end, and the need of paper");
        stage.wait(86_400);
        assert_eq!(stage.carry().await, crate::foundation::jobs::Tally::default());
    }
}

#[tokio::test]
async fn hostile_names_change_no_header_and_add_no_recipient() {
    let stage = stage().await;
    let hostile = "x\r\nBcc: thief@evil.example\r\n\r\n.\r\n<script>alert(1)</script>";
    let mut notice = stage.notice.clone();
    notice.addressee = hostile.to_owned();
    notice.certificates = vec![hostile.to_owned()];
    notice.zh.facts = vec![hostile.to_owned()];
    notice.organ.name_zh = hostile.to_owned();
    stage.enqueue(Draft::advice(notice).unwrap()).await;
    assert_eq!(stage.carry().await.count("sent"), 1);
    let posted = stage.postbox.letters();
    assert_eq!((posted.len(), posted[0].to.as_str()), (1, "desk@crane.example"));
    let parsed = mail_parser::MessageParser::default().parse(&posted[0].message).unwrap();
    assert!(parsed.bcc().is_none() && parsed.cc().is_none());
    assert_eq!(parsed.to().unwrap().as_list().unwrap().len(), 1);
    assert!(!parsed.body_html(0).unwrap().contains("<script>"));
}
