//! Judging the form of lines: the push path's own reader.

use super::{Code, Fault, MAX_HEADER, dissect, read};
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::sealing::on_curve;

/// What the push path keeps of a well-formed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The `x` coordinate of the ephemeral key.
    ///
    /// A point and its mirror image give the same shared secret, so `x` alone tells whether an
    /// ephemeral key is used twice.
    pub epk_x: [u8; 32],
    /// The commitment to the plaintext: its SHA-256 digest, as the header claims it.
    pub pc: [u8; 32],
}

/// Judges the lines of one batch, which are much alike: where the header of a line differs from
/// the last sound one in the texts of `x`, `y` and `pc` alone, it is not parsed again.
pub struct Inspector<F> {
    kid: F,
    known: Option<Known>,
}

impl<F: Fn(&str) -> Result<(), Code>> Inspector<F> {
    /// An inspector that asks `kid` whether the audit key of that name is open for sealing now;
    /// it answers [`Code::Kid`] or [`Code::KidClosed`] where it is not.
    pub const fn new(kid: F) -> Inspector<F> {
        Inspector { kid, known: None }
    }

    /// Judges the form of one record line, without its line feed.
    ///
    /// # Errors
    ///
    /// Every fault of the line. A line that is not five parts of base64url around a JSON object is
    /// not looked into any further.
    pub fn inspect(&mut self, line: &[u8]) -> Result<Inspected, Vec<Fault>> {
        let mut buffer = [0; MAX_HEADER];
        let (text, faults) = dissect(line, &mut buffer)?;
        let like = self.known.as_ref().and_then(|known| known.like(text));
        if let Some(seen) = like.filter(|_| faults.is_empty()) {
            return Ok(seen);
        }
        let (raw, mut faults) = read(text, faults)?;
        if let Some(name) = raw.kid.as_deref()
            && let Err(code) = (self.kid)(name)
        {
            faults.push(Fault::at(code, "/protected/kid"));
        }
        match (raw.point(), raw.pc()) {
            (Some((x, _)), Some(pc)) if faults.is_empty() => {
                self.known = raw.places(text).map(|places| Known::new(text, places));
                Ok(Inspected { epk_x: x, pc })
            }
            _ => Err(faults),
        }
    }
}

/// The characters of 32 bytes.
const VALUE: usize = 43;

/// A sound header, and where in it the three texts stand that differ from line to line.
struct Known {
    text: Vec<u8>,
    /// Where the texts of `x`, `y` and `pc` begin.
    places: [usize; 3],
    /// What stands around them, in order.
    around: [std::ops::Range<usize>; 4],
}

impl Known {
    fn new(text: &[u8], places: [usize; 3]) -> Known {
        let mut sorted = places;
        sorted.sort_unstable();
        let [first, second, third] = sorted;
        let around =
            [0..first, first + VALUE..second, second + VALUE..third, third + VALUE..text.len()];
        Known { text: text.to_vec(), places, around }
    }

    /// What a header says that is this one but for the three texts; `None` where it is not, or they
    /// are not sound. They are base64url, so what stands around them keeps its meaning.
    fn like(&self, text: &[u8]) -> Option<Inspected> {
        if text.len() != self.text.len() {
            return None;
        }
        let same = |range: &std::ops::Range<usize>| text[range.clone()] == self.text[range.clone()];
        if !self.around.iter().all(same) {
            return None;
        }
        let value = |place: usize| b64u::decode_public_array(&text[place..place + VALUE]);
        let [x, y, pc] = self.places;
        let (x, y) = (value(x)?, value(y)?);
        on_curve(&x, &y).then_some(Inspected { epk_x: x, pc: value(pc)? })
    }
}
