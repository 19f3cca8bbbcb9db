//! Threads that share one source and report in its order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Unusable;
use super::source::{Piece, Source};

struct Intake<S> {
    source: S,
    /// The number of the next piece.
    next: u64,
    ended: bool,
    fault: Option<Unusable>,
}

/// A thread may finish so many pieces before the one whose turn it is; then it waits.
const AHEAD: u64 = 16;

struct Outlet<'a, T> {
    report: &'a mut (dyn FnMut(T) -> Result<(), Unusable> + Send),
    /// The number of the piece that is reported next.
    turn: u64,
    /// What is known of later pieces.
    early: BTreeMap<u64, T>,
    stopped: bool,
    fault: Option<Unusable>,
}

impl<T> Outlet<'_, T> {
    /// Reports piece `number` and those after it that are known, or keeps it until its turn.
    fn take(&mut self, number: u64, told: T) {
        self.early.insert(number, told);
        while let Some(told) = self.early.remove(&self.turn)
            && !self.stopped
        {
            if let Err(fault) = (self.report)(told) {
                self.fault = Some(fault);
                self.stopped = true;
            }
            self.turn += 1;
        }
    }
}

struct Desk<'a, S, T> {
    intake: Mutex<Intake<S>>,
    outlet: Mutex<Outlet<'a, T>>,
    turned: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the others go on if this thread panics before its turn.
struct Leaving<'d, 'a, S, T>(&'d Desk<'a, S, T>);

impl<S, T> Drop for Leaving<'_, '_, S, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.outlet).stopped = true;
            self.0.turned.notify_all();
        }
    }
}

/// Judges every piece of `source` on `count` threads and hands what `judge` says to `report`, in
/// the order of the pieces.
///
/// # Errors
///
/// The fault of the report, or else that of the source; what was read before it has been reported.
pub(super) fn run<S: Source + Send, T: Send>(
    source: S,
    count: NonZero<usize>,
    judge: impl Fn(&Piece) -> T + Sync,
    report: &mut (dyn FnMut(T) -> Result<(), Unusable> + Send),
) -> Result<(), Unusable> {
    let desk = Desk {
        intake: Mutex::new(Intake { source, next: 0, ended: false, fault: None }),
        outlet: Mutex::new(Outlet {
            report,
            turn: 0,
            early: BTreeMap::new(),
            stopped: false,
            fault: None,
        }),
        turned: Condvar::new(),
    };
    thread::scope(|scope| {
        for _ in 1..count.get() {
            scope.spawn(|| work(&desk, &judge));
        }
        work(&desk, &judge);
    });
    let outlet = desk.outlet.into_inner().unwrap_or_else(PoisonError::into_inner);
    let intake = desk.intake.into_inner().unwrap_or_else(PoisonError::into_inner);
    outlet.fault.or(intake.fault).map_or(Ok(()), Err)
}

fn work<S: Source, T>(desk: &Desk<'_, S, T>, judge: &impl Fn(&Piece) -> T) {
    let leaving = Leaving(desk);
    while let Some((number, piece)) = take(&desk.intake) {
        let told = judge(&piece);
        drop(piece);
        let outlet = lock(&desk.outlet);
        let far = |outlet: &mut Outlet<'_, T>| number >= outlet.turn + AHEAD && !outlet.stopped;
        let waited = desk.turned.wait_while(outlet, far);
        let mut outlet = waited.unwrap_or_else(PoisonError::into_inner);
        outlet.take(number, told);
        let stopped = outlet.stopped;
        drop(outlet);
        desk.turned.notify_all();
        if stopped {
            break;
        }
    }
    drop(leaving);
}

fn take<S: Source>(intake: &Mutex<Intake<S>>) -> Option<(u64, Piece)> {
    let mut intake = lock(intake);
    if intake.ended {
        return None;
    }
    match intake.source.next() {
        Ok(Some(piece)) => {
            intake.next += 1;
            return Some((intake.next - 1, piece));
        }
        Ok(None) => {}
        Err(fault) => intake.fault = Some(fault),
    }
    intake.ended = true;
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::check::source::Records;

    /// Pieces of one line each; the last is a fault.
    struct Counted(u64, u64);

    impl Source for Counted {
        fn next(&mut self) -> Result<Option<Piece>, Unusable> {
            self.0 += 1;
            if self.0 > self.1 {
                return Err(Unusable::Kind("x".to_owned()));
            }
            Ok(Some(Piece { records: Records::Lines(self.0, vec![b'x']), bytes: 1 }))
        }
    }

    fn first(piece: &Piece) -> u64 {
        let mut first = 0;
        piece.each(|line, _| first = line);
        // Some pieces take longer than others.
        (0..(first % 7) * 1_000).for_each(|n| {
            std::hint::black_box(n);
        });
        first
    }

    #[test]
    fn what_many_threads_say_is_reported_in_order_and_the_fault_comes_last() {
        for count in [1, 2, 5] {
            let mut told = Vec::new();
            let run = run(Counted(0, 500), NonZero::new(count).unwrap(), first, &mut |line| {
                told.push(line);
                Ok(())
            });
            assert!(matches!(run, Err(Unusable::Kind(_))));
            assert_eq!(told, (1..=500).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn a_report_that_fails_ends_the_work() {
        let mut told = 0;
        let run = run(Counted(0, u64::MAX), NonZero::new(3).unwrap(), first, &mut |line| {
            told = line;
            if line == 40 { Err(Unusable::Summary) } else { Ok(()) }
        });
        assert!(matches!(run, Err(Unusable::Summary)));
        assert_eq!(told, 40);
    }
}
