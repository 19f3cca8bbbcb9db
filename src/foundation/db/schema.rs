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

diesel::table! {
    identity_clients (id) {
        id -> Binary,
        client_id -> Text,
        holder_id -> Binary,
        name -> Text,
        epoch -> Integer,
        state -> Text,
        made_at -> BigInt,
        kind -> Text,
    }
}

diesel::table! {
    identity_client_keys (holder_id, kid) {
        holder_id -> Binary,
        kid -> Text,
        client -> Binary,
        purpose -> Text,
        jwk -> Text,
        thumbprint -> Text,
        state -> Text,
        active_from -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    identity_assertions (hash) {
        hash -> Binary,
        keep_until -> BigInt,
    }
}

diesel::table! {
    identity_people (id) {
        id -> Binary,
        login -> Text,
        name -> Text,
        role -> Text,
        state -> Text,
        lang -> Text,
        pseudonym -> Binary,
        password_phc -> Nullable<Text>,
        totp_secret -> Nullable<Binary>,
        totp_last_step -> BigInt,
        made_at -> BigInt,
        holder_id -> Nullable<Binary>,
    }
}

diesel::table! {
    identity_sessions (hash) {
        hash -> Binary,
        person_id -> Binary,
        made_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    identity_codes (hash) {
        hash -> Binary,
        person_id -> Binary,
        purpose -> Text,
        made_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        password_phc -> Nullable<Text>,
        totp_secret -> Nullable<Binary>,
    }
}

diesel::table! {
    identity_failures (account, network) {
        account -> Binary,
        network -> Text,
        failures -> Integer,
        last_at -> BigInt,
    }
}

diesel::joinable!(identity_client_keys -> identity_clients (client));
diesel::joinable!(identity_sessions -> identity_people (person_id));
diesel::joinable!(identity_codes -> identity_people (person_id));
diesel::allow_tables_to_appear_in_same_query!(identity_clients, identity_client_keys);
diesel::allow_tables_to_appear_in_same_query!(identity_people, identity_sessions, identity_codes);

// ---- registry ----

diesel::table! {
    registry_departments (id) {
        id -> Binary,
        code -> Text,
        name_zh -> Text,
        name_en -> Text,
        organ -> Text,
        email -> Binary,
        contact -> Nullable<Text>,
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
    registry_contacts (holder_id, position) {
        holder_id -> Binary,
        position -> Integer,
        name -> Binary,
        email -> Binary,
        lang -> Text,
    }
}

diesel::table! {
    registry_consents (id) {
        id -> Binary,
        holder_id -> Binary,
        department_id -> Binary,
        method -> Text,
        how -> Text,
        reference -> Nullable<Text>,
        addresses -> Binary,
        given_on -> Text,
        given_at -> BigInt,
        given_by -> Nullable<Binary>,
        withdrawn_at -> Nullable<BigInt>,
        withdrawn_by -> Nullable<Binary>,
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
        disclosure_hours -> Integer,
        audit_chances -> Nullable<Text>,
        audits_per_year -> Nullable<Integer>,
        for_cause_beyond_cap -> Bool,
        pool_below -> Nullable<Integer>,
        pool_holders -> Nullable<Integer>,
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
diesel::allow_tables_to_appear_in_same_query!(registry_holders, registry_outlets, registry_streams,);

// ---- keys ----

diesel::table! {
    keys_audit (kid) {
        kid -> Text,
        department_id -> Binary,
        month -> Text,
        public_jwk -> Text,
        wrapped -> Binary,
        seal_from -> BigInt,
        seal_until -> BigInt,
        destroy_after -> BigInt,
        state -> Text,
        made_at -> BigInt,
        retired_at -> Nullable<BigInt>,
        published_leaf -> Binary,
    }
}

diesel::table! {
    keys_lists (number) {
        number -> BigInt,
        jws -> Text,
        leaf_id -> Binary,
        made_at -> BigInt,
    }
}

// ---- notices ----

diesel::table! {
    notices_letters (id) {
        id -> Binary,
        kind -> Text,
        number -> Nullable<Text>,
        case_id -> Nullable<Binary>,
        department_id -> Nullable<Binary>,
        holder_id -> Nullable<Binary>,
        contact_place -> Nullable<Integer>,
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

diesel::table! {
    notices_attempts (letter_id, seq) {
        letter_id -> Binary,
        seq -> Integer,
        at -> BigInt,
        outcome -> Text,
        code -> Nullable<Integer>,
        reason -> Nullable<Text>,
        consented -> Bool,
    }
}

diesel::table! {
    notices_proofs (id) {
        id -> Binary,
        letter_id -> Binary,
        kind -> Text,
        at -> BigInt,
        status -> Nullable<Text>,
        person_id -> Nullable<Binary>,
        consented -> Bool,
    }
}

diesel::table! {
    notices_papers (id) {
        id -> Binary,
        code -> Text,
        letter_id -> Binary,
        case_id -> Nullable<Binary>,
        department_id -> Binary,
        holder_id -> Binary,
        reason -> Text,
        state -> Text,
        queued_at -> BigInt,
        posted_at -> Nullable<BigInt>,
        posted_by -> Nullable<Binary>,
        posted_how -> Nullable<Text>,
        posted_number -> Nullable<Text>,
        received_on -> Nullable<Text>,
        received_how -> Nullable<Text>,
        received_by -> Nullable<Binary>,
        received_at -> Nullable<BigInt>,
        entered_by -> Nullable<Binary>,
    }
}

diesel::table! {
    notices_documents (id) {
        id -> Binary,
        kind -> Text,
        number -> Nullable<Text>,
        case_id -> Binary,
        department_id -> Binary,
        holder_id -> Binary,
        lang -> Text,
        code -> Text,
        media_type -> Text,
        made_at -> BigInt,
        sha256 -> Binary,
        bytes -> Binary,
        templates -> Nullable<Binary>,
        leaf_id -> Binary,
    }
}

// ---- intake ----

diesel::table! {
    intake_batches (id) {
        id -> Binary,
        holder_id -> Binary,
        client_id -> Binary,
        stream_id -> Binary,
        day -> Text,
        mode -> Text,
        pack -> Text,
        first -> BigInt,
        last -> BigInt,
        count -> BigInt,
        size_bytes -> BigInt,
        manifest -> Text,
        body_digest -> Binary,
        record_root -> Binary,
        late -> Bool,
        received_at -> BigInt,
        leaf_id -> Binary,
        receipt -> Nullable<Text>,
    }
}

diesel::table! {
    intake_parts (batch_id, first_position) {
        batch_id -> Binary,
        first_position -> BigInt,
        lines -> Binary,
    }
}

diesel::table! {
    intake_closes (id) {
        id -> Binary,
        holder_id -> Binary,
        client_id -> Binary,
        stream_id -> Binary,
        day -> Text,
        first -> Nullable<BigInt>,
        last -> Nullable<BigInt>,
        count -> BigInt,
        totals -> Text,
        statement -> Text,
        late -> Bool,
        current -> Bool,
        received_at -> BigInt,
        leaf_id -> Binary,
        receipt -> Nullable<Text>,
    }
}

diesel::table! {
    intake_closures (id) {
        id -> Binary,
        holder_id -> Binary,
        client_id -> Binary,
        stream_id -> Binary,
        from_day -> Text,
        to_day -> Text,
        kind -> Text,
        statement -> Text,
        late -> Bool,
        received_at -> BigInt,
        leaf_id -> Binary,
        receipt -> Nullable<Text>,
    }
}

diesel::table! {
    intake_streams (stream_id) {
        stream_id -> Binary,
        holder_id -> Binary,
        contiguous -> BigInt,
        highest -> BigInt,
        records -> BigInt,
        batches -> BigInt,
        late_batches -> BigInt,
        newest_at -> BigInt,
    }
}

diesel::table! {
    intake_equivocations (refused_id, body_digest) {
        refused_id -> Binary,
        body_digest -> Binary,
        accepted_id -> Binary,
        holder_id -> Binary,
        stream_id -> Binary,
        day -> Text,
        first -> BigInt,
        last -> BigInt,
        manifest -> Text,
        found_at -> BigInt,
        leaf_id -> Binary,
    }
}

diesel::table! {
    intake_requests (audit_id, block) {
        audit_id -> Binary,
        block -> BigInt,
        holder_id -> Binary,
        department_id -> Binary,
        period -> Text,
        due -> BigInt,
        asked_at -> BigInt,
        leaf_id -> Binary,
    }
}

diesel::table! {
    intake_asked (audit_id, block, stream_id, seq) {
        audit_id -> Binary,
        block -> BigInt,
        stream_id -> Binary,
        seq -> BigInt,
        commitment -> Binary,
    }
}

diesel::table! {
    intake_disclosures (audit_id, stream_id, seq) {
        audit_id -> Binary,
        stream_id -> Binary,
        seq -> BigInt,
        holder_id -> Binary,
        client_id -> Binary,
        jwe -> Text,
        late -> Bool,
        received_at -> BigInt,
        leaf_id -> Binary,
    }
}

diesel::table! {
    intake_refusals (client_id, day) {
        client_id -> Binary,
        day -> Text,
        refusals -> BigInt,
    }
}

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
        decision_leaf_id -> Nullable<Binary>,
        reason -> Nullable<Text>,
        repaired_number -> Nullable<BigInt>,
        repaired_at -> Nullable<BigInt>,
        code -> Nullable<Text>,
        group_id -> Nullable<Binary>,
    }
}

diesel::table! {
    cases_groups (id) {
        id -> Binary,
        department_id -> Binary,
        holder_id -> Binary,
        sector -> Text,
        district -> Text,
        period -> Text,
        kind -> Text,
        subject -> Text,
        rule -> Nullable<Text>,
        weight -> Integer,
        size -> BigInt,
        undecided -> BigInt,
        confirmed -> BigInt,
        dismissed -> BigInt,
        lenient -> BigInt,
        oldest_at -> BigInt,
        newest_at -> BigInt,
    }
}

diesel::table! {
    cases_decisions (finding_id, seq) {
        finding_id -> Binary,
        seq -> Integer,
        verdict -> Text,
        code -> Nullable<Text>,
        at -> BigInt,
        officer_id -> Binary,
        reason -> Text,
        leaf_id -> Binary,
        group_id -> Nullable<Binary>,
        case_id -> Nullable<Binary>,
        act_id -> Nullable<Binary>,
    }
}

diesel::table! {
    cases_moves (leaf_id, finding_id) {
        leaf_id -> Binary,
        finding_id -> Binary,
        kind -> Text,
        from_case -> Binary,
        to_case -> Binary,
        at -> BigInt,
        officer_id -> Binary,
        reason -> Text,
    }
}

diesel::table! {
    cases_filters (id) {
        id -> Binary,
        officer_id -> Binary,
        name -> Text,
        query -> Text,
        made_at -> BigInt,
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
        result -> Nullable<Text>,
        clock -> Text,
        suspended_at -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        version -> BigInt,
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
        person_id -> Nullable<Binary>,
        leaf_id -> Nullable<Binary>,
        salt -> Nullable<Binary>,
    }
}

diesel::table! {
    cases_extensions (id) {
        id -> Binary,
        case_id -> Binary,
        asked_at -> BigInt,
        asked_by -> Binary,
        from_day -> Text,
        until_day -> Text,
        reason -> Text,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        granted_until -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    cases_replies (id) {
        id -> Binary,
        case_id -> Binary,
        person_id -> Binary,
        at -> BigInt,
        text -> Text,
        salt -> Binary,
        leaf_id -> Binary,
    }
}

diesel::table! {
    cases_evidence (id) {
        id -> Binary,
        reply_id -> Binary,
        case_id -> Binary,
        place -> Integer,
        name -> Text,
        media -> Text,
        size -> BigInt,
        digest -> Binary,
        sealed -> Binary,
    }
}

diesel::table! {
    cases_rechecks (id) {
        id -> Binary,
        case_id -> Binary,
        method -> Text,
        due_day -> Text,
        planned_at -> BigInt,
        planned_by -> Binary,
        officer_one -> Nullable<Binary>,
        officer_two -> Nullable<Binary>,
        named_at -> Nullable<BigInt>,
        named_by -> Nullable<Binary>,
        named_reason -> Nullable<Text>,
        draw_leaf_id -> Nullable<Binary>,
        held_on -> Nullable<Text>,
        result -> Nullable<Text>,
        words -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
        done_by -> Nullable<Binary>,
        leaf_id -> Nullable<Binary>,
    }
}

diesel::table! {
    cases_closings (id) {
        id -> Binary,
        case_id -> Binary,
        result -> Text,
        reason -> Text,
        proposed_at -> BigInt,
        proposed_by -> Binary,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        approved -> Nullable<Bool>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    cases_escalations (id) {
        id -> Binary,
        case_id -> Binary,
        kind -> Text,
        receiver -> Nullable<Text>,
        reason -> Text,
        proposed_at -> BigInt,
        proposed_by -> Nullable<Binary>,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        approved -> Nullable<Bool>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    cases_measures (id) {
        id -> Binary,
        department_id -> Binary,
        kind -> Text,
        figures -> Text,
        words -> Text,
        taken_at -> BigInt,
        taken_by -> Binary,
        leaf_id -> Binary,
        ended_at -> Nullable<BigInt>,
        ended_by -> Nullable<Binary>,
        ended_leaf_id -> Nullable<Binary>,
    }
}

diesel::joinable!(cases_case_findings -> cases_findings (finding_id));
diesel::joinable!(cases_case_findings -> cases_cases (case_id));
diesel::allow_tables_to_appear_in_same_query!(cases_case_findings, cases_findings);
diesel::allow_tables_to_appear_in_same_query!(cases_case_findings, cases_cases);
diesel::allow_tables_to_appear_in_same_query!(cases_decisions, cases_groups);

diesel::table! {
    cases_reminders (case_id, deadline, days) {
        case_id -> Binary,
        deadline -> Text,
        days -> Integer,
        at -> BigInt,
    }
}

// ---- audits ----

diesel::table! {
    audits_periods (plan_id, period) {
        plan_id -> Binary,
        period -> Text,
        department_id -> Binary,
        sector -> Text,
        first_day -> Text,
        last_day -> Text,
        cutoff -> BigInt,
        commitment -> Nullable<Binary>,
        nonce -> Nullable<Binary>,
        commit_leaf -> Nullable<Binary>,
        epoch_leaf -> Nullable<Binary>,
        tree_size -> Nullable<BigInt>,
        tree_root -> Nullable<Binary>,
        reveal_leaf -> Nullable<Binary>,
        revealed -> Nullable<Binary>,
        state -> Text,
        reason -> Nullable<Text>,
        made_at -> BigInt,
        holders_leaf -> Nullable<Binary>,
    }
}

diesel::table! {
    audits_audits (id) {
        id -> Binary,
        plan_id -> Binary,
        period -> Text,
        holder_id -> Binary,
        department_id -> Binary,
        sector -> Text,
        frame_size -> BigInt,
        frame_hash -> Binary,
        frame_leaf -> Binary,
        opened -> BigInt,
        failing -> BigInt,
        undecided -> BigInt,
        critical -> BigInt,
        lower_bound -> BigInt,
        upper_bound -> BigInt,
        tolerable -> BigInt,
        p0_per_mille -> BigInt,
        alpha_pass_ppm -> BigInt,
        alpha_fail_ppm -> BigInt,
        cap -> BigInt,
        packs -> Text,
        verdict -> Nullable<Text>,
        state -> Text,
        reason -> Nullable<Text>,
        result_leaf -> Nullable<Binary>,
        made_at -> BigInt,
        done_at -> Nullable<BigInt>,
        modes -> Text,
        pooled -> Nullable<BigInt>,
    }
}

diesel::table! {
    audits_pools (audit_id, holder_id) {
        audit_id -> Binary,
        holder_id -> Binary,
        records -> BigInt,
    }
}

diesel::table! {
    audits_openings (audit_id, ordinal) {
        audit_id -> Binary,
        ordinal -> BigInt,
        place -> BigInt,
        stream_id -> Binary,
        number -> BigInt,
        judged -> BigInt,
        batch_id -> Binary,
        line -> BigInt,
        block -> BigInt,
        intent_leaf -> Binary,
        outcome -> Nullable<Text>,
        cause -> Nullable<Text>,
        failures -> Nullable<Text>,
        severity -> Nullable<Text>,
        done_leaf -> Nullable<Binary>,
        opened_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audits_evidence (audit_id, ordinal) {
        audit_id -> Binary,
        ordinal -> BigInt,
        wrapped_key -> Binary,
        sealed -> Binary,
    }
}

diesel::table! {
    audits_budgets (day) {
        day -> Text,
        opened -> BigInt,
    }
}

diesel::table! {
    audits_measures (stream_id, period) {
        stream_id -> Binary,
        period -> Text,
        plan_id -> Binary,
        holder_id -> Binary,
        department_id -> Binary,
        sector -> Text,
        district -> Text,
        last_day -> Text,
        last_number -> BigInt,
        expected -> BigInt,
        declared -> Nullable<BigInt>,
        received -> BigInt,
        missing -> BigInt,
        late -> BigInt,
        due_days -> BigInt,
        missing_days -> BigInt,
        settled -> Bool,
        checked_at -> BigInt,
        exempt_days -> BigInt,
        nil_days -> BigInt,
        delay_p50 -> Nullable<BigInt>,
        delay_p95 -> Nullable<BigInt>,
        totals -> Text,
        amended -> BigInt,
        outside_declared -> Nullable<BigInt>,
        outside_received -> Nullable<BigInt>,
        signalled -> Bool,
    }
}

diesel::table! {
    audits_signals (stream_id, period, kind) {
        stream_id -> Binary,
        period -> Text,
        kind -> Text,
        plan_id -> Binary,
        holder_id -> Binary,
        department_id -> Binary,
        sector -> Text,
        last_day -> Text,
        part -> BigInt,
        whole -> BigInt,
        chance_ppb -> Nullable<BigInt>,
        other_stream_id -> Nullable<Binary>,
        seen_at -> BigInt,
    }
}

diesel::table! {
    audits_decisions (stream_id, period, kind) {
        stream_id -> Binary,
        period -> Text,
        kind -> Text,
        plan_id -> Binary,
        holder_id -> Binary,
        stage -> Text,
        reason -> Text,
        salt -> Binary,
        decided_by -> Binary,
        decided_at -> BigInt,
        leaf_id -> Binary,
    }
}

diesel::table! {
    audits_rates (holder_id, plan_id, period) {
        holder_id -> Binary,
        plan_id -> Binary,
        period -> Text,
        last_day -> Text,
        streams -> BigInt,
        expected -> BigInt,
        declared -> Nullable<BigInt>,
        received -> BigInt,
        missing -> BigInt,
        late -> BigInt,
        due_days -> BigInt,
        missing_days -> BigInt,
        exempt_days -> BigInt,
        nil_days -> BigInt,
        settled -> Bool,
        checked_at -> BigInt,
        refused -> BigInt,
        offered -> BigInt,
    }
}

diesel::table! {
    audits_scores (holder_id, plan_id, period) {
        holder_id -> Binary,
        plan_id -> Binary,
        period -> Text,
        last_day -> Text,
        facts -> Text,
        parts -> Text,
        points -> BigInt,
        published -> BigInt,
        class -> Text,
        standing -> Text,
        qualifying -> BigInt,
        audit_id -> Nullable<Binary>,
        scored_at -> BigInt,
    }
}

diesel::table! {
    audits_drops (holder_id, plan_id) {
        holder_id -> Binary,
        plan_id -> Binary,
        day -> Text,
        watch -> Text,
        alarm_day -> Nullable<Text>,
    }
}

diesel::table! {
    audits_roster (plan_id, period, holder_id) {
        plan_id -> Binary,
        period -> Text,
        holder_id -> Binary,
        class -> Nullable<Text>,
        choice -> Text,
        cause -> Nullable<Text>,
        missing -> BigInt,
        expected -> BigInt,
        audits_before -> BigInt,
        place -> Nullable<BigInt>,
        frame_size -> Nullable<BigInt>,
    }
}

diesel::table! {
    audits_trends (plan_id, period, district) {
        plan_id -> Binary,
        period -> Text,
        district -> Text,
        department_id -> Binary,
        sector -> Text,
        last_day -> Text,
        streams -> BigInt,
        silent -> BigInt,
        expected -> BigInt,
        received -> BigInt,
        missing -> BigInt,
        late -> BigInt,
        compliant -> BigInt,
        non_compliant -> BigInt,
        undecided -> BigInt,
        tallied_at -> BigInt,
    }
}

diesel::table! {
    audits_publications (audit_id) {
        audit_id -> Binary,
        department_id -> Binary,
        holder_id -> Binary,
        sector -> Text,
        district -> Text,
        period -> Text,
        name -> Text,
        state -> Text,
        done_on -> Text,
        due_on -> Text,
        proposed_at -> BigInt,
        published_at -> Nullable<BigInt>,
        published_by -> Nullable<Binary>,
        published_leaf -> Nullable<Binary>,
        withdrawn_at -> Nullable<BigInt>,
        withdrawn_by -> Nullable<Binary>,
        withdrawn_leaf -> Nullable<Binary>,
        cause -> Nullable<Text>,
    }
}

diesel::table! {
    audits_boards (name) {
        name -> Text,
        facts -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    audits_deeds (idx) {
        idx -> BigInt,
        kind -> Text,
        actor -> Text,
        department_id -> Nullable<Binary>,
        case_id -> Nullable<Binary>,
        finding_id -> Nullable<Binary>,
        at -> BigInt,
    }
}

diesel::table! {
    audits_followed (one) {
        one -> Integer,
        size -> BigInt,
    }
}

diesel::joinable!(audits_pools -> audits_audits (audit_id));
diesel::allow_tables_to_appear_in_same_query!(
    audits_roster,
    audits_periods,
    audits_audits,
    audits_publications,
    audits_pools,
);
