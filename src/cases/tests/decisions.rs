//! Raising, confirming and dismissing.

use super::*;

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[tokio::test]
async fn the_same_thing_seen_twice_is_one_finding_and_one_leaf() {
    let city = city().await;
    let first = city.gap("gap/1").await;
    let again =
        NewFinding::new(&city.house, city.seen("仙鹤宾馆", "gap/1", FindingKind::Gap).await);
    let raised = city
        .house
        .store
        .write("test.raise", move |tx| raise_in(tx, &again).map_err(StoreError::from))
        .await
        .unwrap();
    assert!(!raised);
    assert_eq!(city.leaves().await, ["finding"]);
    assert_eq!(city.read(move |c| findings_against(c, first.holder)).await.len(), 1);
}

#[tokio::test]
async fn every_decision_leaves_exactly_its_leaves() {
    let city = city().await;
    let (one, two) = (city.gap("gap/1").await, city.gap("gap/2").await);
    clear(&city.house).await;

    let case = city.confirm(&one).await.unwrap();
    let expected = ["case_state", "finding_confirmed", "notice_queued", "notice_queued"];
    assert_eq!(sorted(city.leaves().await), expected);
    let told = json!(city.bodies().await).to_string();
    for secret in ["核对无误", "仙鹤", "crane", "林月", "HN-1", "@"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    clear(&city.house).await;

    city.dismiss(&two, "设备故障\r\n已登记").await.unwrap();
    assert_eq!(city.leaves().await, ["finding_dismissed"]);
    let dismissed = city.finding(two.id).await;
    assert_eq!(dismissed.reason.as_deref(), Some("设备故障\n已登记"));
    clear(&city.house).await;

    notices::carry_once(&city.house, &city.carrier()).await.unwrap();
    assert_eq!(city.leaves().await, ["notice_result", "notice_result"]);
    clear(&city.house).await;

    follow_up(&city.house).await.unwrap();
    assert_eq!(city.leaves().await, ["case_state"]);
    clear(&city.house).await;
    follow_up(&city.house).await.unwrap();
    assert_eq!(city.leaves().await, Vec::<String>::new());
    assert_eq!(city.case(case).await.state, State::Served);
}

#[tokio::test]
async fn a_letter_goes_to_every_contact_in_his_language_under_one_number() {
    let city = city().await;
    let case = city.confirm(&city.gap("gap/1").await).await.unwrap();
    let letters = city.letters(case).await;
    let langs: Vec<&str> = letters.iter().map(|letter| letter.lang.as_str()).collect();
    assert_eq!(langs, ["zh-CN", "en"]);
    for letter in &letters {
        assert_eq!(letter.number.as_deref(), Some("鹤公建议字〔2026〕第 1 号"));
        assert!(letter.subject.contains("第 1 号"), "{}", letter.subject);
        assert!(letter.text.contains("仙鹤宾馆 高铁站店") && letter.text.contains("17"));
        assert!(!letter.text.contains("核对无误"), "a reason stays inside");
        assert!(!letter.text.contains("{") && !letter.text.contains("cases-"), "{}", letter.text);
    }
    assert_eq!(city.case(case).await.number, "鹤公建议字〔2026〕第 1 号");
}

#[tokio::test]
async fn an_order_needs_a_basis_and_advice_has_none() {
    let city = city().await;
    let minors = city.packs.iter().filter(|pack| pack.sector() == "lodging").last().unwrap();
    let rule = |id: &str| minors.rule(id).is_some().then(|| id.to_owned());
    let ids: Vec<String> = minors.rules().map(|rule| rule.id.clone()).collect();
    let of_minors = ids.iter().find(|id| minors.rule(id).unwrap().basis[0] == "minors-57").unwrap();
    let mut seen = city.seen("仙鹤宾馆", "record/1", FindingKind::RecordFailed).await;
    seen.rule = rule(of_minors);
    let order = city.confirm(&city.raise(seen).await).await.unwrap();
    let advice = city.confirm(&city.gap("gap/1").await).await.unwrap();

    let text = &city.letters(order).await[0].text;
    assert_eq!(city.case(order).await.notice, notices::LetterKind::Order);
    assert_eq!(city.case(order).await.number, "鹤公责改字〔2026〕第 1 号");
    assert!(text.contains("责令改正的依据") && text.contains("行政复议"), "{text}");
    assert!(text.contains("未成年人保护法"), "{text}");

    let text = &city.letters(advice).await[0].text;
    assert_eq!(city.case(advice).await.notice, notices::LetterKind::Advice);
    for word in ["责令", "罚", "行政复议", "逾期"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[tokio::test]
async fn two_officers_who_decide_at_once_make_one_case() {
    let city = city().await;
    let finding = city.gap("gap/1").await;
    let dismissing = city.dismiss(&finding, "重复");
    let (a, b, c) = tokio::join!(city.confirm(&finding), city.confirm(&finding), dismissing);
    let won = [a.is_ok(), b.is_ok(), c.is_ok()];
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    for lost in [a.err(), b.err(), c.err()].into_iter().flatten() {
        let problem = crate::foundation::problem::Problem::from(lost);
        assert_eq!((problem.status().as_u16(), problem.name()), (409, "case-not-now"));
    }
    let scope = store::Scope { department: finding.department, sectors: Sector::ALL.to_vec() };
    let cases = city.read(move |conn| store::cases_of(conn, &scope, None, None)).await;
    assert_eq!(cases.len(), usize::from(won[0] || won[1]));
}

#[tokio::test]
async fn a_decision_that_fails_half_way_leaves_nothing() {
    let city = city().await;
    let mut seen = city.seen("仙鹤宾馆", "gap/1", FindingKind::Gap).await;
    seen.holder = city.house.fresh();
    let finding = city.raise(seen).await;
    clear(&city.house).await;
    assert!(matches!(city.confirm(&finding).await, Err(CaseError::NotFound)));
    // Another field key: the addresses cannot be read, after the number was taken.
    let other = FieldCipher::new(WrappingKey::generate(&city.house.random), "fk-1");
    let sound = city.gap("gap/2").await;
    clear(&city.house).await;
    let right = city.right(&sound).await;
    let failed = confirm(&city.house, &city.packs, &other, right, city.words(30)).await;
    assert!(matches!(failed, Err(CaseError::Registry(_))));
    assert_eq!(city.leaves().await, Vec::<String>::new());
    assert_eq!(city.finding(sound.id).await.stage, Stage::Proposed);
    let case = city.confirm(&sound).await.unwrap();
    assert!(city.case(case).await.number.ends_with("第 1 号"), "no number was lost");
}

#[tokio::test]
async fn twenty_officers_at_once_get_numbers_without_gaps() {
    let city = Arc::new(city().await);
    // Findings of one group are raised by one job, one after the other.
    let mut findings = Vec::new();
    for n in 0..20 {
        findings.push(city.gap(&format!("gap/{n}")).await);
    }
    let mut busy = tokio::task::JoinSet::new();
    for finding in findings {
        let city = city.clone();
        busy.spawn(async move {
            loop {
                match city.confirm(&finding).await {
                    Ok(case) => return city.case(case).await.number,
                    Err(CaseError::Store(StoreError::Contended)) => {}
                    Err(CaseError::Notice(notices::NoticeError::Store(StoreError::Contended))) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let numbers = sorted(busy.join_all().await);
    let expected = (1..=20).map(|n| format!("鹤公建议字〔2026〕第 {n} 号")).collect();
    assert_eq!(numbers, sorted(expected));
}

#[tokio::test]
async fn a_finding_edited_in_the_database_does_not_match_the_log() {
    use crate::foundation::db::schema::cases_findings as f;
    let mut city = city().await;
    let (honest, edited, undone) =
        (city.gap("gap/1").await, city.gap("gap/2").await, city.gap("gap/3").await);
    city.dismiss(&undone, "误报").await.unwrap();
    let look = |finding: Finding| move |conn: &mut Conn| integrity::of_finding(conn, &finding);
    assert_eq!(city.read(look(honest.clone())).await, Integrity::Waiting);

    let running = log::resumed(city.house.clone(), city.guard.take().unwrap()).await.unwrap();
    running.drained().await;
    let (one, two) = (edited.id, undone.id);
    let edit = move |tx: &mut Conn| -> Result<(), StoreError> {
        let count = (f::count.eq(300_i64), f::last_number.eq(Some(316_i64)));
        diesel::update(f::table.find(one)).set(count).execute(tx)?;
        diesel::update(f::table.find(two)).set(f::reason.eq(Some("另一个理由"))).execute(tx)?;
        Ok(())
    };
    city.house.store.write("test.edit", edit).await.unwrap();

    assert_eq!(city.read(look(honest.clone())).await, Integrity::Matches);
    for id in [one, two] {
        let now = city.finding(id).await;
        assert_eq!(city.read(look(now)).await, Integrity::Differs);
    }
    assert!(matches!(city.confirm(&edited).await, Err(CaseError::Altered)));
    city.confirm(&honest).await.unwrap();
    running.drained().await;
    let honest = city.finding(honest.id).await;
    assert_eq!(city.read(look(honest)).await, Integrity::Matches);
}

#[test]
fn words_must_be_fit_to_be_kept() {
    let today = "2026-03-02".parse().unwrap();
    for bad in ["", " \n ", "a\u{0}b", &"长".repeat(1_001)] {
        assert!(matches!(Reason::parse(bad), Err(CaseError::Words(_))), "{bad:?}");
    }
    let reason = || Reason::parse("一\r\n二").unwrap();
    for bad in ["2026-03-02", "2026-03-01", "2027-03-03"] {
        let words = Words::new(reason(), bad.parse().unwrap(), today);
        assert!(matches!(words, Err(CaseError::Words("deadline"))), "{bad}");
    }
    assert!(Words::new(reason(), "2027-03-02".parse().unwrap(), today).is_ok());
}

#[test]
fn every_kind_has_its_words_in_both_languages() {
    use crate::foundation::web::Lang;
    const NAMES: [&str; 18] = [
        "place", "period", "day", "first", "last", "count", "rule", "declared", "received",
        "frame", "opened", "failed", "lower", "share", "limit", "error", "pack", "mode",
    ];
    let any = NAMES.map(|name| -> (&'static str, &dyn std::fmt::Display) { (name, &"x") });
    for lang in Lang::ALL {
        for kind in FindingKind::ALL {
            let name = words::name(*kind);
            for key in ["fact", "demand", "kind"] {
                let key = format!("cases-{key}-{name}");
                let said = lang.text_with(&key, &any);
                assert!(said != key && !said.contains('{'), "{said}");
            }
        }
        for key in ["matches", "waiting", "differs"] {
            assert_ne!(lang.text(&format!("cases-log-{key}")), format!("cases-log-{key}"));
        }
        let words = (Stage::ALL.iter().map(|s| format!("cases-stage-{s}")))
            .chain(Severity::ALL.iter().map(|s| format!("cases-severity-{s}")))
            .chain(State::ALL.iter().map(|s| format!("cases-state-{s}")))
            .chain(Verdict::ALL.iter().map(|v| format!("cases-verdict-{v}")))
            .chain(Code::ALL.iter().map(|c| format!("cases-code-{c}")))
            .chain(groups::Shelf::ALL.iter().map(|s| format!("cases-shelf-{s}")))
            .chain(groups::Sort::ALL.iter().map(|s| format!("cases-sort-{s}")))
            .chain(Event::ALL.iter().map(|e| format!("cases-moment-{e}")))
            .chain(Lang::ALL.iter().map(|l| format!("cases-language-{l}")));
        for key in words.map(|key| key.replace('_', "-")) {
            assert_ne!(lang.text(&key), key);
        }
    }
}
