//! All packs of a process: those inside the binary, and what a folder replaces or adds.

use std::{borrow::Cow, collections::BTreeMap, fmt, fs, io, path::Path, sync::Arc};

use super::{
    catalogue::{Basis, Catalogue},
    embedded,
    examples::{self, Coverage},
    load,
    pack::Pack,
};

/// Files by their path below `rule-packs/`.
pub(super) type Files = BTreeMap<String, Cow<'static, str>>;

/// Every pack by id, with the catalogue that they refer to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Packs {
    packs: BTreeMap<String, Arc<Pack>>,
    catalogue: Arc<Catalogue>,
}

/// One mistake in a folder of packs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// File below the folder.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// Every mistake of a folder of packs, at once; displayed one a line.
#[derive(Debug, thiserror::Error)]
pub struct PacksError(pub Vec<Mistake>);

impl fmt::Display for PacksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mistakes in the rule packs", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n{}: {}", mistake.file, mistake.what))
    }
}

impl Packs {
    /// The packs inside the binary.
    #[expect(clippy::expect_used, reason = "a test loads the embedded packs and their examples")]
    pub fn embedded() -> Packs {
        Packs::assemble(&embedded_files()).expect("the embedded packs are sound")
    }

    /// The packs inside the binary, with those files replaced or added that lie below `folder`.
    /// The examples of the folder are judged, and each must give exactly the rules that it names.
    ///
    /// # Errors
    ///
    /// Every mistake of every file, unreadable files among them.
    pub fn load(folder: &Path) -> Result<Packs, PacksError> {
        let mut files = embedded_files();
        files.append(&mut files_of(folder)?);
        Packs::assemble(&files)
    }

    /// The packs of these files alone, each by its path below the folder, such as
    /// `lodging/2026.1/pack.toml`; for tools that hold files without a folder.
    ///
    /// # Errors
    ///
    /// Every mistake of every file.
    pub fn of_files(files: BTreeMap<String, String>) -> Result<Packs, PacksError> {
        let owned = files.into_iter().map(|(path, text)| (path, Cow::Owned(text)));
        Packs::assemble(&owned.collect())
    }

    /// Judges every example of a folder as [`Packs::load`] does, and says of each pack that the
    /// folder has files of how well its examples cover it.
    ///
    /// # Errors
    ///
    /// Those of [`Packs::load`].
    pub fn test(folder: &Path) -> Result<Vec<Coverage>, PacksError> {
        let own = files_of(folder)?;
        let mut files = embedded_files();
        files.extend(own.clone());
        let packs = Packs::assemble(&files)?;
        let is_own = |pack: &&Arc<Pack>| {
            let prefix = format!("{}/", pack.id());
            own.keys().any(|path| path.starts_with(&prefix))
        };
        let tested = packs.iter().filter(is_own);
        Ok(tested.map(|pack| examples::coverage(pack, &own, packs.catalogue())).collect())
    }

    /// The pack with this id, such as `lodging/2026.1`.
    pub fn pack(&self, id: &str) -> Option<&Arc<Pack>> {
        self.packs.get(id)
    }

    /// Every pack, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.packs.values()
    }

    /// The legal bases.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The article that empowers an order to correct a failure of `rule` in `pack`; `None`: nothing
    /// but an advice letter.
    pub fn order_for(&self, pack: &Pack, rule: &str) -> Option<&Basis> {
        self.catalogue.order_for(pack.sector(), &pack.rule(rule)?.basis)
    }

    fn assemble(files: &Files) -> Result<Packs, PacksError> {
        let mut mistakes = Vec::new();
        let catalogue = newest_catalogue(files, &mut mistakes);
        let mut packs = BTreeMap::new();
        if let Some(catalogue) = &catalogue {
            for folder in load::pack_folders(files, &mut mistakes) {
                if let Some(mut pack) = load::pack(&folder, files, catalogue, &mut mistakes) {
                    examples::judge_all(&folder, &pack, files, &mut mistakes);
                    pack.examples = examples::models(&pack, files);
                    packs.insert(folder, Arc::new(pack));
                }
            }
        }
        match catalogue {
            Some(catalogue) if mistakes.is_empty() => {
                Ok(Packs { packs, catalogue: Arc::new(catalogue) })
            }
            _ => Err(PacksError(mistakes)),
        }
    }
}

fn embedded_files() -> Files {
    embedded::FILES.iter().map(|(path, text)| (String::from(*path), Cow::Borrowed(*text))).collect()
}

fn files_of(folder: &Path) -> Result<Files, PacksError> {
    let mut files = Files::new();
    read_folder(folder, "", &mut files).map_err(|error| {
        let file = folder.display().to_string();
        PacksError(vec![Mistake { file, what: error.to_string() }])
    })?;
    Ok(files)
}

/// Reads every TOML and JSON file below `folder`; others, such as a README, are left alone.
fn read_folder(folder: &Path, prefix: &str, files: &mut Files) -> io::Result<()> {
    for found in fs::read_dir(folder)? {
        let found = found?;
        let name = found.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if found.path().is_dir() {
            read_folder(&found.path(), &format!("{path}/"), files)?;
        } else if name.ends_with(".toml") || name.ends_with(".json") {
            files.insert(path, Cow::Owned(fs::read_to_string(found.path())?));
        }
    }
    Ok(())
}

fn newest_catalogue(files: &Files, mistakes: &mut Vec<Mistake>) -> Option<Catalogue> {
    let newest = files
        .iter()
        .filter_map(|(path, text)| {
            let version = path.strip_prefix("legal/")?.strip_suffix("/catalogue.toml")?;
            Some((load::version_order(version), version, path, text))
        })
        .max_by_key(|(order, ..)| *order);
    let Some((_, version, path, text)) = newest else {
        mistakes.push(Mistake { file: "legal".into(), what: "has no catalogue".into() });
        return None;
    };
    let mut say = |what| mistakes.push(Mistake { file: path.clone(), what });
    Catalogue::parse(version, text, &mut say)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::rules::{BasisKind, Mark};

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rule-packs");

    /// A folder with one file of the packs replaced.
    fn with(path: &str, text: &str) -> Result<Packs, PacksError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        Packs::load(folder.path())
    }

    fn mistakes(path: &str, text: &str) -> Vec<String> {
        let PacksError(mistakes) = with(path, text).unwrap_err();
        mistakes.into_iter().map(|m| format!("{}: {}", m.file, m.what)).collect()
    }

    #[test]
    fn the_packs_are_sound_and_every_example_gives_the_rules_that_it_names() {
        if let Err(error) = Packs::load(Path::new(FOLDER)) {
            panic!("{error}");
        }
    }

    #[test]
    fn every_pack_has_enough_examples_and_every_rule_of_its_own_has_one() {
        let covered = Packs::test(Path::new(FOLDER)).unwrap();
        assert_eq!(covered.len(), Packs::embedded().iter().count());
        for pack in covered {
            assert!(pack.gaps.is_empty(), "{}: {}", pack.pack, pack.gaps.join("\n"));
        }
    }

    #[test]
    fn the_binary_holds_every_file_of_the_folder_that_decides() {
        let mut files = Files::new();
        read_folder(Path::new(FOLDER), "", &mut files).unwrap();
        files.retain(|path, _| !path.contains("/examples/"));
        assert_eq!(files, embedded_files());
    }

    #[test]
    fn the_folder_and_the_binary_have_the_same_digests_and_any_change_another() {
        let embedded = Packs::embedded();
        let digest = |packs: &Packs, id: &str| *packs.pack(id).unwrap().digest();
        let loaded = Packs::load(Path::new(FOLDER)).unwrap();
        assert_eq!(digest(&loaded, "courier/2026.1"), digest(&embedded, "courier/2026.1"));
        let text = embedded_files()["courier/2026.1/rules.toml"].replace("运单号", "运单号码");
        let changed = with("courier/2026.1/rules.toml", &text).unwrap();
        assert_ne!(digest(&changed, "courier/2026.1"), digest(&embedded, "courier/2026.1"));
        assert_eq!(digest(&changed, "lodging/2026.1"), digest(&embedded, "lodging/2026.1"));
    }

    #[test]
    fn nothing_that_is_not_confirmed_can_be_cited_or_carry_an_order() {
        let packs = Packs::embedded();
        let catalogue = packs.catalogue();
        for basis in catalogue.bases() {
            assert_eq!(
                catalogue.citable(&basis.id).is_some(),
                basis.mark == Mark::V,
                "{}",
                basis.id
            );
        }
        let sectors: Vec<&String> = catalogue.bases().iter().flat_map(|b| &b.sectors).collect();
        let duties: Vec<String> = catalogue.bases().iter().map(|b| b.id.clone()).collect();
        for sector in sectors {
            for order in
                catalogue.order_for(sector, &duties).iter().chain(&catalogue.order_basis(sector))
            {
                assert_eq!((order.kind, order.mark), (BasisKind::Order, Mark::V), "{}", order.id);
            }
        }
        let duty = [String::from("ctl-21")];
        let telecom = catalogue.order_for("telecom", &duty).map(|basis| basis.id.as_str());
        assert_eq!(telecom, Some("ctl-86-1"));
        for sector in ["gasoline", "bottled_gas"] {
            assert!(catalogue.order_for(sector, &duties).is_none(), "{sector}");
        }
    }

    #[test]
    fn lodging_and_courier_get_an_order_only_where_an_article_gives_the_power() {
        let packs = Packs::embedded();
        let order = |pack: &str, rule: &str| {
            packs.order_for(packs.pack(pack).unwrap(), rule).map(|basis| basis.id.as_str())
        };
        assert_eq!(order("lodging/2026.1", "lodging.minor.guardian"), Some("minors-122"));
        assert_eq!(order("lodging/2026.1", "lodging.room_no.missing"), None);
        assert_eq!(order("courier/2026.1", "courier.item_name.missing"), None);
    }

    #[test]
    fn every_rule_that_makes_a_record_fail_has_a_duty_that_may_be_cited() {
        let packs = Packs::embedded();
        for rule in packs.iter().flat_map(|pack| pack.rules()) {
            let citable = rule.basis.iter().filter_map(|id| packs.catalogue().citable(id));
            let duties = citable.filter(|basis| basis.kind == BasisKind::Duty).count();
            assert!(duties > 0 || rule.severity < crate::rules::Severity::Major, "{}", rule.id);
        }
    }

    #[test]
    fn every_mistake_of_a_folder_is_reported_at_once() {
        let head = embedded_files()["lodging/2026.1/pack.toml"]
            .replace("duty = \"hbr-12\"", "duty = \"hbr-22\"")
            .replace("modes = [\"sealed\"]", "modes = [\"plain\"]")
            .replace("member = \"verify_result\"", "member = \"verify_resul\"");
        let said = mistakes("lodging/2026.1/pack.toml", &head);
        for part in ["hbr-22 is not a duty", "modes are", "verify_resul, which is no member"] {
            assert!(said.iter().any(|line| line.contains(part)), "{part} in {said:?}");
        }
    }

    #[test]
    fn a_catalogue_that_contradicts_itself_is_refused_with_every_reason() {
        let text = embedded_files()["legal/2026.1/catalogue.toml"]
            .replace("covers = [\"minors-57\"]", "covers = [\"apl-28\"]")
            .replace("jurisdiction = \"410600\"", "jurisdiction = \"Hebi\"")
            .replace("effective_from = \"2024-01-01\"", "effective_from = \"2024-02-30\"");
        let said = mistakes("legal/2026.1/catalogue.toml", &text);
        assert_eq!(said.len(), 4, "{said:?}");
        for part in ["minors-122: covers apl-28", "hbr-12: jurisdiction", "measures: has a day"] {
            assert!(said.iter().any(|line| line.contains(part)), "{part} in {said:?}");
        }
    }

    #[test]
    fn a_format_that_nobody_knows_and_a_pattern_with_look_around_are_mistakes() {
        let schema = &embedded_files()["courier/2026.1/schema.json"];
        let format = schema.replace("\"person-name\"", "\"persn-name\"");
        assert!(mistakes("courier/2026.1/schema.json", &format)[0].contains("persn-name"));
        let pattern = schema.replace("^[A-Za-z0-9-]{6,32}$", "^(?!X)[A-Z]+$");
        assert_eq!(mistakes("courier/2026.1/schema.json", &pattern).len(), 1);
    }

    #[test]
    fn a_file_in_the_wrong_place_or_with_a_misspelt_name_is_a_mistake() {
        for path in ["courier/2026.1/shema.json", "courier/latest/pack.toml", "pack.toml"] {
            assert!(mistakes(path, "{}")[0].contains("is not the place"), "{path}");
        }
    }

    #[test]
    fn an_example_that_gives_other_rules_is_a_mistake() {
        let example = r#"{"about": "x", "raw": "[]", "rules": ["courier.record.size"]}"#;
        let said = mistakes("courier/2026.1/examples/fail/x.json", example);
        assert!(said[0].contains("gives [courier.record.json] instead of [courier.record.size]"));
    }
}
