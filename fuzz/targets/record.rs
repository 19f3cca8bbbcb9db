//! The plaintext of a record, as the audit opens it and as `chayan check` reads it, before every
//! rule pack and kind of business.

#![no_main]

use std::sync::LazyLock;

use chayan::rules::{Known, Packs, Place};
use libfuzzer_sys::fuzz_target;

static PACKS: LazyLock<Packs> = LazyLock::new(Packs::embedded);
const STREAM: &str = "01960a00-5a00-7000-8000-0000000000a1";

fuzz_target!(|plaintext: &[u8]| {
    for pack in PACKS.iter() {
        let subtypes = pack.subtypes().iter().map(|subtype| Some(subtype.name.as_str()));
        for subtype in std::iter::once(None).chain(subtypes) {
            let place =
                Place { stream: STREAM, seq: 101, day: "2026-03-02", subtype, amends: None };
            let audited = pack.judge(plaintext, &place);
            assert_eq!(audited, pack.judge(plaintext, &place), "judged twice, judged differently");
            assert!(!audited.undecided(), "{} cannot tell", pack.id());
            for failure in &audited.failures {
                let rule = pack.rule(&failure.rule);
                assert_eq!(rule.map(|rule| rule.severity), Some(failure.severity));
            }
            // What is not known is not compared; all else is judged as in the audit.
            let checked = pack.check(plaintext, &Known { subtype, ..Known::default() });
            let place_only =
                ["record.place", "record.day"].map(|rule| format!("{}.{rule}", pack.sector()));
            let rest =
                audited.failures.iter().filter(|failure| !place_only.contains(&failure.rule));
            assert!(rest.eq(&checked.failures), "the check and the audit differ");
        }
    }
});
