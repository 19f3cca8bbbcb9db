//! Small holders are audited together: the union of their records is one frame, with one conclusion
//! for all of them; a failing record is its own holder's case (sampling.md §3.2).
//!
//! Twenty holders with thirty records each cost 60 openings together, and 480 one by one. Who is
//! pooled with whom follows from the plan and the tree at the cutoff; nobody chooses. Pure.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::draw::{self, FrameError};
use super::tree::{CutoffTree, Holding};
use crate::foundation::ids::{HolderId, Id as _};
use crate::registry::{Modes, Pooling};

/// What one audit is about: a holder, or a pool of holders.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The holder, or the id of the pool.
    pub(super) id: HolderId,
    pub(super) holding: Holding,
}

/// The holders that are audited, and which of them whatever the number of their records alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Audited {
    pub(super) holders: Vec<HolderId>,
    /// For a cause, or in a class that only audits of its own lead out of.
    pub(super) alone: BTreeSet<HolderId>,
}

/// The subjects of the audits of a period, pools first.
///
/// # Errors
///
/// [`FrameError`] for pools with more numbers than a frame can hold.
pub(super) fn subjects(
    tree: &CutoffTree,
    audited: &Audited,
    holdings: &BTreeMap<HolderId, Holding>,
) -> Result<Vec<Subject>, FrameError> {
    let mut pools = Vec::new();
    let mut pooled = BTreeSet::new();
    if let Some(pooling) = tree.terms.pooling() {
        let below = |holder: &&HolderId| {
            let own = holdings.get(holder);
            !audited.alone.contains(holder) && own.is_some_and(|own| is_small(tree, own, pooling))
        };
        let small: Vec<String> =
            audited.holders.iter().filter(below).map(ToString::to_string).collect();
        let plan = tree.terms.plan.to_string();
        for (id, names) in pools_of(&plan, &tree.period, pooling.holders, &small) {
            let ids = names.iter().filter_map(|name| name.parse::<HolderId>().ok());
            let of: Vec<(HolderId, &Holding)> =
                ids.filter_map(|id| Some((id, holdings.get(&id)?))).collect();
            pooled.extend(of.iter().map(|(holder, _)| *holder));
            pools.push(Subject { id: HolderId::from_uuid(id), holding: tree.pool(&of)? });
        }
    }
    let single = audited.holders.iter().filter(|holder| !pooled.contains(holder));
    pools.extend(single.map(|holder| {
        let holding = holdings.get(holder).cloned().unwrap_or_else(CutoffTree::nothing);
        Subject { id: *holder, holding }
    }));
    Ok(pools)
}

/// Whether a holder is pooled if nothing speaks against it. Records of attested batches are asked
/// for, from one business and with its own limit, so whoever has some is audited alone.
fn is_small(tree: &CutoffTree, holding: &Holding, pooling: Pooling) -> bool {
    let size = holding.frame.size();
    0 < size && size < pooling.below.into() && tree.modes_of(holding) == Modes::Sealed
}

/// The pools of a period with their holders: as few as the plan allows, of equal size give or take
/// one, in the order of the ids. One holder by itself is no pool.
///
/// `small` are the ids of the audited holders that are small, in any order; `most` is the plan's
/// `pool_holders`.
pub fn pools_of(plan: &str, period: &str, most: u32, small: &[String]) -> Vec<(Uuid, Vec<String>)> {
    let mut small = small.to_vec();
    small.sort_unstable();
    if small.len() < 2 {
        return Vec::new();
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
    let count = small.len().div_ceil(most);
    let (each, more) = (small.len() / count, small.len() % count);
    let mut rest = small.into_iter();
    let sizes = (0..count).map(|place| each + usize::from(place < more));
    (0..)
        .zip(sizes)
        .map(|(place, size)| {
            (draw::pool_id(plan, period, place), rest.by_ref().take(size).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audits::verdict::{Plan, Tally, Verdict};

    fn openings(size: u64) -> u64 {
        let plan = Plan::default();
        let passes = |t: &u64| plan.verdict(size, Tally::of(*t, 0)) == Verdict::Compliant;
        (0..=size).find(passes).unwrap()
    }

    #[test]
    fn twenty_holders_of_thirty_records_cost_60_openings_together_and_480_alone() {
        assert_eq!(openings(20 * 30), 60);
        assert_eq!(20 * openings(30), 480);
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("{at:03}")).collect()
    }

    #[test]
    fn pools_are_as_few_as_may_be_and_of_equal_size() {
        let sizes = |count, most| -> Vec<usize> {
            pools_of("p", "2026-03", most, &names(count)).iter().map(|(_, of)| of.len()).collect()
        };
        assert!(sizes(0, 20).is_empty());
        assert!(sizes(1, 20).is_empty(), "one by itself is no pool");
        assert_eq!(sizes(2, 20), [2]);
        assert_eq!(sizes(20, 20), [20]);
        assert_eq!(sizes(21, 20), [11, 10]);
        assert_eq!(sizes(47, 20), [16, 16, 15]);
        assert_eq!(sizes(4, 3), [2, 2]);
    }

    #[test]
    fn every_holder_is_in_one_pool_whatever_the_order_of_the_list() {
        let mut small = names(47);
        let pools = pools_of("p", "2026-03", 20, &small);
        let all: Vec<String> = pools.iter().flat_map(|(_, of)| of.clone()).collect();
        assert_eq!(all, small);
        small.reverse();
        assert_eq!(pools_of("p", "2026-03", 20, &small), pools);
    }

    #[test]
    fn the_id_of_a_pool_follows_from_plan_period_and_place() {
        let id = draw::pool_id("p", "2026-03", 0);
        // From the words of the documentation, in another language.
        assert_eq!(id.to_string(), "31bb9981-fbb1-8ca0-b9f0-e270bd45a6b2");
        for other in [
            draw::pool_id("q", "2026-03", 0),
            draw::pool_id("p", "2026-04", 0),
            draw::pool_id("p", "2026-03", 1),
        ] {
            assert_ne!(id, other);
        }
    }
}
