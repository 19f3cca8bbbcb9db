//! What follows a notice, documents as they are archived, and letters that are none.

use diesel::prelude::*;
use serde_json::Value;

use super::{Stage, stage};
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::schema::{ledger_pending, notices_counters, notices_letters};
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::CaseId;
use crate::foundation::web::Lang;
use crate::notices::paper::PAPERS;
use crate::notices::*;

impl Stage {
    fn paper(&self, kind: LetterKind) -> Paper {
        let notice = &self.notice;
        Paper {
            kind,
            case: notice.case,
            organ: notice.organ.clone(),
            holder: notice.holder,
            addressee: notice.addressee.clone(),
            follows: "鹤公责改字〔2026〕第 7 号".to_owned(),
            certificates: notice.certificates.clone(),
            zh: notice.zh.clone(),
            en: notice.en.clone(),
            deadline: Some(notice.deadline),
            checkpoint: notice.checkpoint.clone(),
            recipients: vec![(Recipient::Contact(0), Lang::Zh), (Recipient::Contact(1), Lang::En)],
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> T {
        self.house
            .store
            .read("test.read", move |conn| f(conn).map_err(StoreError::from))
            .await
            .unwrap()
    }

    async fn letters(&self) -> Vec<Letter> {
        let all = notices_letters::table.order(notices_letters::id).select(Letter::as_select());
        self.read(move |conn| all.load(conn)).await
    }

    async fn documents(&self, case: CaseId) -> Vec<Document> {
        self.read(move |conn| documents_of(conn, case)).await
    }

    /// The hashes that the leaves of letters tell, one list a leaf.
    async fn hashes(&self) -> Vec<Vec<String>> {
        let bodies = ledger_pending::table
            .filter(ledger_pending::kind.eq("notice_queued"))
            .order(ledger_pending::id)
            .select(ledger_pending::body);
        let bodies: Vec<String> = self.read(move |conn| bodies.load(conn)).await;
        let told = |body: &String| {
            let body: Value = serde_json::from_str(body).unwrap();
            let hashes = body["documents"].as_array().cloned().unwrap_or_default();
            hashes.iter().map(|hash| hash.as_str().unwrap().to_owned()).collect()
        };
        bodies.iter().map(told).collect()
    }

    async fn numbers_taken(&self) -> i64 {
        let last = notices_counters::table.select(diesel::dsl::sum(notices_counters::year));
        let any: Option<i64> = self.read(move |conn| last.first(conn)).await;
        any.unwrap_or(0)
    }
}

#[tokio::test]
async fn every_kind_of_paper_is_written_in_both_languages_under_its_own_number() {
    for (kind, word) in [
        (LetterKind::Reminder, ""),
        (LetterKind::Extension, "鹤公延期字〔2026〕第 1 号"),
        (LetterKind::Recheck, "鹤公复查字〔2026〕第 1 号"),
        (LetterKind::Closing, "鹤公结案字〔2026〕第 1 号"),
        (LetterKind::Transfer, "鹤公移送字〔2026〕第 1 号"),
        (LetterKind::Handover, "鹤公移交字〔2026〕第 1 号"),
    ] {
        assert!(PAPERS.contains(&kind) && kind.is_numbered() != word.is_empty());
        let stage = stage().await;
        let queued = stage.enqueue(Draft::paper(stage.paper(kind)).unwrap()).await;
        assert_eq!((queued.number.as_str(), queued.letters), (word, 2), "{kind}");
        for letter in stage.letters().await {
            let title = letter.lang.text(&format!("notices-title-{kind}"));
            let notice = &stage.notice;
            let fact = match letter.lang {
                Lang::Zh => &notice.zh.facts[0],
                Lang::En => &notice.en.facts[0],
            };
            assert!(letter.subject.starts_with(&title), "{}", letter.subject);
            for form in [&letter.text, &letter.html] {
                for must in [title.as_str(), "第 7 号", word, fact, "HN-2", &queued.code] {
                    assert!(form.contains(must), "{kind} {}: no {must} in {form}", letter.lang);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_letter_of_another_kind_is_no_paper() {
    let stage = stage().await;
    for kind in LetterKind::ALL.iter().filter(|kind| !PAPERS.contains(kind)) {
        let refused = Draft::paper(stage.paper(*kind)).err();
        assert!(matches!(refused, Some(NoticeError::NoPaper(own)) if own == *kind));
    }
}

#[tokio::test]
async fn a_document_is_archived_in_every_language_that_is_read_and_its_hash_stands_in_the_log() {
    let stage = stage().await;
    let paper = stage.paper(LetterKind::Closing);
    let queued = stage.enqueue(Draft::paper(paper.clone()).unwrap()).await;
    let documents = stage.documents(paper.case).await;
    assert_eq!(documents.iter().map(|d| d.lang).collect::<Vec<_>>(), [Lang::Zh, Lang::En]);
    let mut hashes = Vec::new();
    for document in &documents {
        assert_eq!(document.sha256, sha256(&document.bytes));
        assert_eq!(document.number.as_deref(), Some(queued.number.as_str()));
        assert_eq!((document.code.as_str(), document.kind), (queued.code.as_str(), paper.kind));
        let typeset = cfg!(feature = "pdf");
        assert_eq!(document.media_type == MediaType::Pdf, typeset);
        assert_eq!(document.bytes.starts_with(b"%PDF-"), typeset);
        assert_eq!(document.templates.is_some(), typeset);
        hashes.push(b64u::encode(&document.sha256));
    }
    assert_ne!(documents[0].bytes, documents[1].bytes);
    assert_eq!(stage.hashes().await, [hashes.clone(), hashes]);

    let chinese = Paper { recipients: Vec::new(), case: stage.house.fresh(), ..paper };
    stage.enqueue(Draft::paper(chinese.clone()).unwrap()).await;
    assert_eq!(stage.documents(chinese.case).await.len(), 1, "nobody reads a translation");
}

#[tokio::test]
async fn a_letter_takes_the_typeset_documents_along() {
    let stage = stage().await;
    let mut paper = stage.paper(LetterKind::Extension);
    paper.recipients.truncate(1);
    stage.enqueue(Draft::paper(paper).unwrap()).await;
    assert_eq!(stage.carry().await.count("sent"), 1);
    let posted = stage.postbox.letters();
    let parsed = mail_parser::MessageParser::default().parse(&posted[0].message).unwrap();
    assert_eq!(parsed.attachment_count(), usize::from(cfg!(feature = "pdf")));
    if let Some(file) = parsed.attachment(0) {
        assert!(file.contents().starts_with(b"%PDF-"));
    }
}

#[tokio::test]
async fn a_preview_says_the_same_and_takes_no_number() {
    let stage = stage().await;
    for draft in [
        Draft::advice(stage.notice.clone()).unwrap(),
        Draft::paper(stage.paper(LetterKind::Recheck)).unwrap(),
    ] {
        for lang in [Lang::Zh, Lang::En] {
            let preview = preview(&stage.house, &draft, lang).unwrap();
            let typeset = preview.media_type == MediaType::Pdf.header();
            assert_eq!(typeset, cfg!(feature = "pdf"));
            if !typeset {
                let text = String::from_utf8(preview.bytes).unwrap();
                assert!(text.contains(&lang.text("notices-preview")), "{text}");
                assert!(text.contains("仙鹤宾馆") && !text.contains("第 1 号"), "{text}");
            }
        }
    }
    assert_eq!((stage.numbers_taken().await, stage.letters().await.len()), (0, 0));
}

#[tokio::test]
async fn fifty_decisions_at_once_leave_no_gap_and_no_number_twice() {
    let stage = stage().await;
    let one = async |n: u32| {
        let mut notice = stage.notice.clone();
        notice.case = stage.house.fresh();
        let (draft, inside) = (Draft::advice(notice).unwrap(), stage.house.clone());
        loop {
            let (draft, inside) = (draft.clone(), inside.clone());
            // Every fifth decision fails after it has taken its number.
            let written = stage.house.store.write("test.issue", move |tx| {
                let queued = enqueue_in(tx, &inside, &draft)?;
                if n.is_multiple_of(5) { Err(NoticeError::NoDuty) } else { Ok(queued.number) }
            });
            match written.await {
                Ok(number) => return Some(number),
                Err(NoticeError::Store(StoreError::Contended)) => {}
                Err(NoticeError::NoDuty) => return None,
                Err(other) => panic!("{other}"),
            }
        }
    };
    let issued = futures_util::future::join_all((0..50).map(one)).await;
    let mut numbers: Vec<String> = issued.into_iter().flatten().collect();
    let mut expected: Vec<String> =
        (1..=40).map(|n| format!("鹤公建议字〔2026〕第 {n} 号")).collect();
    numbers.sort();
    expected.sort();
    assert_eq!(numbers, expected);
    assert_eq!(stage.letters().await.len(), 40);
}

#[tokio::test]
async fn a_week_is_told_once_to_each_officer() {
    let stage = stage().await;
    let lacking = |received| Lacking { received, filed: 2, answered: 3 };
    let weekly = Weekly {
        organ: stage.notice.organ.clone(),
        from: "2026-03-02".parse().unwrap(),
        to: "2026-03-08".parse().unwrap(),
        total: lacking(11),
        holders: vec![("<b>仙鹤宾馆</b>".to_owned(), lacking(7))],
        console: "https://localhost:8443".to_owned(),
        officers: vec![(stage.house.fresh(), Lang::Zh), (stage.house.fresh(), Lang::En)],
    };
    for new in [2, 0] {
        assert_eq!(stage.enqueue(Draft::weekly(weekly.clone())).await.letters, new);
    }
    for letter in stage.letters().await {
        for must in ["11", "7", "2026-03-08", "仙鹤宾馆"] {
            assert!(letter.text.contains(must) && letter.html.contains(must), "{}", letter.text);
        }
        assert!(!letter.html.contains("<b>"));
    }
    assert!(stage.hashes().await.iter().all(Vec::is_empty), "a week is no document");
}

#[tokio::test]
async fn an_invitation_forgets_its_link_once_it_was_taken() {
    let stage = stage().await;
    let link = "https://localhost:8443/enrol?code=secret-word";
    for (organ, lang) in [(Some(stage.notice.organ.clone()), Lang::Zh), (None, Lang::En)] {
        let draft = Draft::invitation(Invitation {
            organ,
            holder: Some(stage.notice.holder),
            place: "仙鹤宾馆".to_owned(),
            name: "安可".to_owned(),
            login: "an.ke".to_owned(),
            link: link.to_owned(),
            until: stage.house.clock.now().plus(std::time::Duration::from_secs(86_400)),
            to: (Recipient::Contact(0), lang),
        });
        assert_eq!(stage.enqueue(draft).await.letters, 1);
    }
    let written = stage.letters().await;
    assert!(written.iter().all(|letter| letter.text.contains(link) && letter.html.contains(link)));
    assert_eq!(stage.carry().await.count("sent"), 2);
    assert_eq!(stage.postbox.letters().len(), 2);
    let kept = stage.letters().await;
    assert!(kept.iter().all(|letter| letter.text.is_empty() && letter.html.is_empty()));
}
