//! What the signed tree at a cutoff says of one period: parameters, commitments, packs, batches.
//!
//! Pure: leaves in, facts or a refusal out. The root over all leaves is recomputed from their
//! bytes, so nothing here rests on the database.
//!
//! Source: `security.md` 4.4, items 1 to 3.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::draw::{self, Frame, FrameError, Interval, Seed};
use super::error::Refusal;
use super::model::Terms;
use super::roster::Stated;
use crate::foundation::ids::{BatchId, HolderId, PlanId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::intake::Manifest;
use crate::ledger::{Hash, Leaf, LeafKind, RecordTree, TreeHead, read_leaf};
use crate::registry::{Mode, Modes};

/// A `draw_commit` leaf.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Commitment {
    pub(super) contributor: String,
    commitment: String,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) cutoff: Timestamp,
    pub(super) at: Timestamp,
}

impl Commitment {
    pub(super) fn hash(&self) -> Option<Hash> {
        Hash::from_b64u(&self.commitment)
    }
}

/// What a `batch` leaf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BatchFact {
    pub(super) at: Timestamp,
    pub(super) batch: BatchId,
    pub(super) holder: HolderId,
    pub(super) stream: StreamId,
    pub(super) day: Day,
    pub(super) mode: Mode,
    /// The pack that its records are judged by.
    pub(super) pack: String,
    pub(super) first: u64,
    pub(super) count: u32,
    pub(super) records: Hash,
    pub(super) amends: Vec<(u64, u64)>,
}

impl BatchFact {
    /// The last number of the batch.
    pub(super) fn last(&self) -> u64 {
        self.first + u64::from(self.count).saturating_sub(1)
    }

    /// The number that its record `number` corrects.
    pub(super) fn amended_by(&self, number: u64) -> Option<u64> {
        self.amends.iter().find(|(new, _)| *new == number).map(|(_, old)| *old)
    }

    /// What a batch leaf says; `None` if it is malformed.
    fn read(body: &Value, at: Timestamp) -> Option<Self> {
        let manifest = Manifest::logged(body.get("manifest")?.as_str()?).ok()?;
        let count = body.get("count")?.as_u64()?;
        let own = body.get("batch")?.as_str()? == manifest.batch.to_string();
        (own && count == u64::from(manifest.count)).then_some(())?;
        Some(Self {
            at,
            batch: manifest.batch,
            holder: manifest.holder,
            stream: manifest.stream,
            day: manifest.day,
            mode: manifest.mode,
            pack: manifest.pack,
            first: manifest.first,
            count: manifest.count,
            records: Hash::from_b64u(body.get("records")?.as_str()?)?,
            amends: manifest.amends,
        })
    }
}

/// What a `pack_activated` leaf says.
#[derive(Clone, Debug)]
struct Activation {
    at: Timestamp,
    sector: String,
    from: Day,
    pack: String,
    digest: Option<Hash>,
}

impl Activation {
    fn read(body: &Value, at: Timestamp) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        Some(Self {
            at,
            sector: text("sector")?.to_owned(),
            from: text("from")?.parse().ok()?,
            pack: text("pack")?.to_owned(),
            digest: text("digest").and_then(Hash::from_b64u),
        })
    }
}

/// The rule pack that was in force on the day of a batch, as the log said when the batch came. A
/// pack that is put in force later, for days that are past, judges nothing that was there before.
fn pack_in_force<'a>(activations: &'a [Activation], fact: &BatchFact) -> Option<&'a str> {
    let sector = fact.pack.split_once('/').map(|(sector, _)| sector)?;
    let known = activations.iter().filter(|activation| {
        activation.sector == sector && activation.at <= fact.at && activation.from <= fact.day
    });
    known.max_by_key(|activation| activation.from).map(|activation| activation.pack.as_str())
}

/// Reads the leaves of a tree one after the other.
pub(super) struct Reader {
    plan: PlanId,
    period: String,
    tree: RecordTree,
    terms: Vec<(Timestamp, Terms)>,
    commitments: Vec<Commitment>,
    activations: Vec<Activation>,
    batches: Vec<BatchFact>,
    revealed: bool,
    last: Option<(LeafKind, Value, Timestamp)>,
}

/// What the tree at the cutoff says of one period.
#[derive(Clone, Debug)]
pub(super) struct CutoffTree {
    pub(super) head: TreeHead,
    pub(super) terms: Terms,
    pub(super) period: String,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) commitments: Vec<Commitment>,
    /// Digests of the rule packs that were in force before the cutoff, by id.
    pub(super) packs: BTreeMap<String, Hash>,
    /// Batches of the trade that came before the cutoff, whatever their day.
    pub(super) batches: Vec<BatchFact>,
    /// H(ids) of the holders of the class, as the epoch leaf states it.
    pub(super) holders: Option<Hash>,
    /// What that leaf says of classes, causes and caps, if the plan has any.
    pub(super) roster: Option<Stated>,
}

impl Reader {
    pub(super) fn new(plan: PlanId, period: &str) -> Self {
        Self {
            plan,
            period: period.to_owned(),
            tree: RecordTree::new(),
            terms: Vec::new(),
            commitments: Vec::new(),
            activations: Vec::new(),
            batches: Vec::new(),
            revealed: false,
            last: None,
        }
    }

    /// How many leaves were read.
    pub(super) fn count(&self) -> u64 {
        self.tree.count()
    }

    /// Reads the next leaf. Only its bytes count.
    pub(super) fn push(&mut self, leaf: &Leaf) {
        self.tree.push(&leaf.bytes);
        self.last = None;
        let Some((kind, body)) = read_leaf(&leaf.bytes) else { return };
        let at = body.get("at").and_then(Value::as_str).and_then(|at| at.parse().ok());
        let Some(at) = at else { return };
        match kind {
            LeafKind::Batch => self.batches.extend(BatchFact::read(&body, at)),
            LeafKind::PlanChanged => {
                let terms = serde_json::from_value::<Terms>(body.clone()).ok();
                self.terms.extend(terms.filter(|terms| terms.plan == self.plan).map(|t| (at, t)));
            }
            LeafKind::DrawCommit if self.is_ours(&body) => {
                self.commitments.extend(serde_json::from_value::<Commitment>(body.clone()).ok());
            }
            LeafKind::DrawReveal if self.is_ours(&body) => self.revealed = true,
            LeafKind::PackActivated => self.activations.extend(Activation::read(&body, at)),
            _ => {}
        }
        self.last = Some((kind, body, at));
    }

    fn is_ours(&self, body: &Value) -> bool {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        text("plan") == Some(self.plan.to_string().as_str())
            && text("period") == Some(self.period.as_str())
    }

    /// What the tree says, if it is the one that `head` is signed over.
    pub(super) fn finish(self, head: TreeHead) -> Result<CutoffTree, Refusal> {
        if self.tree.count() != head.size || self.tree.root() != head.root {
            return Err(Refusal::Root(head.size));
        }
        let Some(Commitment { first, last, cutoff, .. }) = self.commitments.first().cloned() else {
            return Err(Refusal::Commitments { asked: 1, found: 0 });
        };
        let (holders, roster) = self.check_cutoff(cutoff)?;
        let terms = self.terms.iter().rev().find(|(at, _)| *at < cutoff);
        let terms = terms.ok_or(Refusal::NoPlan)?.1.clone();
        self.check_commitments(&terms, (first, last, cutoff))?;
        if self.revealed {
            return Err(Refusal::RevealedEarly);
        }
        let activations = self.activations;
        let sector = terms.sector.as_str();
        let mut batches = self.batches;
        batches.retain(|fact| {
            fact.at < cutoff && fact.pack.split_once('/').is_some_and(|(own, _)| own == sector)
        });
        for fact in &mut batches {
            if let Some(pack) = pack_in_force(&activations, fact) {
                fact.pack = pack.to_owned();
            }
        }
        let packs = activations.into_iter().filter(|activation| activation.at < cutoff);
        let packs = packs.filter_map(|a| Some((a.pack, a.digest?))).collect();
        Ok(CutoffTree {
            head,
            terms,
            period: self.period,
            first,
            last,
            commitments: self.commitments,
            packs,
            batches,
            holders,
            roster,
        })
    }

    /// The tree must end with the epoch leaf of this period, logged at the cutoff or after it.
    fn check_cutoff(&self, cutoff: Timestamp) -> Result<(Option<Hash>, Option<Stated>), Refusal> {
        match &self.last {
            Some((LeafKind::Epoch, body, at)) if self.is_ours(body) && *at >= cutoff => {
                let holders = body.get("holders").and_then(Value::as_str);
                let roster = body.get("roster").and_then(|said| Stated::deserialize(said).ok());
                Ok((holders.and_then(Hash::from_b64u), roster))
            }
            _ => Err(Refusal::Cutoff),
        }
    }

    fn check_commitments(
        &self,
        terms: &Terms,
        (first, last, cutoff): (Day, Day, Timestamp),
    ) -> Result<(), Refusal> {
        let mut names: Vec<&str> =
            self.commitments.iter().map(|commitment| commitment.contributor.as_str()).collect();
        names.sort_unstable();
        let found = names.len();
        names.dedup();
        if names.len() != found {
            return Err(Refusal::CommittedTwice);
        }
        if u32::try_from(found).ok() != Some(terms.contributors) {
            return Err(Refusal::Commitments { asked: terms.contributors, found });
        }
        for commitment in &self.commitments {
            if commitment.at >= last.end() || cutoff < last.end() {
                return Err(Refusal::CommittedLate);
            }
            if (commitment.first, commitment.last, commitment.cutoff) != (first, last, cutoff) {
                return Err(Refusal::Cutoff);
            }
        }
        Ok(())
    }
}

/// What one holder has in the tree.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) frame: Frame,
    /// Places in [`CutoffTree::batches`], by stream and first number.
    batches: Vec<usize>,
    /// The latest amendment of a number.
    amended: HashMap<(StreamId, u64), u64>,
    /// Whose it is together, if it is more than one holder's.
    members: Vec<Member>,
}

/// One holder of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) holder: HolderId,
    /// Its records in the frame.
    pub(super) records: u64,
}

impl Holding {
    /// The holders of a pool; none for a single one.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// How many holders it is of together; `None` for a single one.
    pub(super) fn pooled(&self) -> Option<i64> {
        let count = i64::try_from(self.members.len()).ok();
        count.filter(|count| *count > 0)
    }
}

/// One drawn record, with the place of what is judged: its latest amendment, or itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// Its place in draw order, from 0.
    pub(super) ordinal: u64,
    /// Its place in the frame, from 0.
    pub(super) place: u64,
    pub(super) stream: StreamId,
    pub(super) number: u64,
    /// The number that is opened.
    pub(super) judged: u64,
    /// Where that number stands, in [`CutoffTree::batches`].
    pub(super) batch: usize,
    /// Its line in the batch, from 0.
    pub(super) line: u32,
}

impl CutoffTree {
    /// What each holder has in the tree. Streams of `foreign` belong to another department.
    ///
    /// # Errors
    ///
    /// [`FrameError`] for numbers that no frame can hold.
    pub(super) fn holdings(
        &self,
        foreign: impl Fn(HolderId, StreamId) -> bool,
    ) -> Result<BTreeMap<HolderId, Holding>, FrameError> {
        let mut own: BTreeMap<HolderId, Vec<usize>> = BTreeMap::new();
        for (at, fact) in self.batches.iter().enumerate() {
            if !foreign(fact.holder, fact.stream) {
                own.entry(fact.holder).or_default().push(at);
            }
        }
        own.into_iter().map(|(holder, batches)| Ok((holder, self.holding(batches)?))).collect()
    }

    fn holding(&self, mut batches: Vec<usize>) -> Result<Holding, FrameError> {
        batches.sort_by_key(|at| (self.batches[*at].stream, self.batches[*at].first, *at));
        let facts = || batches.iter().map(|at| &self.batches[*at]);
        let in_period = facts().filter(|fact| self.first <= fact.day && fact.day <= self.last);
        let frame = Frame::new(in_period.map(|fact| Interval {
            stream: fact.stream.to_string(),
            first: fact.first,
            last: fact.last(),
        }))?;
        let mut amended = HashMap::new();
        for fact in facts() {
            for (new, old) in &fact.amends {
                let latest = amended.entry((fact.stream, *old)).or_insert(*new);
                *latest = (*latest).max(*new);
            }
        }
        Ok(Holding { frame, batches, amended, members: Vec::new() })
    }

    /// The holding of a holder of whom the tree has nothing.
    pub(super) fn nothing() -> Holding {
        Holding {
            frame: Frame::default(),
            batches: Vec::new(),
            amended: HashMap::new(),
            members: Vec::new(),
        }
    }

    /// What several holders have in the tree, as one population.
    ///
    /// # Errors
    ///
    /// [`FrameError`] for more numbers than a frame can hold.
    pub(super) fn pool(&self, of: &[(HolderId, &Holding)]) -> Result<Holding, FrameError> {
        let batches = of.iter().flat_map(|(_, own)| own.batches.iter().copied()).collect();
        let members =
            of.iter().map(|(holder, own)| Member { holder: *holder, records: own.frame.size() });
        Ok(Holding { members: members.collect(), ..self.holding(batches)? })
    }

    /// The rule packs of a holder's records in the period, sorted.
    pub(super) fn packs_of(&self, holding: &Holding) -> Vec<String> {
        let packs: BTreeSet<String> =
            self.in_period(holding).map(|fact| fact.pack.clone()).collect();
        packs.into_iter().collect()
    }

    /// How a holder's records in the period were submitted; sealed where there are none.
    pub(super) fn modes_of(&self, holding: &Holding) -> Modes {
        let has = |mode| self.in_period(holding).any(|fact| fact.mode == mode);
        match (has(Mode::Sealed), has(Mode::Attested)) {
            (true, true) => Modes::Both,
            (false, true) => Modes::Attested,
            (_, false) => Modes::Sealed,
        }
    }

    fn in_period(&self, holding: &Holding) -> impl Iterator<Item = &BatchFact> {
        let facts = holding.batches.iter().map(|at| &self.batches[*at]);
        facts.filter(|fact| self.first <= fact.day && fact.day <= self.last)
    }

    /// The seed of a holder's draw.
    pub(super) fn seed(&self, nonces: &[draw::Nonce], holder: HolderId, frame: &Frame) -> Seed {
        self.inputs(nonces).records(&holder.to_string(), &frame.hash())
    }

    /// What decides every draw of the period.
    pub(super) fn inputs<'a>(&'a self, nonces: &'a [draw::Nonce]) -> draw::Inputs<'a> {
        draw::Inputs { nonces, root: &self.head.root.0, period: &self.period, beacon: b"" }
    }

    /// The first `count` records of a draw, in draw order.
    pub(super) fn drawn(&self, holding: &Holding, seed: Seed, count: usize) -> Vec<Drawn> {
        let places = draw::Draw::new(seed, holding.frame.size()).take(count);
        (0..).zip(places).filter_map(|(ordinal, at)| self.record(holding, ordinal, at)).collect()
    }

    fn record(&self, holding: &Holding, ordinal: u64, place: u64) -> Option<Drawn> {
        let (stream, number) = holding.frame.locate(place)?;
        let stream: StreamId = stream.parse().ok()?;
        let mut judged = number;
        // An amendment has a higher number than what it corrects, so this ends.
        while let Some(newer) = holding.amended.get(&(stream, judged)) {
            if *newer <= judged || self.batch_with(holding, stream, *newer).is_none() {
                break;
            }
            judged = *newer;
        }
        let batch = self.batch_with(holding, stream, judged)?;
        let line = u32::try_from(judged - self.batches[batch].first).ok()?;
        Some(Drawn { ordinal, place, stream, number, judged, batch, line })
    }

    /// The batch that holds a number of a stream.
    fn batch_with(&self, holding: &Holding, stream: StreamId, number: u64) -> Option<usize> {
        let behind = holding.batches.partition_point(|at| {
            let fact = &self.batches[*at];
            (fact.stream, fact.first) <= (stream, number)
        });
        let at = *holding.batches.get(behind.checked_sub(1)?)?;
        let fact = &self.batches[at];
        (fact.stream == stream && (fact.first..=fact.last()).contains(&number)).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::foundation::ids::Id as _;

    fn activated(at: &str, from: &str, pack: &str) -> Activation {
        let sector = pack.split_once('/').unwrap().0;
        let body = json!({ "sector": sector, "from": from, "pack": pack, "digest": "x" });
        Activation::read(&body, at.parse().unwrap()).unwrap()
    }

    fn batch(at: &str, day: &str, pack: &str) -> BatchFact {
        BatchFact {
            at: at.parse().unwrap(),
            batch: BatchId::from_uuid(uuid::Uuid::nil()),
            holder: HolderId::from_uuid(uuid::Uuid::nil()),
            stream: StreamId::from_uuid(uuid::Uuid::nil()),
            day: day.parse().unwrap(),
            mode: Mode::Sealed,
            pack: pack.to_owned(),
            first: 1,
            count: 1,
            records: Hash([0; 32]),
            amends: Vec::new(),
        }
    }

    #[test]
    fn a_record_is_judged_by_the_pack_in_force_on_its_day() {
        let activations = [
            activated("2026-01-01T00:00:00Z", "2026-01-01", "lodging/2026.1"),
            activated("2026-01-01T00:00:00Z", "2026-01-01", "courier/2026.1"),
            activated("2026-02-20T00:00:00Z", "2026-03-01", "lodging/2026.2"),
        ];
        let pack_of = |day: &str, stated: &str| {
            let fact = batch("2026-03-05T00:00:00Z", day, stated);
            pack_in_force(&activations, &fact).map(str::to_owned)
        };
        let said = Some("lodging/2026.1".to_owned());
        assert_eq!(pack_of("2026-02-28", "lodging/2026.1"), said, "the day before");
        assert_eq!(pack_of("2026-02-28", "lodging/2026.2"), said, "whatever the batch says");
        assert_eq!(pack_of("2026-03-01", "lodging/2026.1").as_deref(), Some("lodging/2026.2"));
        assert_eq!(pack_of("2025-12-31", "lodging/2026.1"), None);
        assert_eq!(pack_of("2026-03-01", "courier/2026.1").as_deref(), Some("courier/2026.1"));
    }

    #[test]
    fn a_pack_for_past_days_judges_nothing_that_was_there_before() {
        let activations = [
            activated("2026-01-01T00:00:00Z", "2026-01-01", "lodging/2026.1"),
            activated("2026-03-10T00:00:00Z", "2026-03-01", "lodging/2026.2"),
        ];
        let pack_of = |at: &str| {
            pack_in_force(&activations, &batch(at, "2026-03-02", "lodging/2026.1")).unwrap()
        };
        assert_eq!(pack_of("2026-03-02T20:00:00Z"), "lodging/2026.1");
        assert_eq!(pack_of("2026-03-11T00:00:00Z"), "lodging/2026.2");
    }
}
