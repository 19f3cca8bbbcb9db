//! The tables, in portable types: the twin folders under `migrations/` make them, and a test
//! compares the columns of both databases with this page.

// ---- jobs ----

diesel::table! {
    jobs_runs (job, slot) {
        job -> Text,
        slot -> BigInt,
        state -> Text,
        attempts -> Integer,
        lease_token -> Nullable<Binary>,
        lease_until -> Nullable<BigInt>,
        tally -> Nullable<Text>,
        reason -> Nullable<Text>,
        made_at -> BigInt,
        done_at -> Nullable<BigInt>,
    }
}

// ---- ledger ----

// ---- identity ----

// ---- registry ----

// ---- keys ----

// ---- notices ----

// ---- intake ----

// ---- cases ----

// ---- audits ----
