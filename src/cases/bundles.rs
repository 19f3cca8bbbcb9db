//! Which notices follow from findings that are confirmed together, and what they say.
//!
//! One case and one notice for what one duty holder has to correct in one trade and district. What an
//! article empowers to order is not mixed with what none does: such findings make an order and a
//! letter of advice, so that nothing is ordered without a basis of its own.

use diesel::QueryResult;

use super::model::Finding;
use super::words;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::notices::{FrozenBasis, Wording};
use crate::registry::{District, Sector};
use crate::rules::Packs;

/// Findings that make one case, with the law of their notice.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    pub(super) holder: HolderId,
    pub(super) sector: Sector,
    pub(super) district: District,
    pub(super) basis: FrozenBasis,
    pub(super) findings: Vec<Finding>,
}

/// The notices that follow from `findings` on `today`, in the order of the first of each.
pub(super) fn bundles(packs: &Packs, findings: Vec<Finding>, today: Day) -> Vec<Bundle> {
    let mut bundles: Vec<Bundle> = Vec::new();
    for finding in findings {
        let basis = freeze(packs, std::slice::from_ref(&finding), today);
        let same = bundles.iter_mut().find(|bundle| {
            (bundle.holder, bundle.sector, bundle.district)
                == (finding.holder, finding.sector, finding.district)
                && bundle.basis.order() == basis.order()
        });
        match same {
            Some(bundle) => bundle.findings.push(finding),
            None => bundles.push(Bundle {
                holder: finding.holder,
                sector: finding.sector,
                district: finding.district,
                basis,
                findings: vec![finding],
            }),
        }
    }
    for bundle in &mut bundles {
        bundle.basis = freeze(packs, &bundle.findings, today);
    }
    bundles
}

/// The law for a notice about `findings` of one trade.
fn freeze(packs: &Packs, findings: &[Finding], today: Day) -> FrozenBasis {
    let mut duties: Vec<String> = Vec::new();
    let rules = findings.iter().filter_map(|finding| words::rule_of(packs, finding));
    for duty in rules.flat_map(|rule| &rule.basis) {
        if !duties.contains(duty) {
            duties.push(duty.clone());
        }
    }
    let sector = findings.first().map_or("", |finding| finding.sector.as_str());
    FrozenBasis::freeze(packs.catalogue(), sector, &duties, &today)
}

impl Bundle {
    /// The facts, and once each what is to be done about them.
    pub(super) fn wording(
        &self,
        conn: &mut Conn,
        packs: &Packs,
        lang: Lang,
        holder: &str,
    ) -> QueryResult<Wording> {
        let mut wording = Wording::default();
        for finding in &self.findings {
            let scene = words::scene(conn, finding, holder)?;
            let rule = words::rule_of(packs, finding);
            wording.facts.push(words::fact(lang, finding, &scene, rule));
            let demand = words::demand(lang, finding, rule);
            if !wording.demands.contains(&demand) {
                wording.demands.push(demand);
            }
        }
        Ok(wording)
    }
}
