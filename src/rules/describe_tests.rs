//! What people read of a pack is what the pack says, and the pages of the trades are up to date.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Packs, diff, difference, list, page, show};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn packs() -> Packs {
    Packs::load(&root().join("rule-packs")).unwrap()
}

/// The packs with a second version of lodging, in which `change` replaced texts of a file.
fn with_second(file: &str, change: impl Fn(&str) -> String) -> Packs {
    let folder = tempfile::tempdir().unwrap();
    let second = folder.path().join("lodging/2026.2");
    fs::create_dir_all(&second).unwrap();
    for name in ["pack.toml", "rules.toml", "schema.json"] {
        let text = fs::read_to_string(root().join("rule-packs/lodging/2026.1").join(name)).unwrap();
        let text = text.replace("lodging/2026.1", "lodging/2026.2");
        let text = if name == file { change(&text) } else { text };
        fs::write(second.join(name), text).unwrap();
    }
    Packs::load(folder.path()).unwrap()
}

fn compare(packs: &Packs) -> super::Difference {
    let view = |id| packs.describe(id).unwrap();
    difference(&view("lodging/2026.1"), &view("lodging/2026.2"))
}

#[test]
fn the_page_of_every_trade_is_up_to_date() {
    let packs = packs();
    let stale = "run scripts/sector-pages";
    for pack in packs.iter() {
        let newest = packs.iter().filter(|other| other.sector() == pack.sector());
        if newest.max_by_key(|other| super::load::order_of(other.id())).unwrap().id() != pack.id() {
            continue;
        }
        let path = root().join(format!("docs/sectors/{}.md", pack.sector()));
        let written = fs::read_to_string(&path).unwrap_or_default();
        let view = packs.describe(pack.id()).unwrap();
        assert!(written == page(&view).unwrap(), "{}: {stale}", path.display());
    }
    for found in fs::read_dir(root().join("docs/sectors")).unwrap() {
        let path = found.unwrap().path();
        let sector = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(packs.iter().any(|pack| pack.sector() == sector), "{sector} has no pack: {stale}");
    }
}

#[test]
fn everything_that_a_pack_says_is_shown_in_both_languages() {
    let packs = packs();
    for pack in packs.iter() {
        let view = packs.describe(pack.id()).unwrap();
        assert_eq!(view.rules.len(), pack.rules().count());
        let (zh, en) = (show(&view, true).unwrap(), show(&view, false).unwrap());
        for rule in pack.rules() {
            assert!(zh.contains(&rule.zh) && zh.contains(&rule.repair_zh), "{}", rule.id);
            assert!(en.contains(&rule.en) && en.contains(&rule.repair_en), "{}", rule.id);
            for id in &rule.basis {
                let basis = packs.catalogue().basis(id).unwrap();
                assert!(en.contains(&format!("({id}, {})", basis.mark)), "{}: {id}", rule.id);
            }
        }
        for member in &view.members {
            assert!(
                zh.contains(&member.label.zh) && en.contains(&member.label.en),
                "{}",
                member.path
            );
            for code in &member.codes {
                assert!(zh.contains(&code.label.zh) && en.contains(&code.code), "{}", code.code);
            }
        }
    }
}

#[test]
fn every_format_that_a_page_names_is_explained() {
    let packs = packs();
    for pack in packs.iter() {
        let page = page(&packs.describe(pack.id()).unwrap()).unwrap();
        assert!(!page.contains("` | | |"), "{}: a format has no text", pack.id());
    }
}

#[test]
fn a_page_tells_when_a_member_is_needed() {
    let packs = packs();
    let view = packs.describe("lodging/2026.1").unwrap();
    let need = |path: &str| {
        let member = view.members.iter().find(|member| member.path == path).unwrap();
        member.needs[0].need.clone()
    };
    assert!(need("room_no").always && need("exemption_code").never);
    assert_eq!(need("checkin_seq").when, ["event = check_out"]);
    assert!(need("subject_name").not_when.contains(&"event = check_out".to_owned()));
}

#[test]
fn the_list_has_a_line_and_the_digest_of_every_pack() {
    let packs = packs();
    let lines: Vec<_> = packs.iter().map(|pack| pack.line()).collect();
    let text = list(&lines).unwrap();
    for line in &lines {
        assert!(text.contains(&line.id) && text.contains(&line.digest) && line.digest.len() == 43);
    }
    let json = serde_json::to_value(&lines).unwrap();
    assert_eq!(json.as_array().unwrap().len(), packs.iter().count());
}

#[test]
fn a_pack_differs_from_itself_in_nothing() {
    let same = compare(&with_second("", str::to_owned));
    let nothing =
        super::Difference { from: same.from.clone(), to: same.to.clone(), ..Default::default() };
    assert_eq!(same, nothing);
    assert_eq!(diff(&same).unwrap(), "lodging/2026.1 -> lodging/2026.2\n");
}

#[test]
fn a_rule_of_another_weight_or_text_is_a_difference() {
    let packs = with_second("rules.toml", |text| {
        let text = text.replace("本房实住人数", "本房入住人数");
        let rule = "id = \"lodging.registered_at.late\"\nseverity = ";
        text.replace(&format!("{rule}\"minor\""), &format!("{rule}\"advice\""))
    });
    let found = compare(&packs);
    let text = diff(&found).unwrap();
    assert!(text.contains("~ rule lodging.registered_at.late  minor -> advice\n"), "{text}");
    assert!(text.contains("~ rule lodging.guests_in_room.form  text\n"), "{text}");
    assert_eq!(found.rules_changed.len(), 4);
    assert!(found.rules_added.is_empty() && found.members_changed.is_empty());
}

#[test]
fn a_member_that_comes_goes_or_changes_is_a_difference() {
    let packs = with_second("schema.json", |text| {
        text.replace("\"maximum\": 50", "\"maximum\": 60")
            .replacen("\"subject_kind\": { \"enum\"", "\"id_doc_check_digit\": { \"$ref\": \"#/$defs/check_digit\" },\n    \"subject_kind\": { \"enum\"", 1)
    });
    let found = compare(&packs);
    assert_eq!(found.members_added, ["id_doc_check_digit"]);
    assert_eq!(found.members_changed, ["guests_in_room"]);
    assert_eq!(found.rules_added.len(), 3);
    let text = diff(&found).unwrap();
    assert!(text.contains("+ member id_doc_check_digit\n~ member guests_in_room\n"), "{text}");
    let back = difference(
        &packs.describe("lodging/2026.2").unwrap(),
        &packs.describe("lodging/2026.1").unwrap(),
    );
    assert_eq!((back.members_removed.len(), back.rules_removed.len()), (1, 3));
}

#[test]
fn a_pack_that_nobody_has_is_not_described() {
    assert!(Packs::load(Path::new("/nonexistent")).is_err());
    assert!(packs().describe("lodging/1999.1").is_none());
}
