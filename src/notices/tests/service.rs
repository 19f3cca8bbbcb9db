//! What proves that a document was served, and when it needs paper.

use super::*;
use crate::foundation::db::schema::registry_contacts;
use crate::foundation::ids::PersonId;
use crate::identity::Actor;
use crate::registry::{ConsentHow, ConsentMethod, NewConsent};

const ADDRESS: &str = "desk@crane.example";

impl Stage {
    fn order(&self) -> Draft {
        let packs = Packs::embedded();
        let (duties, day) = (["minors-57".to_owned()], self.house.clock.now().day());
        let basis = FrozenBasis::freeze(packs.catalogue(), "lodging", &duties, &day);
        Draft::order(Notice { basis, ..self.notice.clone() }).unwrap()
    }

    async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn, &House) -> Result<T, NoticeError> + Send + Sync + 'static,
    ) -> T {
        let house = self.house.clone();
        self.house.store.write("test.write", move |tx| f(tx, &house)).await.unwrap()
    }

    async fn consent(&self, method: ConsentMethod) {
        let (holder, department) = (self.notice.holder, self.notice.organ.id);
        let new = NewConsent {
            holder,
            department,
            method,
            how: ConsentHow::Paper,
            reference: Some("1".to_owned()),
            addresses: vec![ADDRESS.to_owned()],
            given_on: "2026-01-05".parse().unwrap(),
        };
        let cipher = self.carrier.cipher.clone();
        self.write(move |tx, house| {
            registry::give_consent_in(tx, house, &cipher, &new, (Actor::Command, None))?;
            Ok(())
        })
        .await;
    }

    async fn withdraw(&self) {
        let who = (self.notice.holder, self.notice.organ.id);
        let withdrawn = self.write(move |tx, house| {
            Ok(registry::withdraw_consent_in(tx, house, who, (Actor::Command, None))?)
        });
        assert!(withdrawn.await);
    }

    async fn delivery(&self) -> Delivery {
        let (code, now) = (self.letter().await.code, self.house.clock.now());
        let read = move |conn: &mut Conn| delivery_of(conn, &code, now).map_err(StoreError::from);
        self.house.store.read("test.delivery", read).await.unwrap()
    }

    async fn copies(&self) -> Vec<PaperCopy> {
        let department = self.notice.organ.id;
        let read = move |conn: &mut Conn| {
            store::papers(conn, department, PaperState::ALL, None, 10).map_err(StoreError::from)
        };
        self.house.store.read("test.copies", read).await.unwrap()
    }

    async fn attempts(&self) -> Vec<Attempt> {
        let id = self.letter().await.id;
        let read = move |conn: &mut Conn| store::attempts(conn, id).map_err(StoreError::from);
        self.house.store.read("test.attempts", read).await.unwrap()
    }

    fn reader(&self) -> Reader {
        let person: PersonId = self.house.fresh();
        Reader { person, pseudonym: "pseudonym".to_owned() }
    }
}

#[tokio::test]
async fn with_consent_a_mail_that_was_taken_serves_an_order() {
    let stage = stage().await;
    stage.consent(ConsentMethod::Mail).await;
    stage.enqueue(stage.order()).await;
    assert_eq!(stage.delivery().await, Delivery::Waiting);
    stage.postbox.answer(Some(Outcome::Transient("smtp 450".to_owned())));
    stage.carry().await;
    stage.postbox.answer(None);
    stage.wait(3600);
    stage.carry().await;
    let at = stage.house.clock.now();
    assert_eq!(stage.delivery().await, Delivery::Served(at, ServedBy::Mail));
    let attempts = stage.attempts().await;
    let ends: Vec<_> = attempts.iter().map(|a| (a.seq, a.outcome, a.consented)).collect();
    assert_eq!(ends, [(1, AttemptEnd::Transient, true), (2, AttemptEnd::Sent, true)]);
    assert_eq!(stage.copies().await, []);
}

#[tokio::test]
async fn without_consent_an_order_needs_paper_at_once_and_the_mail_informs() {
    let stage = stage().await;
    stage.enqueue(stage.order()).await;
    let copies = stage.copies().await;
    assert_eq!(copies[0].reason, PaperReason::NoConsent);
    assert_eq!(stage.carry().await.count("sent"), 1);
    stage.carry().await;
    assert_eq!(stage.delivery().await, Delivery::Paper(PaperReason::NoConsent));
    assert_eq!(stage.copies().await, copies, "once");

    // A letter of advice sets no time, so a mail is enough.
    let other = self::stage().await;
    other.enqueue(Draft::advice(other.notice.clone()).unwrap()).await;
    other.carry().await;
    assert!(matches!(other.delivery().await, Delivery::Served(_, ServedBy::Mail)));
    assert_eq!(other.copies().await, []);
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_or_names_another_address_serves_nothing() {
    let stage = stage().await;
    stage.consent(ConsentMethod::Mail).await;
    stage.enqueue(stage.order()).await;
    stage.withdraw().await;
    stage.carry().await;
    assert_eq!(stage.copies().await[0].reason, PaperReason::NoConsent);

    let stage = self::stage().await;
    stage.consent(ConsentMethod::Mail).await;
    let moved = CITY.replace(ADDRESS, "new@crane.example");
    let packs = std::sync::Arc::new(Packs::embedded());
    registry::import(&stage.house, &packs, &stage.carrier.cipher, &moved).await.unwrap();
    stage.enqueue(stage.order()).await;
    assert_eq!(stage.copies().await, []);
    assert_eq!(stage.carry().await.count("sent"), 1);
    assert_eq!(stage.delivery().await, Delivery::Paper(PaperReason::NoConsent));
    assert_eq!(stage.copies().await.len(), 1);
}

#[tokio::test]
async fn where_only_a_confirmation_counts_a_mail_and_a_reading_do_not() {
    let stage = stage().await;
    stage.consent(ConsentMethod::Portal).await;
    stage.enqueue(stage.order()).await;
    stage.carry().await;
    assert_eq!(stage.delivery().await, Delivery::Waiting);
    let (case, reader) = (stage.notice.case, stage.reader());
    let before = stage.leaves("notice_result").await;
    for news in [true, false] {
        let reader = reader.clone();
        let noted = stage.write(move |tx, house| Ok(note_read_in(tx, house, case, &reader)?));
        assert_eq!(noted.await, news);
    }
    assert_eq!(stage.delivery().await, Delivery::Waiting, "reading is no service");
    stage.wait(72 * 3600);
    assert_eq!(stage.delivery().await, Delivery::Paper(PaperReason::Waited));
    let at = stage.house.clock.now();
    for news in [true, false] {
        let reader = reader.clone();
        let noted = stage.write(move |tx, house| Ok(confirm_receipt_in(tx, house, case, &reader)?));
        assert_eq!(noted.await, news);
    }
    assert_eq!(stage.delivery().await, Delivery::Served(at, ServedBy::Portal));
    assert_eq!(stage.leaves("notice_result").await, before + 2);
}

#[tokio::test]
async fn a_mail_that_comes_back_serves_nothing_and_asks_for_paper_once() {
    let stage = stage().await;
    stage.consent(ConsentMethod::Mail).await;
    stage.enqueue(stage.order()).await;
    stage.carry().await;
    let letter = stage.letter().await;
    let mailbox = tempfile::tempdir().unwrap();
    let fresh = mailbox.path().join("new");
    let collect = || collect_bounces(&stage.house, mailbox.path(), "audit.example");
    assert_eq!(
        collect().await.unwrap(),
        crate::foundation::jobs::Tally::default(),
        "no mailbox, no reports"
    );
    std::fs::create_dir(&fresh).unwrap();
    let report = |id: &str| {
        format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n\
             Action: failed\r\nStatus: 5.1.1\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}>\r\n\r\n--b--\r\n"
        )
    };
    let ours = report(&letter.message_id("audit.example"));
    let unknown = report(&format!("{}@audit.example", stage.house.fresh::<LetterId>()));
    for (name, text) in [("1", ours.as_str()), ("2", &unknown), ("3", "Subject: hello\r\n\r\n")] {
        std::fs::write(fresh.join(name), text).unwrap();
    }
    let tally = collect().await.unwrap();
    assert_eq!((tally.count("bounced"), tally.count("other")), (1, 2));
    assert_eq!(stage.delivery().await, Delivery::Paper(PaperReason::Bounced));
    let copies = stage.copies().await;
    assert_eq!((copies.len(), copies[0].reason), (1, PaperReason::Bounced));
    let leaves = stage.leaves("notice_result").await;
    std::fs::write(fresh.join("4"), &ours).unwrap();
    assert_eq!(collect().await.unwrap().count("other"), 1, "the second report is no news");
    assert_eq!(stage.leaves("notice_result").await, leaves);
    assert_eq!(std::fs::read_dir(&fresh).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(mailbox.path().join("cur")).unwrap().count(), 4);
}

#[tokio::test]
async fn an_address_that_does_not_open_keeps_no_other_letter() {
    let stage = stage().await;
    stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
    let broken = |tx: &mut Conn, _: &House| {
        let email = registry_contacts::email.eq(vec![0_u8; 40]);
        diesel::update(registry_contacts::table).set(email).execute(tx)?;
        Ok(())
    };
    stage.write(broken).await;
    let packs = std::sync::Arc::new(Packs::embedded());
    let other = CITY.replace("crane", "stork").replace("仙鹤", "白鹳");
    registry::import(&stage.house, &packs, &stage.carrier.cipher, &other).await.unwrap();
    let stork = registry::derived_id("holder", "stork");
    let notice = Notice { holder: stork, ..stage.notice.clone() };
    stage.wait(1);
    stage.enqueue(Draft::advice(notice).unwrap()).await;
    let tally = stage.carry().await;
    assert_eq!((tally.count("queued"), tally.count("sent")), (1, 1));
    assert_eq!(stage.postbox.letters()[0].to, "desk@stork.example");
}

#[tokio::test]
async fn a_hundred_letters_go_out_once_each() {
    let stage = stage().await;
    for _ in 0..100 {
        stage.enqueue(Draft::advice(stage.notice.clone()).unwrap()).await;
    }
    assert_eq!(stage.carry().await.count("sent"), 100);
    let ids: BTreeSet<String> = stage.message_ids().into_iter().collect();
    assert_eq!(ids.len(), 100);
}
