//! The work list and its forms, as an officer's browser meets them.

use super::pages::browser;
use super::*;
use crate::cases::groups::{Cursor, Shelf, Sift, Sort};
use crate::foundation::ids::FilterId;

/// What the hidden fields called `name` of the first form of `page` after `mark` say.
fn hidden(page: &str, mark: &str, name: &str) -> Vec<String> {
    let form = page.split(mark).nth(1).unwrap().split("</form>").next().unwrap();
    let field = format!("name=\"{name}\" value=\"");
    form.split(&field).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

impl City {
    /// A silent day of the crane in a period of its own.
    async fn silent_in(&self, period: &str) -> Finding {
        let mut seen =
            self.seen("仙鹤宾馆", &format!("day/{period}"), FindingKind::MissingDay).await;
        seen.period = period.to_owned();
        self.raise(seen).await
    }
}

#[actix_web::test]
async fn an_officer_previews_what_would_be_written_and_goes_back_to_her_place() {
    let city = city().await;
    let (gap, other) = (city.gap("gap/1").await, city.gap("gap/2").await);
    let day = city.silent_in("2026-01").await;
    let officer = browser(&city, "lin.yue").await;
    let (status, list) = officer.get("/findings?kind=gap&sort=size").await;
    assert_eq!(status, 200);
    let group = city.finding(other.id).await.group.unwrap();
    assert_eq!(group, gap.id);
    assert!(list.contains(&format!("/findings/groups/{group}")) && list.contains("待决定 2"));
    assert!(!list.contains(&day.id.to_string()), "another kind");

    let back = "kind%3Dgap%26sort%3Dsize";
    let preview = format!("/findings/decide?group={group}&finding={}&back={back}", day.id);
    let (status, page) = officer.get(&preview).await;
    assert_eq!(status, 200);
    for word in ["3 项发现", "1 份文书", "编号 17 至 19", "没有零报送", "2 名联系人", "整改建议书"]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    let form = "action=\"/findings/decide/confirm\"";
    let (chosen, act) = (hidden(&page, form, "finding"), hidden(&page, form, "act"));
    let kept = hidden(&page, form, "back");
    assert_eq!((chosen.len(), kept[0].as_str()), (3, "kind=gap&#38;sort=size"));
    let mut fields =
        vec![("reason", "已核实"), ("deadline", "2026-03-20"), ("act", act[0].as_str())];
    fields.push(("back", "kind=gap&sort=size"));
    fields.extend(chosen.iter().map(|id| ("finding", id.as_str())));
    let (status, place) = officer.post("/findings/decide/confirm", &fields, true).await;
    assert_eq!((status, place), (303, format!("/findings?kind=gap&sort=size&done={}", act[0])));
    let again = officer.post("/findings/decide/confirm", &fields, true).await;
    assert_eq!(again, (303, format!("/findings?kind=gap&sort=size&done={}", act[0])));
    let (_, list) = officer.get(&again.1).await;
    assert!(list.contains("已对 3 项发现作出决定") && list.contains("第 1 号"), "{list}");
    let (_, mine) = officer.get("/findings?stage=all&mine=7").await;
    assert!(mine.contains("已确认 2") && mine.contains("已确认 1"), "{mine}");
    let (_, nothing) = officer.get(&preview).await;
    assert!(nothing.contains("已有人作出决定"), "{nothing}");
}

#[actix_web::test]
async fn a_stale_preview_is_shown_again_with_what_was_typed() {
    let city = city().await;
    let (one, two) = (city.gap("gap/1").await, city.gap("gap/2").await);
    let officer = browser(&city, "lin.yue").await;
    city.dismiss(&one, "重复").await.unwrap();
    let (one, two) = (one.id.to_string(), two.id.to_string());
    let (one, two) = (one.as_str(), two.as_str());
    let typed = "\"><img src=x onerror=alert(1)>";
    let form = [("reason", typed), ("deadline", "2026-03-20"), ("finding", one), ("finding", two)];
    let (status, page) = officer.post("/findings/decide/confirm", &form, true).await;
    assert_eq!(status, 409);
    assert!(
        page.contains("其间已有人作出决定") && page.contains("onerror=alert(1)&#62;"),
        "{page}"
    );
    assert!(!page.contains("<img"), "typed text is not markup");
    assert_eq!(hidden(&page, "action=\"/findings/decide/confirm\"", "finding"), [two]);
    assert!(page.contains("2026-03-20"));

    let short = [("code", "lenient"), ("first", "yes"), ("reason", typed), ("finding", two)];
    let (status, page) = officer.post("/findings/decide/dismiss", &short, true).await;
    assert_eq!(status, 422);
    assert!(page.contains("三项条件") && page.contains("value=\"lenient\" selected"), "{page}");
    assert!(page.contains("name=\"first\" value=\"yes\" checked") && page.contains("onerror"));
    for bad in [&short[2..], &short[..3]] {
        assert_eq!(officer.post("/findings/decide/dismiss", bad, true).await.0, 422, "{bad:?}");
    }
    let whole = [short.as_slice(), &[("minor", "yes"), ("corrected", "yes")]].concat();
    let (status, place) = officer.post("/findings/decide/dismiss", &whole, true).await;
    assert_eq!((status, place.as_str()), (303, "/findings?"));
    let (_, lessons) = officer.get("/findings?stage=lenient").await;
    assert!(lessons.contains("教育 1"), "{lessons}");
    let (_, page) = officer.get(&format!("/findings/{two}")).await;
    assert!(page.contains("予以教育，并留存记录") && page.contains("/reopen"), "{page}");
    let reopen = format!("/findings/{two}/reopen");
    assert_eq!(officer.post(&reopen, &[], true).await.0, 422);
    assert_eq!(officer.post(&reopen, &[("reason", "再核")], true).await.0, 303);
    let (status, page) = officer.post(&reopen, &[("reason", "再核一次")], true).await;
    assert_eq!(status, 409);
    assert!(page.contains("撤回不予立案") && page.contains("再核一次"), "{page}");
}

#[actix_web::test]
async fn nobody_sees_or_decides_groups_of_another_department_or_trade() {
    let city = city().await;
    let mut seen = city.seen("仙鹤宾馆", "far/1", FindingKind::Gap).await;
    seen.department = city.house.fresh();
    let elsewhere = city.raise(seen).await;
    let mut seen = city.seen("仙鹤宾馆", "gas/1", FindingKind::Gap).await;
    seen.sector = Sector::Gasoline;
    let gas = city.raise(seen).await;
    let own = city.gap("gap/1").await;
    let (lin, he) = (browser(&city, "lin.yue").await, browser(&city, "he.shan").await);
    for (officer, foreign) in [(&lin, &elsewhere), (&he, &elsewhere), (&he, &gas)] {
        let id = foreign.id.to_string();
        for path in ["/findings?stage=all", &format!("/findings?stage=all&holder={}", own.holder)] {
            assert!(!officer.get(path).await.1.contains(&id), "{path}");
        }
        assert_eq!(officer.get(&format!("/findings/groups/{id}")).await.0, 404);
        let (status, page) =
            officer.get(&format!("/findings/decide?group={id}&finding={id}")).await;
        let nothing = ["没有选择待决定的发现", "No undecided finding is chosen"];
        assert!(status == 200 && nothing.iter().any(|word| page.contains(word)), "{page}");
        let form = [("reason", "x"), ("code", "other"), ("deadline", "2026-03-20")];
        let form = [form.as_slice(), &[("finding", id.as_str())]].concat();
        for deed in ["confirm", "dismiss"] {
            let path = format!("/findings/decide/{deed}");
            assert_eq!(officer.post(&path, &form, true).await.0, 404, "{deed}");
        }
    }
    let id = own.id.to_string();
    let form = [("reason", "x"), ("code", "other"), ("finding", id.as_str())];
    assert_eq!(he.post("/findings/decide/dismiss", &form, true).await.0, 403, "a conflict");
    let (_, page) = he.get(&format!("/findings/decide?finding={id}")).await;
    assert!(
        (page.contains("expired") || page.contains("已过期"))
            && !page.contains("/findings/decide/confirm"),
        "{page}"
    );
}

#[actix_web::test]
async fn an_officer_names_filters_of_her_own_and_forgets_them() {
    let city = city().await;
    city.gap("gap/1").await;
    let (lin, he) = (browser(&city, "lin.yue").await, browser(&city, "he.shan").await);
    let name = "<b>缺号</b>";
    let form = [("name", name), ("query", "kind=gap&severity=major&after=x\"><script>")];
    let kept = lin.post("/findings/filters", &form, true).await;
    assert_eq!(kept, (303, "/findings?severity=major&kind=gap".to_owned()));
    let (_, list) = lin.get("/findings").await;
    assert!(list.contains("&#60;b&#62;缺号") && !list.contains(name), "{list}");
    assert!(list.contains("缺号&#60;/b&#62; <span class=\"dim\">1</span>"), "{list}");
    let (status, page) = lin.post("/findings/filters", &form, true).await;
    assert_eq!((status, page.contains("没有保存")), (422, true), "one of that name is there");
    assert!(page.contains("value=\"&#60;b&#62;缺号"), "what was typed is kept");
    assert_eq!(lin.post("/findings/filters", &[("name", " ")], true).await.0, 422);
    assert!(!he.get("/findings").await.1.contains("缺号&#60;"), "it is hers alone");

    let me = city.officers().await[0].id;
    let other = city.officers().await[1].id;
    let own = city.read(move |conn| store::filters_of(conn, me)).await.remove(0).id;
    assert!(city.read(move |conn| store::filters_of(conn, other)).await.is_empty());
    let forget = |id: FilterId| format!("/findings/filters/{id}/forget");
    assert_eq!(he.post(&forget(own), &[], true).await.0, 404);
    assert_eq!(lin.post(&forget(own), &[("back", "kind=gap")], true).await.1, "/findings?kind=gap");
    assert_eq!(lin.post(&forget(own), &[], true).await.0, 404, "it is gone");
}

#[tokio::test]
async fn every_order_walks_over_every_group_once_and_keeps_its_place() {
    let city = city().await;
    for n in 0..7 {
        let mut seen = city.seen("仙鹤宾馆", &format!("gap/{n}"), FindingKind::Gap).await;
        seen.period = format!("2026-{n:02}");
        seen.severity = Severity::ALL[n % 4];
        if n % 3 == 0 {
            let mut more = seen.clone();
            more.key = format!("more/{n}");
            city.raise(more).await;
        }
        city.raise(seen).await;
        city.wait(1);
    }
    let mute = city.silent_in("2026-07").await;
    let scope = store::Scope { department: mute.department, sectors: Sector::ALL.to_vec() };
    for holder in [None, Some(mute.holder)] {
        for sort in Sort::ALL {
            let mut sift = Sift {
                shelf: Shelf::Proposed,
                sector: None,
                district: None,
                severity: None,
                kind: None,
                holder,
                period: None,
                before: None,
                decided: None,
                sort: *sort,
                after: None,
            };
            let at_once = {
                let (scope, sift) = (scope.clone(), sift.clone());
                city.read(move |conn| store::groups_of(conn, &scope, &sift)).await
            };
            let mut walked = Vec::new();
            loop {
                let (scope, narrow) = (scope.clone(), sift.clone());
                let groups = city.read(move |conn| store::groups_of(conn, &scope, &narrow)).await;
                let Some(next) = groups.into_iter().next() else { break };
                sift.after = Some(Cursor::at(*sort, &next));
                walked.push(next.id);
            }
            let at_once: Vec<FindingId> = at_once.iter().map(|group| group.id).collect();
            assert_eq!(walked, at_once, "{sort} {holder:?}");
            assert_eq!(walked.len(), 8, "{sort} {holder:?}");
        }
    }
}
