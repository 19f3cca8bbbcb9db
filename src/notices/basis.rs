//! The law that a notice cites, frozen as the catalogue had it when the officer decided.
//!
//! Source: `domain.md` 1.3: the duty and the power to order must both be confirmed in the text of
//! the law; without the second there is no order.

use serde::{Deserialize, Serialize};

use crate::foundation::time::Day;
use crate::rules::{Basis, BasisKind, Catalogue};

/// The duty that every notice may rest on: Hebi Regulation, article 12.
const GENERAL_DUTY: &str = "hbr-12";

/// One article as it is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Its id in the catalogue.
    pub id: String,
    /// The law in Chinese, without book-title marks.
    pub law_zh: String,
    /// The law in English.
    pub law_en: String,
    /// The article in Chinese.
    pub article_zh: String,
    /// The article in English.
    pub article_en: String,
    /// The exact text, where the catalogue has it.
    pub text_zh: Option<String>,
    /// What it says, in one line of Chinese.
    pub gist_zh: String,
    /// What it says, in one line of English.
    pub gist_en: String,
}

impl From<&Basis> for Article {
    fn from(basis: &Basis) -> Self {
        Self {
            id: basis.id.clone(),
            law_zh: basis.law_zh.clone(),
            law_en: basis.law_en.clone(),
            article_zh: basis.article_zh.clone(),
            article_en: basis.article_en.clone(),
            text_zh: basis.text_zh.clone(),
            gist_zh: basis.gist_zh.clone(),
            gist_en: basis.gist_en.clone(),
        }
    }
}

/// What a notice cites. Only [`FrozenBasis::freeze`] makes one, so everything in it is citable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenBasis {
    catalogue: String,
    duties: Vec<Article>,
    order: Option<Article>,
}

impl FrozenBasis {
    /// What may be cited in `sector` on `day` for a breach of `duties` (ids of the catalogue; none:
    /// the general duty). Articles that are not confirmed, not duties of the sector or not in force
    /// are left out. Without an article that empowers an order, [`FrozenBasis::order`] is `None`.
    pub fn freeze(catalogue: &Catalogue, sector: &str, duties: &[String], day: &Day) -> Self {
        let cite = |id: &str| {
            catalogue.citable(id).filter(|basis| {
                basis.kind == BasisKind::Duty
                    && basis.concerns(sector)
                    && basis.in_force(day.as_str())
            })
        };
        let mut cited: Vec<&Basis> = duties.iter().filter_map(|id| cite(id)).collect();
        if cited.is_empty() {
            cited.extend(cite(GENERAL_DUTY));
        }
        let ids: Vec<String> = cited.iter().map(|basis| basis.id.clone()).collect();
        let order = catalogue.order_for(sector, &ids).filter(|basis| basis.in_force(day.as_str()));
        Self {
            catalogue: catalogue.version().to_owned(),
            // An order without a duty to point at would not stand.
            order: order.filter(|_| !cited.is_empty()).map(Article::from),
            duties: cited.into_iter().map(Article::from).collect(),
        }
    }

    /// Version of the catalogue.
    pub fn catalogue(&self) -> &str {
        &self.catalogue
    }

    /// The duty articles.
    pub fn duties(&self) -> &[Article] {
        &self.duties
    }

    /// The article that empowers the order, if there is one.
    pub const fn order(&self) -> Option<&Article> {
        self.order.as_ref()
    }
}
