//! Drawing 65 records from a frame of 10^9 against drawing them from one of 10^3: the cost of a
//! draw must not grow with the population. Each sample draws and locates all 65, with a new seed;
//! the two frames take turns in one process and their medians are compared.
//!
//! `--json` adds one JSON object as the last line.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::hint::black_box;
use std::time::Instant;

use chayan::audits::draw::{Draw, Frame, FrameError, Interval, Seed};

const RECORDS: usize = 65;
const SAMPLES: u16 = 2_001;
const STREAMS: u64 = 10;

/// A frame of equal streams with a hole in each, so that locating has something to search.
fn frame(size: u64) -> Result<Frame, FrameError> {
    let half = size / STREAMS / 2;
    Frame::new((0..STREAMS).flat_map(|stream| {
        [1, 2 * half + 1].map(|first| Interval {
            stream: format!("stream-{stream:04}"),
            first,
            last: first + half - 1,
        })
    }))
}

/// Nanoseconds to draw and locate all records.
fn sample(frame: &Frame, seed: Seed) -> u128 {
    let start = Instant::now();
    for position in Draw::new(seed, frame.size()).take(RECORDS) {
        black_box(frame.locate(black_box(position)));
    }
    start.elapsed().as_nanos()
}

fn median(mut nanoseconds: Vec<u128>) -> u128 {
    nanoseconds.sort_unstable();
    nanoseconds[nanoseconds.len() / 2]
}

fn main() -> Result<(), FrameError> {
    let (large, small) = (frame(1_000_000_000)?, frame(1_000)?);
    let (mut ours, mut against) = (Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        ours.push(sample(&large, Seed(seed)));
        against.push(sample(&small, Seed(seed)));
    }
    let (ours, against) = (median(ours), median(against));
    let thousandths = (ours * 1_000).div_ceil(against.max(1));
    let ratio = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    println!(
        "draw {RECORDS}: {ours} ns from {} records / {against} ns from {} records = {ratio}",
        large.size(),
        small.size(),
    );
    if std::env::args().any(|argument| argument == "--json") {
        println!(r#"{{"ours":{ours},"against":{against},"ratio":{ratio}}}"#);
    }
    Ok(())
}
