//! Two cases become one, and one becomes two.

use super::pages::browser;
use super::*;

impl City {
    async fn findings_of(&self, case: CaseId) -> Vec<FindingId> {
        let findings = self.read(move |conn| store::findings_of_case(conn, case)).await;
        findings.into_iter().map(|finding| finding.id).collect()
    }

    async fn by(&self) -> Decider {
        self.rights(0, &[]).await.by
    }

    async fn seen_as(&self, id: CaseId) -> (CaseId, i64) {
        (id, self.case(id).await.version)
    }

    async fn merge(&self, from: (CaseId, i64), into: CaseId) -> Result<(), CaseError> {
        let reason = Reason::parse("同一事由").unwrap();
        actions::merge(&self.house, self.by().await, from, into, reason).await
    }

    async fn split(
        &self,
        from: (CaseId, i64),
        findings: Vec<FindingId>,
    ) -> Result<CaseId, CaseError> {
        let (tools, by) = ((&self.packs, &self.cipher), self.by().await);
        actions::split(&self.house, tools, by, from, findings, self.words(20)).await
    }

    async fn both(&self) -> (CaseId, CaseId) {
        let one = self.confirm(&self.gap("gap/1").await).await.unwrap();
        self.wait(1);
        (one, self.confirm(&self.gap("gap/2").await).await.unwrap())
    }
}

#[tokio::test]
async fn the_emptied_case_is_closed_and_points_to_the_one_that_goes_on() {
    let city = city().await;
    let (one, two) = city.both().await;
    let moved = city.findings_of(one).await;
    let later = city.case(two).await.deadline.max(city.case(one).await.deadline);
    clear(&city.house).await;
    let seen = city.seen_as(one).await;
    city.merge(seen, two).await.unwrap();
    assert_eq!(city.leaves().await, ["case_state", "case_state"]);
    let bodies = city.bodies().await;
    let closed = bodies.iter().find(|body| body["event"] == "merge").unwrap();
    assert_eq!((&closed["result"], &closed["into"]), (&json!("merged"), &json!(two)));
    assert!(!json!(bodies).to_string().contains("同一事由"), "the words stay inside");
    let case = city.case(one).await;
    assert_eq!((case.state, case.result), (State::Closed, Some(CaseResult::Merged)));
    assert!(city.findings_of(one).await.is_empty());
    assert_eq!(city.findings_of(two).await.len(), 2);
    assert_eq!(city.case(two).await.deadline, later);
    let moves = city.read(move |conn| store::moves_of(conn, one)).await;
    assert_eq!(
        moves.iter().map(|one| (one.finding, one.to)).collect::<Vec<_>>(),
        [(moved[0], two)]
    );
    for case in [one, two] {
        let timeline = city.read(move |conn| store::timeline(conn, case)).await;
        assert_eq!(timeline.first().map(|one| one.event), Some(Event::Open), "both stay");
        assert_eq!(timeline.len(), 2);
    }

    assert!(matches!(city.merge(seen, two).await, Err(CaseError::NotNow)), "sent twice");
    let now = city.seen_as(one).await;
    assert!(matches!(city.merge(now, two).await, Err(CaseError::Words("merge-unfit"))));
}

#[tokio::test]
async fn only_open_cases_of_one_business_and_kind_become_one() {
    let city = city().await;
    let (one, _) = city.both().await;
    let seen = city.seen("无名旅馆", "other/1", FindingKind::Gap).await;
    let other = city.confirm(&city.raise(seen).await).await.unwrap();
    let mut seen = city.seen("仙鹤宾馆", "gas/1", FindingKind::Gap).await;
    seen.sector = Sector::Gasoline;
    let gas = city.confirm(&city.raise(seen).await).await.unwrap();
    let from = city.seen_as(one).await;
    for unfit in [one, other, gas, city.house.fresh()] {
        let refused = city.merge(from, unfit).await;
        assert!(matches!(refused, Err(CaseError::Words("merge-unfit"))), "{refused:?}");
    }
    assert_eq!(city.seen_as(one).await, from, "nothing happened");
}

#[tokio::test]
async fn what_is_split_off_gets_a_notice_of_its_own_that_names_the_first() {
    let city = city().await;
    let findings = [city.gap("1").await, city.gap("2").await, city.gap("3").await];
    let right = city.rights(0, &[&findings[0], &findings[1], &findings[2]]).await;
    let done = confirm(&city.house, &city.packs, &city.cipher, right, city.words(30)).await;
    let first = done.unwrap().cases[0];
    clear(&city.house).await;
    let (seen, chosen) = (city.seen_as(first).await, vec![findings[1].id]);
    let second = city.split(seen, chosen.clone()).await.unwrap();
    let mut leaves = city.leaves().await;
    leaves.sort();
    assert_eq!(leaves, ["case_state", "case_state", "notice_queued", "notice_queued"]);
    assert_eq!(city.findings_of(second).await, chosen);
    assert_eq!(city.findings_of(first).await.len(), 2);
    assert_eq!(city.letters(first).await.len(), 2, "the first notice stands");
    let text = &city.letters(second).await[0].text;
    assert!(
        text.contains("第 2 号") && text.contains("原列于 鹤公建议字〔2026〕第 1 号"),
        "{text}"
    );
    assert_eq!(city.finding(chosen[0]).await.stage, Stage::Confirmed);
    let finding = city.finding(chosen[0]).await;
    let matches = city.read(move |conn| integrity::of_finding(conn, &finding)).await;
    assert_ne!(matches, Integrity::Differs);

    assert!(matches!(city.split(seen, chosen).await, Err(CaseError::NotNow)), "sent twice");
    let seen = city.seen_as(first).await;
    let rest = city.findings_of(first).await;
    assert!(matches!(city.split(seen, rest).await, Err(CaseError::Words("split-some"))));
    let foreign = vec![findings[1].id];
    assert!(matches!(city.split(seen, foreign).await, Err(CaseError::NotNow)));
}

#[tokio::test]
async fn of_a_merge_and_a_split_at_once_only_one_happens() {
    let city = city().await;
    let findings = [city.gap("1").await, city.gap("2").await];
    let right = city.rights(0, &[&findings[0], &findings[1]]).await;
    let done = confirm(&city.house, &city.packs, &city.cipher, right, city.words(30)).await;
    let from = done.unwrap().cases[0];
    let into = city.confirm(&city.gap("3").await).await.unwrap();
    let seen = city.seen_as(from).await;
    let (merged, split) =
        tokio::join!(city.merge(seen, into), city.split(seen, vec![findings[0].id]));
    assert!(merged.is_ok() != split.is_ok(), "{merged:?} {split:?}");
    let held = city.findings_of(from).await.len();
    assert_eq!(held, if merged.is_ok() { 0 } else { 1 });
}

#[actix_web::test]
async fn the_forms_keep_what_was_typed_and_name_the_other_case() {
    let city = city().await;
    let (one, two) = city.both().await;
    let officer = browser(&city, "lin.yue").await;
    let path = format!("/cases/{one}/parts");
    let (status, page) = officer.get(&path).await;
    assert_eq!(status, 200);
    assert!(page.contains("第 2 号") && page.contains("只有一项发现"), "{page}");
    let (into, merge) = (two.to_string(), format!("/cases/{one}/merge"));
    let stale = [("into", into.as_str()), ("version", "77"), ("reason", "<script>x</script>")];
    let (status, page) = officer.post(&merge, &stale, true).await;
    assert_eq!(status, 409);
    assert!(page.contains("&#60;script&#62;x") && !page.contains("<script>x"), "{page}");
    let good = [("into", into.as_str()), ("version", "0"), ("reason", "同一事由")];
    assert_eq!(officer.post(&merge, &good, false).await.0, 403, "no form token");
    assert_eq!(officer.post(&merge, &good, true).await, (303, format!("/cases/{two}")));
    assert_eq!(officer.post(&merge, &good, true).await.0, 409);
    let (_, page) = officer.get(&path).await;
    assert!(page.contains("本案已并入") && page.contains(&format!("/cases/{two}")), "{page}");
    let (status, page) =
        officer.post(&format!("/cases/{two}/split"), &[("reason", "x")], true).await;
    assert_eq!((status, page.contains("至少一项")), (422, true), "{page}");
    let he = browser(&city, "he.shan").await;
    assert_eq!(he.post(&merge, &good, true).await.0, 403, "a conflict");
}
