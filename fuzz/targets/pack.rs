//! A file of a rule pack in place of the one that it names: the first line is its path below
//! `rule-packs/`, the rest its text. The pack loads or every mistake is named; nothing panics.

#![no_main]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use chayan::rules::{Known, Packs};
use libfuzzer_sys::{Corpus, fuzz_target};

/// Every file of the packs by its path, examples too.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rule-packs"), "", &mut files);
    files
});

fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for found in std::fs::read_dir(folder).expect("the rule packs lie beside this crate") {
        let path = found.expect("a readable folder").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), files);
        } else if name.ends_with(".toml") || name.ends_with(".json") {
            files.insert(format!("{prefix}{name}"), std::fs::read_to_string(&path).expect("text"));
        }
    }
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((path, text)) = std::str::from_utf8(input).ok().and_then(|all| all.split_once('\n'))
    else {
        return Corpus::Reject;
    };
    let Some((sector, _)) = path.split_once('/').filter(|_| FILES.contains_key(path)) else {
        return Corpus::Reject;
    };
    // What all packs share is tried with one of them.
    let sector = if ["base", "legal"].contains(&sector) { "courier" } else { sector };
    let needed = |path: &str| {
        let own = path.starts_with(&format!("{sector}/")) && !path.contains("/examples/");
        own || path.starts_with("base/") || path.starts_with("legal/")
    };
    let mut files: BTreeMap<String, String> = FILES
        .iter()
        .filter(|(path, _)| needed(path))
        .map(|(p, t)| (p.clone(), t.clone()))
        .collect();
    files.insert(path.to_owned(), text.to_owned());
    match Packs::of_files(files) {
        Ok(packs) => {
            for pack in packs.iter() {
                let judged = pack.check(b"{\"seq\":1}", &Known::default());
                assert_eq!(judged, pack.check(b"{\"seq\":1}", &Known::default()));
            }
        }
        Err(error) => assert!(!error.0.is_empty() && !error.to_string().is_empty()),
    }
    Corpus::Keep
});
