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

diesel::table! {
    registry_departments (id) {
        id -> Binary,
        code -> Text,
        name_zh -> Text,
        name_en -> Text,
        organ -> Text,
        email -> Binary,
    }
}

diesel::table! {
    registry_scopes (sector, district) {
        sector -> Text,
        district -> Text,
        department_id -> Binary,
    }
}

diesel::table! {
    registry_holders (id) {
        id -> Binary,
        kind -> Text,
        name -> Text,
        uscc -> Nullable<Text>,
        district -> Text,
        state -> Text,
    }
}

diesel::table! {
    registry_outlets (id) {
        id -> Binary,
        holder_id -> Binary,
        name -> Text,
        district -> Text,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    registry_streams (id) {
        id -> Binary,
        outlet_id -> Binary,
        department_id -> Nullable<Binary>,
        sector -> Text,
        subtype -> Nullable<Text>,
        modes -> Text,
        opened_on -> Text,
        closed_on -> Nullable<Text>,
        open_weekdays -> Integer,
    }
}

diesel::table! {
    registry_contacts (id) {
        id -> Binary,
        holder_id -> Binary,
        name -> Binary,
        email -> Binary,
        lang -> Text,
    }
}

diesel::table! {
    registry_officers (id) {
        id -> Binary,
        person_id -> Binary,
        department_id -> Binary,
        name -> Text,
        certificate_no -> Text,
        certificate_until -> Text,
        sectors -> Text,
        email -> Binary,
        lead -> Bool,
    }
}

diesel::table! {
    registry_conflicts (officer_id, holder_id) {
        officer_id -> Binary,
        holder_id -> Binary,
    }
}

diesel::table! {
    registry_plans (id) {
        id -> Binary,
        department_id -> Binary,
        sector -> Text,
        span_days -> Nullable<Integer>,
        span_from -> Nullable<Text>,
        cutoff_hours -> Integer,
        p0_per_mille -> Integer,
        alpha_pass_ppm -> Integer,
        alpha_fail_ppm -> Integer,
        cap -> Integer,
        first_block -> Integer,
        block -> Integer,
        holders_per_period -> Nullable<Integer>,
        close_due_hours -> Integer,
        contributors -> Integer,
        leaf_id -> Binary,
    }
}

diesel::table! {
    registry_packs (sector, from_day) {
        sector -> Text,
        from_day -> Text,
        pack -> Text,
        digest -> Binary,
        leaf_id -> Binary,
    }
}

diesel::joinable!(registry_outlets -> registry_holders (holder_id));
diesel::joinable!(registry_streams -> registry_outlets (outlet_id));
diesel::allow_tables_to_appear_in_same_query!(
    registry_holders,
    registry_outlets,
    registry_streams,
);

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
