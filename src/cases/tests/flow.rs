//! The way of a case after its notice: every step and every refused one.

use super::*;
use crate::cases::actions::{self, Answer, Proposal, Record};
use crate::cases::evidence::{self, File};
use crate::cases::guard::{CaseLead, CaseOfficer, Respondent};
use crate::cases::model::{CaseResult, CheckMethod, EscalationKind, Outcome};
use crate::cases::store::flow;
use crate::foundation::db::schema::{cases_cases, cases_evidence};
use crate::foundation::ids::{EvidenceId, OfficerId};
use crate::foundation::time::Day;
use crate::notices::LetterKind;
use crate::registry::Calendar;

/// Two who lead, and one more officer.
const MORE: &str = r#"
[[officer]]
department = "police"
login = "gao.feng"
name = "高峰"
certificate_no = "HN-3"
certificate_until = 2031-12-31
sectors = ["lodging", "gasoline"]
email = "gao@hebi.example"
lead = true

[[officer]]
department = "police"
login = "qin.chuan"
name = "秦川"
certificate_no = "HN-4"
certificate_until = 2031-12-31
sectors = ["lodging"]
email = "qin@hebi.example"

[[officer]]
department = "police"
login = "tao.ran"
name = "陶然"
certificate_no = "HN-5"
certificate_until = 2031-12-31
sectors = ["lodging"]
email = "tao@hebi.example"
lead = true
"#;

/// A city with a case, and who acts in it.
pub(super) struct Affair {
    pub(super) city: City,
    pub(super) id: CaseId,
}

pub(super) async fn affair(order: bool) -> Affair {
    let city = city().await;
    let registry = format!("{REGISTRY}{MORE}");
    registry::import(&city.house, &city.packs, &city.cipher, &registry).await.unwrap();
    let mut seen = city.seen("仙鹤宾馆", "record/1", FindingKind::RecordFailed).await;
    if order {
        let pack = city.packs.iter().filter(|pack| pack.sector() == "lodging").last().unwrap();
        seen.rule = pack.rules().find(|r| r.basis[0] == "minors-57").map(|r| r.id.clone());
    } else {
        seen.kind = FindingKind::Gap;
    }
    let finding = city.raise(seen).await;
    let id = city.confirm(&finding).await.unwrap();
    let affair = Affair { city, id };
    affair.clear().await;
    affair
}

impl Affair {
    async fn clear(&self) {
        clear(&self.city.house).await;
    }

    /// A case whose notice was served.
    async fn served(order: bool) -> Self {
        let affair = affair(order).await;
        notices::carry_once(&affair.city.house, &affair.city.carrier()).await.unwrap();
        affair.stands(State::Served).await;
        affair.clear().await;
        affair
    }

    /// Puts the case into `state` by hand.
    pub(super) async fn stands(&self, state: State) {
        let id = self.id;
        let put = move |tx: &mut Conn| {
            let served = crate::foundation::time::Timestamp::from_seconds(1_772_000_000);
            diesel::update(cases_cases::table.find(id))
                .set((cases_cases::state.eq(state), cases_cases::served_at.eq(Some(served))))
                .execute(tx)
                .map_err(StoreError::from)
        };
        self.city.house.store.write("test.put", put).await.unwrap();
    }

    pub(super) async fn case(&self) -> Case {
        self.city.case(self.id).await
    }

    async fn version(&self) -> i64 {
        // Rows of one millisecond have no order.
        self.city.house.clock.advance(Duration::from_millis(5)).unwrap();
        self.case().await.version
    }

    async fn named(&self, name: &str) -> RegisteredOfficer {
        let officers = self.city.officers().await;
        officers.into_iter().find(|officer| officer.name == name).unwrap()
    }

    async fn officer(&self, name: &str) -> CaseOfficer {
        let officer = self.named(name).await;
        let by = Decider {
            id: officer.id,
            pseudonym: "pseudonym".to_owned(),
            certificate: officer.certificate_no,
        };
        CaseOfficer { by, case: self.case().await }
    }

    async fn lead(&self, name: &str) -> CaseLead {
        CaseLead(self.officer(name).await)
    }

    async fn business(&self) -> Respondent {
        let house = &self.city.house;
        let pseudonym = "business".to_owned();
        Respondent { person: house.fresh(), pseudonym, case: self.case().await }
    }

    fn today(&self) -> Day {
        self.city.house.clock.now().day()
    }

    /// The types of the leaves since the last look.
    async fn left(&self) -> Vec<String> {
        let mut leaves = self.city.leaves().await;
        leaves.sort();
        self.clear().await;
        // Rows of one millisecond have no order.
        self.city.house.clock.advance(Duration::from_millis(5)).unwrap();
        leaves
    }

    async fn acknowledge(&self) -> Result<(), CaseError> {
        actions::acknowledge(&self.city.house, self.business().await).await
    }

    async fn reply(&self, version: i64, text: &str, files: Vec<File>) -> Result<(), CaseError> {
        let (house, cipher) = (&self.city.house, &self.city.cipher);
        let answer = Answer::new(text, files)?;
        actions::reply(house, cipher, self.business().await, version, answer).await
    }

    async fn ask(&self, version: i64, days: u32) -> Result<(), CaseError> {
        let until = self.case().await.deadline.plus(days);
        let right = self.business().await;
        actions::ask_extension(&self.city.house, right, version, until, why()).await
    }

    async fn decide_extension(
        &self,
        name: &str,
        version: i64,
        days: Option<u32>,
    ) -> Result<(), CaseError> {
        let id = self.id;
        let asked = self.city.read(move |conn| flow::extensions(conn, id)).await;
        let place = (version, asked.last().unwrap().id);
        let case = self.case().await;
        let until = days.map(|days| case.deadline.plus(days));
        let (house, cipher) = (&self.city.house, &self.city.cipher);
        let right = self.officer(name).await;
        actions::decide_extension(house, cipher, right, place, until, why()).await
    }

    async fn plan(&self, version: i64) -> Result<(), CaseError> {
        let what = (CheckMethod::Visit, self.today().plus(7));
        actions::plan(&self.city.house, self.officer("林月").await, version, what, why()).await
    }

    async fn check(&self) -> Check {
        let id = self.id;
        self.city.read(move |conn| flow::checks(conn, id)).await.pop().unwrap()
    }

    async fn name_two(&self, version: i64, two: [&str; 2]) -> Result<(), CaseError> {
        let two = [self.named(two[0]).await.id, self.named(two[1]).await.id];
        let (place, right) = ((version, self.check().await.id), self.lead("高峰").await);
        actions::name_officers(&self.city.house, right, place, two, why()).await
    }

    async fn record(&self, by: &str, version: i64, result: Outcome) -> Result<(), CaseError> {
        let place = (version, self.check().await.id);
        let record = Record { result, held_on: self.today(), words: why() };
        let (house, cipher) = (&self.city.house, &self.city.cipher);
        actions::end_recheck(house, cipher, self.officer(by).await, place, record).await
    }

    /// A check that found `result`, from its plan on.
    async fn checked(&self, result: Outcome) {
        self.plan(self.version().await).await.unwrap();
        self.name_two(self.version().await, ["林月", "秦川"]).await.unwrap();
        self.record("秦川", self.version().await, result).await.unwrap();
    }

    async fn propose_closing(&self, version: i64, result: CaseResult) -> Result<(), CaseError> {
        let right = self.officer("高峰").await;
        actions::propose_closing(&self.city.house, right, version, result, why()).await
    }

    async fn decide_closing(&self, by: &str, version: i64, yes: bool) -> Result<(), CaseError> {
        let id = self.id;
        let closing = self.city.read(move |conn| flow::closings(conn, id)).await.pop().unwrap();
        let (house, cipher) = (&self.city.house, &self.city.cipher);
        let right = self.lead(by).await;
        actions::decide_closing(house, cipher, right, (version, closing.id), yes, why()).await
    }

    async fn propose(&self, version: i64, kind: EscalationKind) -> Result<(), CaseError> {
        let proposal = Proposal::new(kind, "鹤壁市公安局法制支队", why())?;
        let right = self.officer("林月").await;
        actions::propose_escalation(&self.city.house, right, version, proposal).await
    }

    async fn carry_out(&self, by: &str, version: i64, yes: bool) -> Result<(), CaseError> {
        let id = self.id;
        let steps = self.city.read(move |conn| flow::escalations(conn, id)).await;
        let place = (version, steps.last().unwrap().id);
        let right = self.lead(by).await;
        actions::decide_escalation(&self.city.house, right, place, yes, why()).await
    }

    async fn events(&self) -> Vec<Event> {
        let id = self.id;
        let happened = self.city.read(move |conn| store::timeline(conn, id)).await;
        happened.into_iter().map(|one| one.event).collect()
    }

    /// The kinds of the letters of the case, each once.
    async fn kinds(&self) -> Vec<LetterKind> {
        let mut kinds: Vec<LetterKind> =
            self.city.letters(self.id).await.iter().map(|letter| letter.kind).collect();
        kinds.dedup();
        kinds
    }
}

fn why() -> Reason {
    Reason::parse("依据材料").unwrap()
}

fn file(name: &str) -> File {
    File::parse(name, "application/pdf", b"%PDF-1.7 secret".to_vec()).unwrap()
}

fn is_not_now(done: Result<(), CaseError>) -> bool {
    matches!(done, Err(CaseError::NotNow))
}

#[tokio::test]
async fn an_order_is_extended_answered_checked_and_closed_with_a_leaf_for_each_step() {
    let it = Affair::served(true).await;
    let deadline = it.case().await.deadline;

    it.acknowledge().await.unwrap();
    assert_eq!(it.left().await, ["notice_result", "reply"]);
    it.acknowledge().await.unwrap();
    assert_eq!(it.left().await, Vec::<String>::new(), "reading twice changes nothing");

    it.ask(it.version().await, 20).await.unwrap();
    assert_eq!(it.left().await, ["reply"]);
    it.decide_extension("林月", it.version().await, Some(10)).await.unwrap();
    assert_eq!(it.left().await, ["case_state", "notice_queued", "notice_queued"]);
    assert_eq!(it.case().await.deadline, deadline.plus(10));

    it.reply(it.version().await, "已补登记", vec![file("证明.pdf")]).await.unwrap();
    assert_eq!(it.left().await, ["reply"]);
    it.plan(it.version().await).await.unwrap();
    assert_eq!(it.left().await, ["case_state"]);
    it.name_two(it.version().await, ["林月", "秦川"]).await.unwrap();
    assert_eq!(it.left().await, ["case_state"]);
    it.record("秦川", it.version().await, Outcome::Passed).await.unwrap();
    assert_eq!(it.left().await, ["case_state", "notice_queued", "notice_queued"]);
    it.propose_closing(it.version().await, CaseResult::Rectified).await.unwrap();
    assert_eq!(it.left().await, ["case_state"]);
    it.decide_closing("陶然", it.version().await, true).await.unwrap();
    assert_eq!(it.left().await, ["case_state", "notice_queued", "notice_queued"]);

    let case = it.case().await;
    assert_eq!((case.state, case.result), (State::Closed, Some(CaseResult::Rectified)));
    use Event::*;
    let way = [Open, Acknowledge, AskExtension, Extend, Reply, PlanRecheck, NameOfficers, Pass];
    assert_eq!(it.events().await, [&way[..], &[ProposeClosing, Close]].concat());
    use LetterKind as L;
    assert_eq!(it.kinds().await, [L::Order, L::Extension, L::Recheck, L::Closing]);
}

#[tokio::test]
async fn leaves_tell_what_happened_and_none_of_the_words() {
    let it = Affair::served(true).await;
    it.reply(it.version().await, "已补登记", vec![file("证明.pdf")]).await.unwrap();
    it.plan(it.version().await).await.unwrap();
    let told = json!(it.city.bodies().await).to_string();
    for word in ["已补登记", "证明", "secret", "依据材料", "林月", "仙鹤"] {
        assert!(!told.contains(word), "{word}: {told}");
    }
    let digest = crate::foundation::crypto::b64u::encode(&file("a.pdf").digest);
    for word in ["\"event\":\"reply\"", "\"state\":\"rechecking\"", &digest] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[tokio::test]
async fn a_file_is_sealed_and_opens_in_its_place_only() {
    let it = Affair::served(true).await;
    it.reply(it.version().await, "见附件", vec![file("甲.pdf"), file("乙.pdf")]).await.unwrap();
    let id = it.id;
    let kept: Vec<(EvidenceId, Vec<u8>)> = it
        .city
        .read(|conn| {
            let columns = (cases_evidence::id, cases_evidence::sealed);
            cases_evidence::table.select(columns).order(cases_evidence::place).load(conn)
        })
        .await;
    let holder = it.case().await.holder;
    let open = |own: &EvidenceId, blob: &[u8]| {
        let opened = it.city.cipher.open(actions::cell(own, &holder), blob);
        opened.map(|content| content.to_vec())
    };
    assert!(!kept[0].1.windows(6).any(|part| part == b"secret"));
    assert_eq!(open(&kept[0].0, &kept[0].1).unwrap(), b"%PDF-1.7 secret");
    assert!(open(&kept[1].0, &kept[0].1).is_err(), "not in another's place");
    let files = it.city.read(move |conn| flow::evidence(conn, id)).await;
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["甲.pdf", "乙.pdf"]);
    assert!(Answer::new("x", vec![file("a.pdf"); evidence::MOST_FILES + 1]).is_err());
}

#[tokio::test]
async fn whoever_has_not_seen_the_newest_version_changes_nothing() {
    let it = Affair::served(true).await;
    it.ask(it.version().await, 20).await.unwrap();
    let stale = it.version().await - 1;
    it.left().await;
    assert!(is_not_now(it.ask(stale, 20).await));
    assert!(is_not_now(it.reply(stale, "x", Vec::new()).await));
    assert!(is_not_now(it.decide_extension("林月", stale, None).await));
    assert!(is_not_now(it.plan(stale).await));
    assert!(is_not_now(it.propose_closing(stale, CaseResult::Withdrawn).await));
    assert!(is_not_now(it.propose(stale, EscalationKind::Transfer).await));
    let right = it.officer("林月").await;
    assert!(is_not_now(actions::suspend(&it.city.house, right, stale, why()).await));
    assert_eq!(it.left().await, Vec::<String>::new());
    assert_eq!(it.version().await, stale + 1);
}

#[tokio::test]
async fn two_officers_who_decide_at_once_decide_once() {
    let it = Affair::served(true).await;
    it.ask(it.version().await, 20).await.unwrap();
    let seen = it.version().await;
    it.left().await;
    let (one, other) = tokio::join!(
        it.decide_extension("林月", seen, Some(5)),
        it.decide_extension("秦川", seen, None)
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|won| **won).count(), 1);
    assert_eq!(it.left().await, ["case_state", "notice_queued", "notice_queued"]);
}

#[tokio::test]
async fn a_reply_sent_twice_is_kept_once() {
    let it = Affair::served(true).await;
    let seen = it.version().await;
    let (one, other) = tokio::join!(
        it.reply(seen, "已补登记", vec![file("证明.pdf")]),
        it.reply(seen, "已补登记", vec![file("证明.pdf")])
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|won| **won).count(), 1);
    let id = it.id;
    assert_eq!(it.city.read(move |conn| flow::replies(conn, id)).await.len(), 1);
    assert_eq!(it.city.read(move |conn| flow::evidence(conn, id)).await.len(), 1);
    it.reply(it.version().await, "补充", Vec::new()).await.unwrap();
    assert_eq!(it.case().await.state, State::Replied);
}

#[tokio::test]
async fn more_time_has_a_limit_and_one_question_at_a_time() {
    let it = Affair::served(true).await;
    for days in [0, 91] {
        let asked = it.ask(it.version().await, days).await;
        assert!(matches!(asked, Err(CaseError::Words("extension-day"))), "{days}");
    }
    it.ask(it.version().await, 90).await.unwrap();
    assert!(is_not_now(it.ask(it.version().await, 10).await), "one is open");
    let beyond = it.decide_extension("林月", it.version().await, Some(91)).await;
    assert!(matches!(beyond, Err(CaseError::Words("extension-day"))));
    it.decide_extension("林月", it.version().await, Some(80)).await.unwrap();
    let more = it.ask(it.version().await, 11).await;
    assert!(matches!(more, Err(CaseError::Words("extension-day"))), "90 days in all");
    it.ask(it.version().await, 10).await.unwrap();
    let deadline = it.case().await.deadline;
    it.decide_extension("林月", it.version().await, None).await.unwrap();
    assert_eq!(it.case().await.deadline, deadline, "refused");

    let advice = Affair::served(false).await;
    assert!(is_not_now(advice.ask(advice.version().await, 10).await), "advice has no time");
}

#[tokio::test]
async fn what_was_asked_in_time_may_be_granted_late() {
    let it = Affair::served(true).await;
    it.ask(it.version().await, 20).await.unwrap();
    it.city.house.clock.set(it.case().await.deadline.end()).unwrap();
    assert_eq!(follow_up(&it.city.house).await.unwrap().count("overdue"), 1);
    it.decide_extension("林月", it.version().await, Some(20)).await.unwrap();
    assert_eq!(it.case().await.state, State::Served);
}

#[tokio::test]
async fn time_that_stands_still_does_not_run_out_and_goes_on_where_it_stopped() {
    let it = Affair::served(true).await;
    let (house, deadline) = (&it.city.house, it.case().await.deadline);
    let calendar = Calendar::embedded();
    let early =
        actions::resume(house, &calendar, it.officer("林月").await, it.version().await, why());
    assert!(is_not_now(early.await), "it runs");
    let right = it.officer("林月").await;
    actions::suspend(house, right, it.version().await, why()).await.unwrap();
    let right = it.officer("林月").await;
    let again = actions::suspend(house, right, it.version().await, why()).await;
    assert!(is_not_now(again), "it stands still");
    it.city.wait(24 * 60);
    assert_eq!(follow_up(house).await.unwrap().count("overdue"), 0);
    let right = it.officer("林月").await;
    actions::resume(house, &calendar, right, it.version().await, why()).await.unwrap();
    let case = it.case().await;
    assert_eq!((case.deadline, case.suspended_at), (deadline.plus(60), None));
}

#[tokio::test]
async fn a_check_needs_two_fit_officers_and_only_they_write_it_down() {
    let it = Affair::served(true).await;
    it.reply(it.version().await, "已补登记", Vec::new()).await.unwrap();
    it.plan(it.version().await).await.unwrap();
    assert!(is_not_now(it.plan(it.version().await).await), "one is planned");
    let early = it.record("林月", it.version().await, Outcome::Passed).await;
    assert!(matches!(early, Err(CaseError::NotYours("cases-bar-check"))), "nobody is named");
    // He Shan's certificate has run out, and he has a conflict.
    for two in [["林月", "林月"], ["林月", "何山"]] {
        let named = it.name_two(it.version().await, two).await;
        assert!(matches!(named, Err(CaseError::Words("check-officers"))), "{two:?}");
    }
    it.name_two(it.version().await, ["林月", "秦川"]).await.unwrap();
    let foreign = it.record("陶然", it.version().await, Outcome::Passed).await;
    assert!(matches!(foreign, Err(CaseError::NotYours("cases-bar-check"))));
    it.record("林月", it.version().await, Outcome::Failed).await.unwrap();
    assert_eq!(it.case().await.state, State::Overdue);
    let letter = it.city.letters(it.id).await.pop().unwrap();
    assert!(letter.text.contains("HN-1") && letter.text.contains("HN-4"), "{}", letter.text);
}

#[tokio::test]
async fn drawn_officers_are_not_named_anew() {
    let it = Affair::served(true).await;
    it.plan(it.version().await).await.unwrap();
    let id = it.check().await.id;
    let two: [OfficerId; 2] = [it.named("林月").await.id, it.named("秦川").await.id];
    let house = it.city.house.clone();
    let draw = move |tx: &mut Conn| officers_drawn_in(tx, &house, id, two, house.fresh());
    it.city.house.store.write("test.draw", draw).await.unwrap();
    assert_eq!(it.check().await.officers(), Some(two));
    assert!(is_not_now(it.name_two(it.version().await, ["林月", "高峰"]).await));
}

#[tokio::test]
async fn nobody_approves_his_own_proposal_and_nothing_unchecked_is_corrected() {
    let it = Affair::served(true).await;
    let early = it.propose_closing(it.version().await, CaseResult::Rectified).await;
    assert!(matches!(early, Err(CaseError::Words("closing-unchecked"))));
    it.checked(Outcome::Passed).await;
    it.propose_closing(it.version().await, CaseResult::Rectified).await.unwrap();
    let own = it.decide_closing("高峰", it.version().await, true).await;
    assert!(matches!(own, Err(CaseError::NotYours("cases-bar-own"))));
    it.decide_closing("陶然", it.version().await, false).await.unwrap();
    assert_eq!((it.case().await.state, it.case().await.result), (State::Rechecking, None));
    assert!(is_not_now(it.decide_closing("陶然", it.version().await, true).await), "decided");
    assert!(!it.kinds().await.contains(&LetterKind::Closing));
}

#[tokio::test]
async fn a_failed_check_of_an_order_goes_further_and_of_advice_does_not() {
    let it = Affair::served(true).await;
    assert!(is_not_now(it.propose(it.version().await, EscalationKind::Interview).await));
    it.checked(Outcome::Failed).await;
    let late = it.propose_closing(it.version().await, CaseResult::Lenient).await;
    assert!(matches!(late, Err(CaseError::Words("closing-late"))));
    it.propose(it.version().await, EscalationKind::Interview).await.unwrap();
    assert!(is_not_now(it.propose(it.version().await, EscalationKind::HandOver).await), "open");
    it.carry_out("高峰", it.version().await, true).await.unwrap();
    assert_eq!(it.case().await.state, State::Escalated);
    it.propose(it.version().await, EscalationKind::HandOver).await.unwrap();
    it.left().await;
    it.carry_out("高峰", it.version().await, true).await.unwrap();
    let left = it.left().await;
    assert_eq!(left, ["case_state", "notice_queued", "notice_result"], "one document, on paper");
    assert_eq!(it.case().await.state, State::HandedOver);
    assert!(is_not_now(it.reply(it.version().await, "x", Vec::new()).await), "it is over");
    assert!(is_not_now(it.propose(it.version().await, EscalationKind::Transfer).await));

    let advice = Affair::served(false).await;
    advice.checked(Outcome::Failed).await;
    assert_eq!(advice.case().await.state, State::Served);
    let step = advice.propose(advice.version().await, EscalationKind::HandOver).await;
    assert!(is_not_now(step), "advice leads to no penalty");
    advice.propose(advice.version().await, EscalationKind::Transfer).await.unwrap();
    advice.carry_out("高峰", advice.version().await, true).await.unwrap();
    assert_eq!(advice.case().await.state, State::Transferred);
}

#[tokio::test]
async fn time_that_ran_out_proposes_and_a_person_decides() {
    let it = Affair::served(true).await;
    it.city.house.clock.set(it.case().await.deadline.end()).unwrap();
    assert_eq!(follow_up(&it.city.house).await.unwrap().count("overdue"), 1);
    assert_eq!(follow_up(&it.city.house).await.unwrap().count("overdue"), 0);
    assert_eq!(it.case().await.state, State::Overdue, "nothing follows by itself");
    it.carry_out("高峰", it.version().await, false).await.unwrap();
    assert_eq!(it.case().await.state, State::Overdue);
    it.propose(it.version().await, EscalationKind::JointInspection).await.unwrap();
}
