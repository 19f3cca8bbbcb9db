//! What may be said of an audit, in the wording of `sampling.md` 3.5. The words are in the Fluent
//! files; what stands here is which of them apply.

use super::super::findings::percent;
use super::super::model::{AuditRow, AuditState, Conclusion, Measure, from_row};
use crate::foundation::web::Lang;

/// One sentence, and whether it is the conclusion.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) text: String,
    pub(super) strong: bool,
}

/// The numbers that the sentences are about.
struct Numbers<'a> {
    lang: Lang,
    audit: &'a AuditRow,
}

impl Numbers<'_> {
    /// A share as the language writes it: `3.9%` in Chinese, `3.9 %` in English.
    fn share(&self, part: u64, whole: u64) -> String {
        let text = percent(part, whole);
        if self.lang == Lang::Zh { text.replace(' ', "") } else { text }
    }

    /// The limit: a share, or a number of records where one record is more than that share.
    fn limit(&self) -> (String, &'static str) {
        let audit = self.audit;
        if self.counts_records() {
            let key = if audit.tolerable == 0 { "audits-limit-none" } else { "audits-limit-one" };
            return (self.lang.text(key), "number");
        }
        (self.share(from_row(audit.p0_per_mille), 1000), "share")
    }

    fn counts_records(&self) -> bool {
        let wide = |n: i64| i128::from(n);
        wide(self.audit.p0_per_mille) * wide(self.audit.frame_size) < 1000
    }

    fn say(&self, key: &str) -> String {
        let audit = self.audit;
        let size = from_row(audit.frame_size);
        let (limit, kind) = self.limit();
        // Times in a hundred, as in "5 times in 100".
        let hundredths = |ppm: i64| percent(from_row(ppm), 1_000_000).replace(" %", "");
        let mode = audit.mode_word();
        let upper = self.share(from_row(audit.upper_bound), size);
        let lower = self.share(from_row(audit.lower_bound), size);
        self.lang.text_with(
            key,
            &[
                ("size", &audit.frame_size),
                ("hash", &audit.frame_hash.to_b64u()),
                ("opened", &audit.opened),
                ("failing", &audit.failing),
                ("upper", &audit.upper_bound),
                ("lower", &audit.lower_bound),
                ("upper-share", &upper),
                ("lower-share", &lower),
                ("limit", &limit),
                ("kind", &kind),
                ("pack", &audit.packs),
                ("cap", &audit.cap),
                ("critical", &audit.critical),
                ("mode", &mode),
                ("error-pass", &hundredths(audit.alpha_pass_ppm)),
                ("error-fail", &hundredths(audit.alpha_fail_ppm)),
                ("error-both", &hundredths(audit.alpha_pass_ppm + audit.alpha_fail_ppm)),
            ],
        )
    }
}

/// Everything that may be said of `audit`, in order.
pub(super) fn sentences(lang: Lang, audit: &AuditRow, measures: &[Measure]) -> Vec<Sentence> {
    let numbers = Numbers { lang, audit };
    let census = audit.opened == audit.frame_size;
    let keys: &[&str] = match (audit.state, audit.verdict) {
        (AuditState::Empty, _) => &["audits-say-empty"],
        (AuditState::Open | AuditState::Parked, _) => &["audits-say-basis", "audits-say-running"],
        (AuditState::Done, Some(Conclusion::Compliant)) => &[
            "audits-say-basis",
            "audits-say-pass",
            "audits-say-pass-error",
            "audits-say-pass-scope",
        ],
        (AuditState::Done, Some(Conclusion::NonCompliant)) => &[
            "audits-say-basis",
            "audits-say-fail",
            "audits-say-fail-error",
            "audits-say-fail-then",
        ],
        (AuditState::Done, _) if census => &["audits-say-basis", "audits-say-undecided"],
        (AuditState::Done, _) => &[
            "audits-say-basis",
            "audits-say-cap",
            "audits-say-undecided",
            "audits-say-undecided-bounds",
            "audits-say-undecided-then",
        ],
    };
    let strong = ["audits-say-pass", "audits-say-fail", "audits-say-undecided"];
    let mut said: Vec<Sentence> = keys
        .iter()
        .map(|key| Sentence { text: numbers.say(key), strong: strong.contains(key) })
        .collect();
    let more = [
        (audit.opened > 0 && audit.failing == 0, "audits-say-none-found"),
        (audit.opened > 0 && census, "audits-say-census"),
        (audit.critical > 0, "audits-say-critical"),
    ];
    let plain = |text: String| Sentence { text, strong: false };
    said.extend(more.iter().filter(|(is, _)| *is).map(|(_, key)| plain(numbers.say(key))));
    if let Some(count) = audit.pooled {
        let trade = lang.text(&audit.sector.key());
        said.push(plain(
            lang.text_with("audits-say-pooled", &[("trade", &trade), ("count", &count)]),
        ));
    }
    if !measures.is_empty() {
        let sum = |of: fn(&Measure) -> i64| measures.iter().map(of).sum::<i64>();
        let (expected, missing) = (sum(|seen| seen.expected), sum(|seen| seen.missing));
        let values: [(&'static str, &dyn std::fmt::Display); 2] =
            [("expected", &expected), ("missing", &missing)];
        said.push(plain(lang.text_with("audits-say-completeness", &values)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::House;
    use crate::foundation::time::Clock;
    use crate::ledger::Hash;
    use crate::registry::Modes;

    async fn audit() -> AuditRow {
        let (house, _guard): (House, _) = crate::ledger::testing::house().await;
        let now = Clock::manual("2026-03-10T13:00:00+08:00".parse().unwrap()).now();
        AuditRow {
            id: house.fresh(),
            plan_id: house.fresh(),
            period: "2026-03".into(),
            holder_id: house.fresh(),
            department_id: house.fresh(),
            sector: crate::registry::Sector::Lodging,
            frame_size: 5000,
            frame_hash: Hash([1; 32]),
            frame_leaf: house.fresh(),
            opened: 65,
            failing: 0,
            undecided: 0,
            critical: 0,
            lower_bound: 0,
            upper_bound: 245,
            tolerable: 250,
            p0_per_mille: 50,
            alpha_pass_ppm: 50_000,
            alpha_fail_ppm: 10_000,
            cap: 300,
            packs: "lodging/2026.1".into(),
            verdict: Some(Conclusion::Compliant),
            state: AuditState::Done,
            reason: None,
            result_leaf: None,
            made_at: now,
            done_at: Some(now),
            modes: Modes::Sealed,
            pooled: None,
        }
    }

    fn whole(lang: Lang, audit: &AuditRow) -> String {
        let said = sentences(lang, audit, &[]);
        said.iter().map(|sentence| sentence.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn a_pass_says_what_was_found_and_how_often_it_errs() {
        let audit = audit().await;
        let zh = whole(Lang::Zh, &audit);
        assert!(zh.contains("本期已提交并封存的记录共 5000 条（清单校验值 AQEB"), "{zh}");
        assert!(zh.contains("按事先承诺的随机种子抽取并开封 65 条，发现不合规 0 条。"), "{zh}");
        assert!(
            zh.contains("结论：本期不合规记录不超过 245 条（4.9%），未超过容许线 5%。"),
            "{zh}"
        );
        assert!(zh.contains("假如真实比例其实超过 5%，这套程序误判为“未超过”的机会不大于 5%。"));
        let en = whole(Lang::En, &audit);
        assert!(
            en.contains(
                "Conclusion: at most 245 records (4.9 %) fail, which is within the limit of 5 %."
            ),
            "{en}"
        );
        assert!(en.contains("wrongly say \"within\" at most 5 times in 100"), "{en}");
        assert!(en.contains("None found does not mean none exist."), "{en}");
    }

    #[tokio::test]
    async fn a_fail_names_the_lower_bound_and_one_time_in_a_hundred() {
        let verdict = Some(Conclusion::NonCompliant);
        let failed =
            AuditRow { failing: 9, lower_bound: 251, critical: 2, verdict, ..audit().await };
        let en = whole(Lang::En, &failed);
        assert!(en.contains("at least 251 records (5 %) fail, which is above the limit of 5 %"));
        assert!(en.contains("at most 1 time in 100"), "{en}");
        assert!(en.contains("2 opened records have a critical failure"), "{en}");
        assert!(!en.contains("None found"), "{en}");
    }

    #[tokio::test]
    async fn where_one_record_is_more_than_the_share_the_limit_is_one_record() {
        let small =
            AuditRow { frame_size: 12, tolerable: 1, opened: 9, upper_bound: 1, ..audit().await };
        let zh = whole(Lang::Zh, &small);
        assert!(zh.contains("未超过容许线 1 条"), "{zh}");
        assert!(zh.contains("假如真实条数其实超过 1 条"), "{zh}");
        let en = whole(Lang::En, &small);
        assert!(en.contains("within the limit of one record"), "{en}");
        assert!(en.contains("If the true number were above one record"), "{en}");
    }

    #[tokio::test]
    async fn no_sentence_gives_failing_by_opened_as_a_rate() {
        let verdict = Some(Conclusion::Undecided);
        let open = AuditRow {
            opened: 300,
            failing: 15,
            lower_bound: 120,
            upper_bound: 460,
            verdict,
            ..audit().await
        };
        for lang in [Lang::Zh, Lang::En] {
            let said = whole(lang, &open);
            for rate in ["5.0", "95", "0.05"] {
                assert!(!said.contains(rate), "{said}");
            }
        }
        let en = whole(Lang::En, &open);
        assert!(
            en.contains(
                "between 120 and 460 records fail (both ends together err at most 6 times in 100)"
            ),
            "{en}"
        );
    }

    #[tokio::test]
    async fn a_pool_says_that_nothing_is_said_of_any_one_of_it() {
        let pool = AuditRow { frame_size: 600, pooled: Some(20), ..audit().await };
        let zh = whole(Lang::Zh, &pool);
        assert!(zh.contains("共 20 家的合计，不能用于评价其中任何一家。"), "{zh}");
        let en = whole(Lang::En, &pool);
        assert!(en.contains("together and says nothing about any one of them."), "{en}");
    }

    #[tokio::test]
    async fn attested_records_were_disclosed_and_not_opened() {
        let attested = AuditRow { modes: Modes::Attested, critical: 2, ..audit().await };
        let zh = whole(Lang::Zh, &attested);
        assert!(zh.contains("本期已提交校验值的记录共 5000 条（清单校验值 AQEB"), "{zh}");
        assert!(zh.contains("抽取并调取 65 条"), "{zh}");
        assert!(!zh.contains("封存") && !zh.contains("开封"), "{zh}");
        let en = whole(Lang::En, &attested);
        assert!(en.contains("The digests of 5000 records were submitted for this period"), "{en}");
        assert!(
            en.contains("65 were drawn with a seed committed in advance and disclosed"),
            "{en}"
        );
        assert!(!en.contains("opened") && !en.contains("sealed"), "{en}");
        let verdict = Some(Conclusion::Undecided);
        let capped = AuditRow { opened: 300, failing: 3, verdict, ..attested };
        assert!(!whole(Lang::Zh, &capped).contains("开封"), "{}", whole(Lang::Zh, &capped));
        assert!(!whole(Lang::En, &capped).contains("pening"), "{}", whole(Lang::En, &capped));
    }
}
