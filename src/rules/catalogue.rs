//! The catalogue of legal bases: which article says what, and whether it may be cited.
//!
//! A notice cites nothing but what was confirmed in the text of the law (mark `V`). An order to
//! correct that stands alone needs an article of its own that gives the power to order; where the
//! catalogue has none for the breach, the business gets an advice letter.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::forms;

/// What an article is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasisKind {
    /// Says what a business must do.
    Duty,
    /// Empowers an organ to order correction, whatever penalty may follow.
    Order,
    /// Sets a penalty without a prior order of its own.
    Penalty,
    /// Says how an organ proceeds.
    Procedure,
}

/// How well an entry is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// Confirmed in the text of the law: may be cited.
    V,
    /// Confirmed in a secondary text only.
    V2,
    /// General knowledge.
    M,
    /// Estimate.
    E,
    /// Inference.
    I,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mark::V => "V",
            Mark::V2 => "V2",
            Mark::M => "M",
            Mark::E => "E",
            Mark::I => "I",
        })
    }
}

/// One article of a law, rule or regulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Stable id, such as `hbr-12`.
    pub id: String,
    /// What the article is good for.
    pub kind: BasisKind,
    /// Sectors that it concerns; `*` for all.
    pub sectors: Vec<String>,
    /// Title of the law in Chinese, without book-title marks.
    pub law_zh: String,
    /// Title of the law in English.
    pub law_en: String,
    /// Article in Chinese, such as `第十二条`.
    pub article_zh: String,
    /// Article in English, such as `Article 12`.
    pub article_en: String,
    /// Exact text, where it is at hand.
    pub text_zh: Option<String>,
    /// What it says, in one line of Chinese; not the text of the law.
    pub gist_zh: String,
    /// What it says, in one line of English; without legal weight.
    pub gist_en: String,
    /// Competent organ in Chinese.
    pub organ_zh: String,
    /// Competent organ in English.
    pub organ_en: String,
    /// GB/T 2260 division where it applies; `000000` for the whole country.
    pub jurisdiction: String,
    /// First day in force, where known.
    pub effective_from: Option<String>,
    /// Last day in force, where it has one.
    pub effective_to: Option<String>,
    /// How well the entry is confirmed.
    pub mark: Mark,
    /// Where the official gazette prints it.
    pub gazette_ref: Option<String>,
    /// Smallest fine in yuan.
    pub fine_min: Option<u64>,
    /// Largest fine in yuan.
    pub fine_max: Option<u64>,
    /// Whether the fine needs an order that was refused or ignored.
    #[serde(default)]
    pub needs_prior_order: bool,
    /// Order entries only: whether it answers every breach of the sectors' identity duty.
    #[serde(default)]
    pub general: bool,
    /// Duties whose breach it answers.
    #[serde(default)]
    pub covers: Vec<String>,
}

impl Basis {
    /// Whether the entry concerns `sector`.
    pub fn concerns(&self, sector: &str) -> bool {
        self.sectors.iter().any(|own| own == "*" || own == sector)
    }

    /// Whether the article is in force on `day` (`YYYY-MM-DD`); an unknown first day counts as
    /// past.
    pub fn in_force(&self, day: &str) -> bool {
        self.effective_from.as_deref().is_none_or(|from| from <= day)
            && self.effective_to.as_deref().is_none_or(|to| day <= to)
    }
}

/// Every legal basis that rules, findings and notices refer to.
#[derive(Clone, Debug)]
pub struct Catalogue {
    version: String,
    bases: Vec<Basis>,
    index: BTreeMap<String, usize>,
}

impl Catalogue {
    /// Reads `catalogue.toml` and hands every mistake to `mistake`.
    pub(super) fn parse(
        version: &str,
        text: &str,
        mistake: &mut impl FnMut(String),
    ) -> Option<Catalogue> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            basis: Vec<Basis>,
        }
        let bases = match toml::from_str::<File>(text) {
            Ok(file) => file.basis,
            Err(error) => {
                mistake(error.to_string());
                return None;
            }
        };
        let mut index = BTreeMap::new();
        for (position, basis) in bases.iter().enumerate() {
            if index.insert(basis.id.clone(), position).is_some() {
                mistake(format!("{}: occurs twice", basis.id));
            }
        }
        let catalogue = Catalogue { version: version.to_owned(), bases, index };
        catalogue.bases.iter().for_each(|basis| catalogue.examine(basis, mistake));
        Some(catalogue)
    }

    /// Version of the catalogue; a notice freezes it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every entry, in the order of the file.
    pub fn bases(&self) -> &[Basis] {
        &self.bases
    }

    /// The entry with this id, whatever its mark.
    pub fn basis(&self, id: &str) -> Option<&Basis> {
        self.index.get(id).and_then(|position| self.bases.get(*position))
    }

    /// The entry with this id, if a notice may cite it.
    pub fn citable(&self, id: &str) -> Option<&Basis> {
        self.basis(id).filter(|basis| basis.mark == Mark::V)
    }

    /// The article that empowers an order to correct any breach of the sector's identity duty.
    /// `None`: nothing but an advice letter, unless [`Catalogue::order_for`] knows an article for
    /// the one breach.
    pub fn order_basis(&self, sector: &str) -> Option<&Basis> {
        self.orders(sector).find(|basis| basis.general)
    }

    /// The article that empowers an order to correct a breach of one of `duties` in `sector`;
    /// [`Rule::basis`](super::Rule::basis) gives the duties of a rule. `None`: nothing but an
    /// advice letter.
    pub fn order_for(&self, sector: &str, duties: &[String]) -> Option<&Basis> {
        self.orders(sector)
            .find(|basis| basis.covers.iter().any(|duty| duties.contains(duty)))
            .or_else(|| self.order_basis(sector))
    }

    fn orders(&self, sector: &str) -> impl Iterator<Item = &Basis> {
        self.bases.iter().filter(move |basis| {
            basis.kind == BasisKind::Order && basis.mark == Mark::V && basis.concerns(sector)
        })
    }

    fn examine(&self, basis: &Basis, mistake: &mut impl FnMut(String)) {
        let mut say = |what: &str| mistake(format!("{}: {what}", basis.id));
        let words = [
            &basis.id,
            &basis.law_zh,
            &basis.law_en,
            &basis.article_zh,
            &basis.article_en,
            &basis.gist_zh,
            &basis.gist_en,
            &basis.organ_zh,
            &basis.organ_en,
        ];
        if words.iter().any(|word| word.trim().is_empty()) || basis.sectors.is_empty() {
            say("has an empty member");
        }
        if basis.jurisdiction.len() != 6 || !basis.jurisdiction.bytes().all(|b| b.is_ascii_digit())
        {
            say("jurisdiction is not a division code of six digits");
        }
        let days = basis.effective_from.iter().chain(&basis.effective_to);
        if days.into_iter().any(|day| forms::day(day).is_none()) {
            say("has a day that is not in the calendar");
        }
        if basis.general && basis.kind != BasisKind::Order {
            say("is general, and not an order");
        }
        for duty in &basis.covers {
            if self.basis(duty).is_none_or(|other| other.kind != BasisKind::Duty) {
                say(&format!("covers {duty}, which is not a duty of this catalogue"));
            }
        }
    }
}
