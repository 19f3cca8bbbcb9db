//! Deciding about many findings at once; leniency; decisions that are taken back.

use super::*;
use crate::cases::groups::Group;
use crate::foundation::crypto::b64u;
use crate::ledger::{LeafKind, NewLeaf, append_in};

impl City {
    async fn group_of(&self, finding: &Finding) -> Group {
        let id = self.finding(finding.id).await.group.unwrap();
        self.read(move |conn| store::group(conn, id)).await.unwrap()
    }

    async fn confirm_all(&self, right: Confirmer) -> Result<Done, CaseError> {
        confirm(&self.house, &self.packs, &self.cipher, right, self.words(30)).await
    }

    async fn silent_day(&self, name: &'static str, day: &str) -> Finding {
        let mut seen = self.seen(name, &format!("{name}/{day}"), FindingKind::MissingDay).await;
        seen.day = Some(day.parse().unwrap());
        self.raise(seen).await
    }

    async fn history(&self, finding: &Finding) -> Vec<Decision> {
        let id = finding.id;
        self.read(move |conn| store::decisions_of(conn, id)).await
    }

    async fn integrity(&self, finding: &Finding) -> Integrity {
        let now = self.finding(finding.id).await;
        self.read(move |conn| integrity::of_finding(conn, &now)).await
    }
}

#[tokio::test]
async fn what_is_confirmed_together_is_one_case_and_one_notice_a_business() {
    let city = city().await;
    let days = ["2026-02-03", "2026-02-04", "2026-02-05"];
    let mut silent = Vec::new();
    for day in days {
        silent.push(city.silent_day("仙鹤宾馆", day).await);
    }
    let gap = city.gap("gap/1").await;
    let other = city.silent_day("无名旅馆", "2026-02-03").await;
    clear(&city.house).await;
    let chosen: Vec<&Finding> = silent.iter().chain([&gap, &other]).collect();
    let done = city.confirm_all(city.rights(0, &chosen).await).await.unwrap();
    assert_eq!((done.findings.len(), done.cases.len()), (5, 2));

    let mut leaves = city.leaves().await;
    leaves.sort();
    let decided = [["case_state"; 2].as_slice(), &["finding_confirmed"; 5]].concat();
    // The business without a contact gets its notice on paper.
    let told = [["notice_queued"; 3].as_slice(), &["notice_result"]].concat();
    assert_eq!(leaves, [decided, told].concat());
    let text = &city.letters(done.cases[0]).await[0].text;
    for day in days {
        assert!(text.contains(day), "{day}: {text}");
    }
    assert_eq!(text.matches("补报当日记录").count(), 1, "what to do is said once: {text}");
    assert!(text.contains("补报缺少的编号"), "{text}");
    let numbers = [city.case(done.cases[0]).await.number, city.case(done.cases[1]).await.number];
    assert!(numbers[0].ends_with("第 1 号") && numbers[1].ends_with("第 2 号"), "{numbers:?}");
    let group = city.group_of(&silent[0]).await;
    assert_eq!((group.size, group.undecided, group.confirmed), (3, 0, 3));
}

#[tokio::test]
async fn what_no_article_empowers_to_order_is_not_ordered_along_with_what_one_does() {
    let city = city().await;
    let lodging = city.packs.iter().filter(|pack| pack.sector() == "lodging").last().unwrap();
    let minors = lodging.rules().find(|rule| rule.basis[0] == "minors-57").unwrap().id.clone();
    let mut seen = city.seen("仙鹤宾馆", "record/1", FindingKind::RecordFailed).await;
    seen.rule = Some(minors);
    let (record, gap) = (city.raise(seen).await, city.gap("gap/1").await);
    let right = city.rights(0, &[&record, &gap]).await;
    let done = city.confirm_all(right).await.unwrap();
    let mut cases = [city.case(done.cases[0]).await, city.case(done.cases[1]).await];
    cases.sort_by_key(|case| case.notice != notices::LetterKind::Order);
    let (order, advice) = (&cases[0], &cases[1]);
    assert_eq!(order.notice, notices::LetterKind::Order);
    assert_eq!(advice.notice, notices::LetterKind::Advice);
    let ordered = &city.letters(order.id).await[0].text;
    assert!(!ordered.contains("编号 17 至 19"), "{ordered}");
    assert!(city.letters(advice.id).await[0].text.contains("编号 17 至 19"));
}

#[tokio::test]
async fn a_form_that_comes_again_decides_nothing_again() {
    let city = city().await;
    let findings = [city.gap("gap/1").await, city.gap("gap/2").await];
    let right = city.rights(0, &[&findings[0], &findings[1]]).await;
    let first = city.confirm_all(right.clone()).await.unwrap();
    clear(&city.house).await;
    assert_eq!(city.confirm_all(right.clone()).await.unwrap(), first);
    let dismissed = dismiss(&city.house, right, dismissal(Code::Other, "x")).await.unwrap();
    assert_eq!(dismissed, first, "what the form did stands");
    assert_eq!(city.leaves().await, Vec::<String>::new());
    // Another officer does not profit from having seen the form.
    let mut stolen = city.rights(1, &[&findings[0]]).await;
    stolen.act = city.history(&findings[0]).await[0].act;
    assert!(matches!(city.confirm_all(stolen).await, Err(CaseError::NotNow)));
}

#[tokio::test]
async fn of_two_officers_who_choose_the_same_finding_one_decides_all_and_one_nothing() {
    let city = city().await;
    let findings = [city.gap("1").await, city.gap("2").await, city.gap("3").await];
    clear(&city.house).await;
    let one = city.confirm_all(city.rights(0, &[&findings[0], &findings[1]]).await);
    let right = city.rights(1, &[&findings[1], &findings[2]]).await;
    let other = dismiss(&city.house, right, dismissal(Code::Duplicate, "重复"));
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let mut stages = Vec::new();
    for finding in &findings {
        stages.push(city.finding(finding.id).await.stage);
    }
    let expected = if one.is_ok() {
        [Stage::Confirmed, Stage::Confirmed, Stage::Proposed]
    } else {
        [Stage::Proposed, Stage::Dismissed, Stage::Dismissed]
    };
    assert_eq!(stages, expected);
    assert_eq!(city.leaves().await.len(), if one.is_ok() { 5 } else { 2 });
}

#[tokio::test]
async fn leniency_is_a_record_for_a_first_breach_that_is_not_critical() {
    let city = city().await;
    let (first, second) =
        (city.silent_day("仙鹤宾馆", "2026-02-03").await, city.gap("gap/1").await);
    clear(&city.house).await;
    let taught = dismissal(Code::Lenient, "当日补报，已当面教育");
    let right = city.rights(0, &[&first]).await;
    dismiss(&city.house, right, taught.clone()).await.unwrap();
    let body = city.bodies().await.remove(0);
    assert_eq!(body["result"], "education");
    assert_eq!(body["conditions"], json!(["first", "minor", "corrected"]));
    assert!(!body.to_string().contains("当面"), "the words stay inside");
    let group = city.group_of(&first).await;
    assert_eq!((group.dismissed, group.lenient), (1, 1));
    assert_eq!(city.read(move |c| store::lessons(c, &second)).await, 1);

    let again = city.silent_day("仙鹤宾馆", "2026-02-04").await;
    let right = city.rights(0, &[&again]).await;
    let refused = dismiss(&city.house, right, taught.clone()).await;
    assert!(matches!(refused, Err(CaseError::Words("lenient-again"))), "{refused:?}");
    let mut seen = city.seen("无名旅馆", "grave/1", FindingKind::Equivocation).await;
    seen.severity = Severity::Critical;
    let right = city.rights(0, &[&city.raise(seen).await]).await;
    let refused = dismiss(&city.house, right, taught).await;
    assert!(matches!(refused, Err(CaseError::Words("lenient-critical"))), "{refused:?}");
}

#[tokio::test]
async fn a_dismissal_that_is_taken_back_stays_on_record_and_in_the_log() {
    use crate::foundation::db::schema::cases_decisions as d;
    let mut city = city().await;
    let (one, two) = (city.gap("gap/1").await, city.gap("gap/2").await);
    for finding in [&one, &two] {
        city.dismiss(finding, "误报").await.unwrap();
        city.wait(1);
        clear(&city.house).await;
        let right = city.rights(0, &[finding]).await;
        reopen(&city.house, right.clone(), Reason::parse("企业来函说明").unwrap()).await.unwrap();
        assert_eq!(city.leaves().await, ["finding"]);
        let late = reopen(&city.house, city.right(finding).await, Reason::parse("x").unwrap());
        assert!(matches!(late.await, Err(CaseError::NotNow)));
        assert_eq!(city.finding(finding.id).await.decided_by, None);
        city.wait(1);
        city.confirm(finding).await.unwrap();
    }
    // The leaves of the first decisions were cleared away above; these are all in the log.
    let three = city.gap("gap/3").await;
    city.dismiss(&three, "误报").await.unwrap();
    let right = city.rights(1, &[&three]).await;
    reopen(&city.house, right, Reason::parse("企业来函说明").unwrap()).await.unwrap();
    city.dismiss(&three, "仍属误报").await.unwrap();
    let verdicts: Vec<Verdict> = city.history(&three).await.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Dismissed, Verdict::Reopened, Verdict::Dismissed]);
    assert_eq!(city.integrity(&three).await, Integrity::Waiting);
    let running = log::resumed(city.house.clone(), city.guard.take().unwrap()).await.unwrap();
    running.drained().await;
    assert_eq!(city.integrity(&three).await, Integrity::Matches);

    let id = three.id;
    let edit = move |tx: &mut Conn| -> Result<(), StoreError> {
        let first = d::table.filter(d::finding_id.eq(id).and(d::seq.eq(0)));
        diesel::update(first).set(d::reason.eq("另一个理由")).execute(tx)?;
        Ok(())
    };
    city.house.store.write("test.edit", edit).await.unwrap();
    assert_eq!(city.integrity(&three).await, Integrity::Differs, "an old decision was edited");
    let hide = move |tx: &mut Conn| -> Result<(), StoreError> {
        let first = d::table.filter(d::finding_id.eq(one.id).and(d::seq.eq(1)));
        diesel::delete(first).execute(tx)?;
        Ok(())
    };
    city.house.store.write("test.hide", hide).await.unwrap();
    assert_eq!(city.integrity(&city.finding(one.id).await).await, Integrity::Differs);
}

#[tokio::test]
async fn a_decision_of_the_first_form_still_matches_its_leaf() {
    let mut city = city().await;
    let finding = city.gap("gap/1").await;
    let mut old = Decision {
        finding: finding.id,
        seq: 0,
        verdict: Verdict::Dismissed,
        code: None,
        at: city.house.clock.now(),
        officer: city.officers().await[0].id,
        reason: "误报".to_owned(),
        leaf: finding.leaf,
        group: finding.group,
        case: None,
        act: None,
    };
    let words = b64u::encode(&old.first_hash(&finding).unwrap());
    let body = json!({ "finding": finding.id, "officer": "pseudonym", "words": words });
    let leaf = NewLeaf::new(&city.house, LeafKind::FindingDismissed, body);
    old.leaf = leaf.id;
    let write = move |tx: &mut Conn| -> Result<(), StoreError> {
        assert!(store::decide(tx, &old)?);
        append_in(tx, &leaf)?;
        Ok(())
    };
    city.house.store.write("test.old", write).await.unwrap();
    let running = log::resumed(city.house.clone(), city.guard.take().unwrap()).await.unwrap();
    running.drained().await;
    assert_eq!(city.integrity(&finding).await, Integrity::Matches);
}
