//! The businesses that attest keep their records, and disclose those that are asked for; all but
//! one.

use super::DemoError;
use super::plant::Plan;
use super::push::SealTo;
use super::records::{self, Place};
use crate::foundation::Random;
use crate::foundation::ids::StreamId;
use crate::outside::submit::{Client, Wanted, disclosure, seal_lines};

/// Lets every business that attests look at what it is asked for, and answer; gives how many records
/// were disclosed.
///
/// # Errors
///
/// [`DemoError::Refused`] for the first refusal: none is expected.
pub async fn answer(plan: &Plan, clients: &[Client], to: &SealTo) -> Result<usize, DemoError> {
    let mut disclosed = 0;
    for (at, (holder, client)) in plan.city.holders.iter().zip(clients).enumerate() {
        if holder.mode != "attested" || plan.is_silent(at) {
            continue;
        }
        for wanted in client.requests().await? {
            let records = sealed(plan, to, &wanted)?;
            if !records.is_empty() {
                client.disclose(&disclosure(wanted.draw, &records)).await?;
                disclosed += records.len();
            }
        }
    }
    Ok(disclosed)
}

/// The records of a request that were not disclosed yet, sealed.
fn sealed(
    plan: &Plan,
    to: &SealTo,
    wanted: &Wanted,
) -> Result<Vec<(StreamId, u64, String)>, DemoError> {
    let random = Random::system();
    let open = wanted.records.iter().filter(|record| record.disclosed_at.is_none());
    open.map(|record| {
        let (json, sector) = kept(plan, record.stream, record.seq).ok_or(DemoError::Plan)?;
        let (kid, key) = to.get(&sector).ok_or(DemoError::Plan)?;
        let sealed = seal_lines([json.as_slice()], kid, key, &random)?;
        let line = sealed.into_iter().next().ok_or(DemoError::Plan)?;
        Ok((record.stream, record.seq, line))
    })
    .collect()
}

/// The very bytes of a record that was committed to.
fn kept(plan: &Plan, stream: StreamId, seq: u64) -> Option<(Vec<u8>, super::city::Sector)> {
    let (_, holder, outlet) = plan.city.outlets().find(|(.., outlet)| outlet.stream == stream)?;
    let days = &plan.streams.iter().find(|own| own.stream == stream)?.days;
    let day = days.iter().find(|day| (day.first..day.first + day.count()).contains(&seq))?;
    let place = Place { city: &plan.city, sector: holder.sector, outlet, day };
    Some((records::sent(plan, place, seq).json, holder.sector))
}
