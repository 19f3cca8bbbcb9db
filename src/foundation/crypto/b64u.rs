//! Unpadded, canonical base64url (RFC 4648, section 5): one text per value, one value per text.

use base64ct::{Base64UrlUnpadded, Encoding};

/// The base64url text of `bytes`, without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes that `text` stands for, or `None` where it is padded, not canonical or not base64url.
#[must_use]
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let text = text.as_ref();
    let mut bytes = vec![0; decoded_len(text.len())?];
    Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
    Some(bytes)
}

/// The `N` bytes that `text` stands for, or `None` where it does not stand for exactly `N` bytes.
#[must_use]
pub fn decode_array<const N: usize>(text: impl AsRef<[u8]>) -> Option<[u8; N]> {
    let text = text.as_ref();
    if decoded_len(text.len())? != N {
        return None;
    }
    let mut bytes = [0; N];
    Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
    Some(bytes)
}

/// The bytes that `text` stands for, at the start of `buffer`; `None` where they do not fit or
/// [`decode`] would refuse the text.
///
/// By table, so several times as fast as [`decode`] and not in constant time: for public texts.
#[must_use]
pub fn decode_public<'a>(text: &[u8], buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let bytes = buffer.get_mut(..decoded_len(text.len())?)?;
    let (fours, rest) = text.as_chunks::<4>();
    let (threes, tail) = bytes.as_chunks_mut::<3>();
    let mut foreign = 0;
    for (four, three) in fours.iter().zip(threes) {
        let [a, b, c, d] = four.map(|character| SEXTETS[usize::from(character)]);
        foreign |= a | b | c | d;
        *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    if !rest.is_empty() {
        let sextet = |at: usize| rest.get(at).map_or(0, |&c| SEXTETS[usize::from(c)]);
        let [a, b, c] = [sextet(0), sextet(1), sextet(2)];
        let last = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6];
        // The bits beyond the last byte must be zero.
        foreign |= a | b | c | if last.get(tail.len()) == Some(&0) { 0 } else { FOREIGN };
        tail.copy_from_slice(&last[..tail.len()]);
    }
    (foreign & FOREIGN == 0).then_some(bytes)
}

/// What [`decode_array`] gives, by table as [`decode_public`]: for public texts.
#[must_use]
pub fn decode_public_array<const N: usize>(text: impl AsRef<[u8]>) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = decode_public(text.as_ref(), &mut bytes)?.len();
    (length == N).then_some(bytes)
}

/// A bit that no sextet has.
const FOREIGN: u8 = 0x80;

/// What each character stands for.
#[expect(clippy::as_conversions, reason = "a character is an index; From is not const")]
const SEXTETS: [u8; 256] = {
    let mut table = [FOREIGN; 256];
    let mut character = 0u8;
    while character < 128 {
        if in_alphabet(character) {
            table[character as usize] = sextet(character);
        }
        character += 1;
    }
    table
};

/// How many bytes a text of `length` characters stands for; `None` where no text has that length.
#[must_use]
pub const fn decoded_len(length: usize) -> Option<usize> {
    match length % 4 {
        0 => Some(length / 4 * 3),
        2 => Some(length / 4 * 3 + 1),
        3 => Some(length / 4 * 3 + 2),
        _ => None,
    }
}

/// Whether `text` is canonical base64url: the alphabet only, no padding, spare bits zero.
///
/// Allocates nothing. The scan has no branch in its loop, so that the compiler can look at many
/// characters at a time; the push path runs it over every byte that comes in.
#[must_use]
pub fn is_canonical(text: &[u8]) -> bool {
    let spare_bits = match text.len() % 4 {
        0 => 0,
        2 => 0b1111,
        3 => 0b11,
        _ => return false,
    };
    let mut foreign = 0u8;
    for &character in text {
        foreign |= u8::from(!in_alphabet(character));
    }
    let last = text.last().map_or(0, |&character| sextet(character));
    foreign == 0 && last & spare_bits == 0
}

#[inline]
const fn in_alphabet(character: u8) -> bool {
    ((character | 0x20).wrapping_sub(b'a') < 26)
        | (character.wrapping_sub(b'0') < 10)
        | (character == b'-')
        | (character == b'_')
}

/// The six bits that a character of the alphabet stands for.
const fn sextet(character: u8) -> u8 {
    match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'-' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_string_comes_back() {
        for length in 0..70u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37) ^ 0xa5).collect();
            let text = encode(&bytes);
            assert!(is_canonical(text.as_bytes()));
            let mut buffer = [0; 64];
            let fits = length <= 64;
            let public = decode_public(text.as_bytes(), &mut buffer);
            assert_eq!(public, fits.then_some(bytes.as_slice()));
            assert_eq!(decode(&text), Some(bytes));
        }
    }

    #[test]
    fn padding_spare_bits_and_foreign_characters_are_refused() {
        for text in ["QQ==", "QR", "QUF", "A", "AAAAA", "QQ ", "Q+", "Q/", "AA\n", "é"] {
            assert!(!is_canonical(text.as_bytes()), "{text:?}");
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert!(is_canonical(b""));
    }

    #[test]
    fn the_fast_scan_agrees_with_the_decoder() {
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                for text in [&[first, second][..], &[b'x', first, second], &[first, b'x', second]] {
                    let decoded = decode(text);
                    assert_eq!(is_canonical(text), decoded.is_some(), "{text:?}");
                    let mut buffer = [0; 2];
                    assert_eq!(decode_public(text, &mut buffer), decoded.as_deref(), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn an_array_has_exactly_its_length() {
        assert_eq!(decode_array::<2>("AQI"), Some([1, 2]));
        assert_eq!(decode_array::<3>("AQI"), None);
        assert_eq!(decode_public_array::<2>("AQI"), Some([1, 2]));
        assert_eq!(decode_public_array::<3>("AQI"), None);
        assert_eq!(decode_public_array::<1>("AQI"), None);
    }
}
