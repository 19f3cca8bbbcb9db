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

diesel::table! {
    ledger_pending (id) {
        id -> Binary,
        kind -> Text,
        body -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    ledger_leaves (idx) {
        idx -> BigInt,
        id -> Binary,
        kind -> Text,
        bytes -> Binary,
        hash -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_nodes (level, idx) {
        level -> Integer,
        idx -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    ledger_head (one) {
        one -> Integer,
        size -> BigInt,
        root -> Binary,
        newest_at -> BigInt,
        wall_at -> BigInt,
    }
}

diesel::table! {
    ledger_checkpoints (size) {
        size -> BigInt,
        root -> Binary,
        note -> Text,
        at -> BigInt,
    }
}

// ---- identity ----

// ---- registry ----

// ---- keys ----

// ---- notices ----

// ---- intake ----

// ---- cases ----

// ---- audits ----
