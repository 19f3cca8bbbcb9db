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

diesel::table! {
    notices_letters (id) {
        id -> Binary,
        kind -> Text,
        number -> Nullable<Text>,
        case_id -> Nullable<Binary>,
        department_id -> Binary,
        holder_id -> Nullable<Binary>,
        contact_id -> Nullable<Binary>,
        officer_id -> Nullable<Binary>,
        lang -> Text,
        code -> Text,
        subject -> Text,
        text -> Text,
        html -> Text,
        slot -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        next_at -> BigInt,
        lease_token -> Nullable<Binary>,
        lease_until -> Nullable<BigInt>,
        queued_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        last_reason -> Nullable<Text>,
    }
}

diesel::table! {
    notices_counters (organ, kind, year) {
        organ -> Text,
        kind -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

// ---- intake ----

// ---- cases ----

diesel::table! {
    cases_findings (id) {
        id -> Binary,
        key -> Text,
        department_id -> Binary,
        holder_id -> Binary,
        sector -> Text,
        district -> Text,
        period -> Text,
        kind -> Text,
        rule -> Nullable<Text>,
        severity -> Text,
        stream_id -> Nullable<Binary>,
        day -> Nullable<Text>,
        first_number -> Nullable<BigInt>,
        last_number -> Nullable<BigInt>,
        count -> BigInt,
        audit_id -> Nullable<Binary>,
        facts -> Text,
        found_at -> BigInt,
        salt -> Binary,
        facts_hash -> Binary,
        leaf_id -> Binary,
        stage -> Text,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    cases_cases (id) {
        id -> Binary,
        number -> Text,
        department_id -> Binary,
        holder_id -> Binary,
        sector -> Text,
        district -> Text,
        notice -> Text,
        state -> Text,
        opened_at -> BigInt,
        grace_days -> Integer,
        deadline -> Text,
        served_at -> Nullable<BigInt>,
        basis -> Text,
        code -> Text,
    }
}

diesel::table! {
    cases_case_findings (case_id, finding_id) {
        case_id -> Binary,
        finding_id -> Binary,
    }
}

diesel::table! {
    cases_events (case_id, seq) {
        case_id -> Binary,
        seq -> Integer,
        at -> BigInt,
        event -> Text,
        officer_id -> Nullable<Binary>,
        note -> Nullable<Text>,
    }
}

diesel::joinable!(cases_case_findings -> cases_findings (finding_id));
diesel::joinable!(cases_case_findings -> cases_cases (case_id));
diesel::allow_tables_to_appear_in_same_query!(cases_case_findings, cases_findings);
diesel::allow_tables_to_appear_in_same_query!(cases_case_findings, cases_cases);

// ---- audits ----
