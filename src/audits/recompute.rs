//! Repeating a revealed draw from what is public: what a verifier runs.

use super::draw::{Draw, Frame, Hash, Inputs, Nonce, order};

/// The records of a draw: stream and number, in draw order, at most `count`.
///
/// `nonces` stand in the order of their `draw_commit` leaves; `root` is that of the checkpoint at
/// the cutoff; `holder` and `period` are texts as they stand in the log.
pub fn recompute(
    nonces: &[Nonce],
    root: &Hash,
    holder: &str,
    period: &str,
    frame: &Frame,
    count: usize,
) -> Vec<(String, u64)> {
    let inputs = Inputs { nonces, root, period, beacon: b"" };
    let seed = inputs.records(holder, &frame.hash());
    Draw::new(seed, frame.size())
        .take(count)
        .filter_map(|place| frame.locate(place))
        .map(|(stream, number)| (stream.to_owned(), number))
        .collect()
}

/// The holders of a class that are audited in a period, in draw order: the first `count`.
///
/// `class` is `A` to `D` of a plan with chances, or the plan's id where it knows no classes;
/// `holders` are the ids that the `epoch` leaf states for it, in any order.
pub fn recompute_holders(
    nonces: &[Nonce],
    root: &Hash,
    class: &str,
    period: &str,
    holders: &[String],
    count: usize,
) -> Vec<String> {
    let inputs = Inputs { nonces, root, period, beacon: b"" };
    let mut order = order(inputs.holders(class, holders), holders);
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audits::draw::Interval;

    fn frame(last: u64) -> Frame {
        Frame::new([Interval { stream: "a".into(), first: 1, last }]).unwrap()
    }

    #[test]
    fn a_draw_changes_with_everything_that_goes_into_it() {
        let (nonce, root) = ([1; 32], [2; 32]);
        let base = recompute(&[nonce], &root, "holder", "2026-03", &frame(500), 12);
        assert_eq!(base.len(), 12);
        assert_eq!(base, recompute(&[nonce], &root, "holder", "2026-03", &frame(500), 12));
        for other in [
            recompute(&[[3; 32]], &root, "holder", "2026-03", &frame(500), 12),
            recompute(&[nonce, nonce], &root, "holder", "2026-03", &frame(500), 12),
            recompute(&[nonce], &[3; 32], "holder", "2026-03", &frame(500), 12),
            recompute(&[nonce], &root, "other", "2026-03", &frame(500), 12),
            recompute(&[nonce], &root, "holder", "2026-04", &frame(500), 12),
            recompute(&[nonce], &root, "holder", "2026-03", &frame(501), 12),
        ] {
            assert_ne!(base, other);
        }
    }
}
