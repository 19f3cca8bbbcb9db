//! `audit-draw/1`: a draw that everybody can repeat (sampling.md §5).
//!
//! Nonces that were committed to before the period closed, the log's root at the cutoff and the
//! frame of received numbers give a seed; the seed gives the order in which records are opened.
//! The same construction draws duty holders of a class and the inspectors of an audit. Nothing here
//! reads a clock, a random source or a table, so a verifier runs the very same code.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The name of this construction, as it stands in plans and leaves.
pub const PROFILE: &str = "audit-draw/1";

/// A 32-byte random value that a contributor commits to before the period closes, and reveals
/// after its audits are closed.
pub type Nonce = [u8; 32];

/// A SHA-256 value: a commitment, a root, a frame hash.
pub type Hash = [u8; 32];

fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Appends LP(x): the length in four bytes, big-endian, then x.
fn put_lp(out: &mut Vec<u8>, bytes: &[u8]) {
    #[expect(clippy::expect_used, reason = "ids, nonces and hashes are far below 4 GiB")]
    let length = u32::try_from(bytes.len()).expect("length fits 32 bits");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a length as U64: eight bytes, big-endian.
fn put_count(out: &mut Vec<u8>, count: usize) {
    #[expect(clippy::expect_used, reason = "no supported platform has wider addresses")]
    let count = u64::try_from(count).expect("count fits 64 bits");
    out.extend_from_slice(&count.to_be_bytes());
}

pub(super) fn commit_message(nonce: &Nonce) -> Vec<u8> {
    let mut out = Vec::with_capacity(60);
    put_lp(&mut out, b"audit-draw/1/commit");
    put_lp(&mut out, nonce);
    out
}

/// The commitment C = H(LP("audit-draw/1/commit") ‖ LP(nonce)) that is logged before the period
/// closes (sampling.md §5.1 step 1).
pub fn commit(nonce: &Nonce) -> Hash {
    sha256(&commit_message(nonce))
}

/// Consecutive record numbers of one stream; both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Stream id, in the text form in which it enters the hashes.
    pub stream: String,
    /// The lowest number.
    pub first: u64,
    /// The highest number.
    pub last: u64,
}

/// Why intervals do not make a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// An interval ends before it begins.
    #[error("interval {first}..{last} of stream {stream} ends before it begins")]
    Reversed {
        /// Stream id of the interval.
        stream: String,
        /// Its first number.
        first: u64,
        /// Its last number.
        last: u64,
    },
    /// More records than 64 bits can count.
    #[error("the frame holds more than 2^64 - 1 records")]
    TooLarge,
}

/// The population of a draw: received numbers, sorted and merged (sampling.md §5.1 step 3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    intervals: Vec<Interval>,
    /// For each interval, the number of records up to and including it.
    ends: Vec<u64>,
}

impl Frame {
    /// Sorts by (stream id bytes, first) and merges what overlaps or touches within a stream.
    ///
    /// # Errors
    /// [`FrameError`] when an interval is reversed or the total does not fit 64 bits.
    pub fn new(collected: impl IntoIterator<Item = Interval>) -> Result<Self, FrameError> {
        let mut sorted: Vec<Interval> = collected.into_iter().collect();
        if let Some(bad) = sorted.iter().find(|interval| interval.last < interval.first) {
            let Interval { stream, first, last } = bad.clone();
            return Err(FrameError::Reversed { stream, first, last });
        }
        sorted.sort_unstable();
        let mut intervals: Vec<Interval> = Vec::new();
        for next in sorted {
            match intervals.last_mut() {
                Some(open)
                    if open.stream == next.stream && next.first <= open.last.saturating_add(1) =>
                {
                    open.last = open.last.max(next.last);
                }
                _ => intervals.push(next),
            }
        }
        let mut ends = Vec::with_capacity(intervals.len());
        let mut total = 0u64;
        for interval in &intervals {
            total = (interval.last - interval.first)
                .checked_add(1)
                .and_then(|length| total.checked_add(length))
                .ok_or(FrameError::TooLarge)?;
            ends.push(total);
        }
        Ok(Self { intervals, ends })
    }

    /// The intervals, sorted and merged.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// N, the number of records in the frame.
    pub fn size(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The bytes that are hashed: U64(count), then LP(stream) ‖ U64(first) ‖ U64(last) of each.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 40 * self.intervals.len());
        put_count(&mut out, self.intervals.len());
        for interval in &self.intervals {
            put_lp(&mut out, interval.stream.as_bytes());
            out.extend_from_slice(&interval.first.to_be_bytes());
            out.extend_from_slice(&interval.last.to_be_bytes());
        }
        out
    }

    /// H(bytes): the list digest that stands in reports and binds the seed to this frame.
    pub fn hash(&self) -> Hash {
        sha256(&self.bytes())
    }

    /// The stream and record number at a 0-based position, or `None` beyond the frame.
    pub fn locate(&self, position: u64) -> Option<(&str, u64)> {
        let at = self.ends.partition_point(|end| *end <= position);
        let interval = self.intervals.get(at)?;
        let before = at.checked_sub(1).map_or(0, |previous| self.ends[previous]);
        Some((&interval.stream, interval.first + (position - before)))
    }
}

/// The id of a pool, which stands in the holder's place in its draw: the first 16 bytes of a hash
/// over plan, period and place, with the version and variant of a UUIDv8. It follows from what is
/// fixed before the cutoff, so that nobody can try ids until one draws what he likes.
pub fn pool_id(plan: &str, period: &str, place: u64) -> Uuid {
    let mut out = Vec::with_capacity(128);
    put_lp(&mut out, b"audit-draw/1/pool");
    put_lp(&mut out, plan.as_bytes());
    put_lp(&mut out, period.as_bytes());
    out.extend(place.to_be_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&sha256(&out)[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What decides every draw of a period beside its own subject (sampling.md §5.1 steps 1, 2, 4).
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Revealed nonces, in the order of their `draw_commit` leaves.
    pub nonces: &'a [Nonce],
    /// Root hash of the checkpoint at the cutoff.
    pub root: &'a Hash,
    /// The audited period, as text.
    pub period: &'a str,
    /// Output of the beacon round named beforehand; empty if none is used.
    pub beacon: &'a [u8],
}

impl Inputs<'_> {
    pub(super) fn message(&self, label: &str, subject: &str, extra: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        put_lp(&mut out, label.as_bytes());
        put_count(&mut out, self.nonces.len());
        for nonce in self.nonces {
            put_lp(&mut out, nonce);
        }
        put_lp(&mut out, self.root);
        put_lp(&mut out, subject.as_bytes());
        put_lp(&mut out, self.period.as_bytes());
        put_lp(&mut out, extra);
        put_lp(&mut out, self.beacon);
        out
    }

    /// The seed of a records draw; for a pool, the pool's id stands in place of the holder's.
    pub fn records(&self, holder: &str, frame_hash: &Hash) -> Seed {
        Seed(sha256(&self.message("audit-draw/1/seed", holder, frame_hash)))
    }

    /// The seed that orders the duty holders of a class (§5.5).
    pub fn holders<S: AsRef<str>>(&self, class: &str, holders: &[S]) -> Seed {
        Seed(sha256(&self.message("audit-draw/1/holders", class, &ids_hash(holders))))
    }

    /// The seed that orders the inspectors for a holder; the whole roster and the conflict list
    /// enter it, so that altering either is visible (§5.5).
    pub fn assignment<S: AsRef<str>>(&self, holder: &str, roster: &[S], conflicts: &[S]) -> Seed {
        let extra = [ids_hash(roster), ids_hash(conflicts)].concat();
        Seed(sha256(&self.message("audit-draw/1/assign", holder, &extra)))
    }
}

/// The 32 bytes from which a draw unfolds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub Hash);

impl Seed {
    pub(super) fn index_message(&self, step: u64, attempt: u32) -> [u8; 66] {
        const LABEL: &[u8; 22] = b"\0\0\0\x12audit-draw/1/index";
        let mut out = [0u8; 66];
        out[..22].copy_from_slice(LABEL);
        out[22..54].copy_from_slice(&self.0);
        out[54..62].copy_from_slice(&step.to_be_bytes());
        out[62..].copy_from_slice(&attempt.to_be_bytes());
        out
    }

    /// The first eight bytes, big-endian, of the hash of one index message.
    pub(super) fn index(&self, step: u64, attempt: u32) -> u64 {
        let digest = sha256(&self.index_message(step, attempt));
        let mut head = [0u8; 8];
        head.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(head)
    }

    /// H(S ‖ holder): holders of a drawn class get their inspectors in ascending order of this
    /// value, so that workload caps favour nobody (§5.5).
    pub fn turn(&self, holder: &str) -> Hash {
        sha256(&[&self.0, holder.as_bytes()].concat())
    }
}

/// The order of a draw without replacement from `0..size`, position after position.
///
/// A virtual Fisher–Yates shuffle: exactly uniform given the hash, time and memory in proportion to
/// what is drawn, whatever the size. Taking more from the same iterator, or drawing again and taking
/// more, extends what was drawn before. It ends after `size` positions.
#[derive(Debug, Clone)]
pub struct Draw {
    seed: Seed,
    size: u64,
    step: u64,
    moved: HashMap<u64, u64>,
}

impl Draw {
    /// A draw from `size` records; an empty frame gives an empty draw.
    pub fn new(seed: Seed, size: u64) -> Self {
        Self { seed, size, step: 0, moved: HashMap::new() }
    }

    /// The next position and how many hash values were rejected on the way to it.
    pub(super) fn pick(&mut self) -> Option<(u64, u32)> {
        let left = self.size.checked_sub(self.step).filter(|left| *left > 0)?;
        let step = self.step;
        // 2^64 mod left, without leaving 64 bits; values in that last partial run are rejected.
        let partial = (u64::MAX % left + 1) % left;
        let mut attempt = 0u32;
        let value = loop {
            let value = self.seed.index(step, attempt);
            if value <= u64::MAX - partial {
                break value;
            }
            attempt = attempt.wrapping_add(1);
        };
        let target = step + value % left;
        let drawn = self.moved.get(&target).copied().unwrap_or(target);
        let displaced = self.moved.remove(&step).unwrap_or(step);
        if target != step {
            self.moved.insert(target, displaced);
        }
        self.step += 1;
        Some((drawn, attempt))
    }
}

impl Iterator for Draw {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.pick().map(|(position, _)| position)
    }
}

fn sorted<S: AsRef<str>>(ids: &[S]) -> Vec<&str> {
    let mut sorted: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    sorted
}

/// H(ids(list)): the digest of a list of ids, whatever their order (§5.5).
pub fn ids_hash<S: AsRef<str>>(ids: &[S]) -> Hash {
    let mut out = Vec::with_capacity(8 + 40 * ids.len());
    put_count(&mut out, ids.len());
    for id in sorted(ids) {
        put_lp(&mut out, id.as_bytes());
    }
    sha256(&out)
}

/// The roster without the recused, sorted.
pub fn eligible<S: AsRef<str>>(roster: &[S], conflicts: &[S]) -> Vec<String> {
    let recused = sorted(conflicts);
    let free = sorted(roster).into_iter().filter(|id| recused.binary_search(id).is_err());
    free.map(str::to_owned).collect()
}

/// All ids in draw order: audited are the first k holders of a class, the team is the first two
/// inspectors.
pub fn order<S: AsRef<str>>(seed: Seed, ids: &[S]) -> Vec<String> {
    let sorted = sorted(ids);
    let size = u64::try_from(sorted.len()).unwrap_or(u64::MAX);
    Draw::new(seed, size)
        .filter_map(|position| usize::try_from(position).ok())
        .filter_map(|at| sorted.get(at).copied().map(str::to_owned))
        .collect()
}

/// The inspectors of one audit (§5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The two who act.
    pub members: [String; 2],
    /// The others, in draw order: a later recusal takes the next one, nobody chooses.
    pub reserves: Vec<String>,
}

/// The team drawn from those eligible; `None` when fewer than two are (the roster must then be
/// widened and the reason published: Administrative Penalty Law article 42 asks for two officers).
pub fn team<S: AsRef<str>>(seed: Seed, eligible: &[S]) -> Option<Team> {
    let mut drawn = order(seed, eligible).into_iter();
    let members = [drawn.next()?, drawn.next()?];
    Some(Team { members, reserves: drawn.collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(stream: &str, first: u64, last: u64) -> Interval {
        Interval { stream: stream.into(), first, last }
    }

    fn seed_of(number: u64) -> Seed {
        Seed(sha256(&number.to_be_bytes()))
    }

    #[test]
    fn touching_and_overlapping_intervals_of_one_stream_merge() {
        let frame = Frame::new([
            interval("b", 1, 5),
            interval("a", 6, 9),
            interval("a", 1, 5),
            interval("a", 4, 7),
            interval("a", 11, 11),
        ])
        .unwrap();
        let merged = [interval("a", 1, 9), interval("a", 11, 11), interval("b", 1, 5)];
        assert_eq!(frame.intervals(), merged);
        assert_eq!(frame.size(), 15);
        assert_eq!(frame.locate(8), Some(("a", 9)));
        assert_eq!(frame.locate(9), Some(("a", 11)));
        assert_eq!(frame.locate(10), Some(("b", 1)));
        assert_eq!(frame.locate(15), None);
    }

    #[test]
    fn a_frame_refuses_reversed_intervals_and_totals_beyond_64_bits() {
        let reversed = Frame::new([interval("a", 5, 4)]);
        assert!(matches!(reversed, Err(FrameError::Reversed { first: 5, last: 4, .. })));
        assert_eq!(Frame::new([interval("a", 0, u64::MAX)]), Err(FrameError::TooLarge));
        let halves = [interval("a", 1, u64::MAX), interval("b", 1, 1)];
        assert_eq!(Frame::new(halves), Err(FrameError::TooLarge));
        assert_eq!(Frame::new([interval("a", 1, u64::MAX)]).unwrap().size(), u64::MAX);
    }

    #[test]
    fn an_empty_frame_has_no_draw() {
        let frame = Frame::new([]).unwrap();
        assert_eq!(frame.size(), 0);
        assert_eq!(Draw::new(seed_of(1), frame.size()).next(), None);
    }

    #[test]
    fn the_largest_frame_can_be_drawn_from() {
        let drawn: Vec<u64> = Draw::new(seed_of(3), u64::MAX).take(100).collect();
        let distinct: std::collections::BTreeSet<u64> = drawn.iter().copied().collect();
        assert_eq!(distinct.len(), 100);
    }

    #[test]
    fn fewer_than_two_eligible_make_no_team() {
        assert_eq!(team(seed_of(1), &["I01"]), None);
        assert_eq!(team(seed_of(1), &["I01", "I02", "I03"]).unwrap().reserves.len(), 1);
    }

    #[test]
    fn an_altered_conflict_list_alters_the_seed_even_if_nobody_is_removed() {
        let inputs = Inputs { nonces: &[[7; 32]], root: &[1; 32], period: "2031-02", beacon: b"" };
        let roster = ["I01", "I02"];
        let without = inputs.assignment("H", &roster, &[]);
        assert_ne!(without, inputs.assignment("H", &roster, &["I09"]));
        assert_eq!(without, inputs.assignment("H", &["I02", "I01"], &[]));
    }

    /// All 210 ordered outcomes of three from seven, over 20,000 seeds. With 209 degrees of freedom
    /// chi-square exceeds 315 once in a million.
    #[test]
    fn every_ordered_outcome_is_equally_likely() {
        let mut seen: HashMap<Vec<u64>, u32> = HashMap::new();
        for number in 0..20_000u64 {
            *seen.entry(Draw::new(seed_of(number), 7).take(3).collect()).or_default() += 1;
        }
        assert_eq!(seen.len(), 210);
        let expected = 20_000.0 / 210.0;
        let chi: f64 = seen.values().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        assert!((110.0..315.0).contains(&chi), "chi-square {chi}");
    }

    proptest! {
        #[test]
        fn a_census_is_a_permutation(size in 0u64..400, number: u64) {
            let mut all: Vec<u64> = Draw::new(seed_of(number), size).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..size).collect::<Vec<_>>());
        }

        #[test]
        fn one_more_extends_the_draw(size in 1u64..u64::MAX, number: u64, k in 0usize..40) {
            let short: Vec<u64> = Draw::new(seed_of(number), size).take(k).collect();
            let long: Vec<u64> = Draw::new(seed_of(number), size).take(k + 1).collect();
            prop_assert!(long.iter().all(|position| *position < size));
            prop_assert_eq!(&long[..short.len()], &short[..]);
        }

        #[test]
        fn every_position_locates_one_record_inside_the_frame(
            raw in prop::collection::vec((0u8..4, 1u64..200, 0u64..30), 0..20)
        ) {
            let collected: Vec<Interval> = raw
                .iter()
                .map(|(stream, first, more)| interval(&format!("S{stream}"), *first, first + more))
                .collect();
            let mut plain = std::collections::BTreeSet::new();
            for piece in &collected {
                plain.extend((piece.first..=piece.last).map(|n| (piece.stream.clone(), n)));
            }
            let frame = Frame::new(collected).unwrap();
            let located: Vec<(String, u64)> = (0..frame.size())
                .map(|p| frame.locate(p).map(|(s, n)| (s.to_owned(), n)).unwrap())
                .collect();
            prop_assert_eq!(located, plain.into_iter().collect::<Vec<_>>());
            prop_assert!(frame.locate(frame.size()).is_none());
        }
    }
}
