-- An invented department of HOLDERS businesses, for benches/pages.rs, which puts in the names in
-- capitals.
CREATE TEMP TABLE n AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c
  WHERE n < HOLDERS) SELECT n, unhex(printf('a%031x', n)) AS holder,
  unhex(printf('c%031x', n)) AS stream,
  CASE n % 5 WHEN 0 THEN '410602' WHEN 1 THEN '410603' WHEN 2 THEN '410611' WHEN 3 THEN '410621'
    ELSE '410622' END AS district FROM c;
CREATE TEMP TABLE d AS WITH RECURSIVE c(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM c
  WHERE d < 99) SELECT d, date('TODAY', '-' || (d + 2) || ' days') AS day FROM c;
CREATE TEMP TABLE p (back INTEGER, period TEXT, first TEXT, last TEXT, cutoff INTEGER, state TEXT);
-- PERIODS
CREATE TEMP TABLE f AS WITH RECURSIVE c(f) AS (SELECT 0 UNION ALL SELECT f + 1 FROM c
  WHERE f < 19) SELECT f FROM c;

INSERT INTO registry_holders (id, kind, name, district, state)
  SELECT holder, 'organisation', '鹤城第' || printf('%05d', n * 7919 % 100000) || '号旅馆（示例）',
    district, 'active' FROM n;
INSERT INTO registry_outlets (id, holder_id, name, district)
  SELECT unhex(printf('b%031x', n)), holder, '第' || n || '号旅馆前台', district FROM n;
INSERT INTO registry_streams (id, outlet_id, department_id, sector, modes, opened_on, closed_on,
    open_weekdays)
  SELECT stream, unhex(printf('b%031x', n)), DEPARTMENT, 'lodging', 'sealed', '2026-01-01', NULL,
    127 FROM n;
INSERT INTO intake_batches (id, holder_id, client_id, stream_id, day, mode, pack, first, last,
    count, size_bytes, manifest, body_digest, record_root, late, received_at, leaf_id)
  SELECT unhex(printf('e%015x%016x', n, d)), holder, zeroblob(16), stream, day, 'sealed',
    'lodging/2026.1', (100 - d) * 20 + 1, (100 - d) * 20 + 20, 20, 1, 'e30.e30.e30', zeroblob(32),
    zeroblob(32), (n + d) % 37 = 0, NOW - (d + 1) * 86400000000,
    unhex(printf('f%015x%016x', n, d)) FROM n, d;
INSERT INTO intake_closes (id, holder_id, client_id, stream_id, day, first, last, count, totals,
    statement, late, current, received_at, leaf_id)
  SELECT unhex(printf('d%015x%016x', n, d)), holder, zeroblob(16), stream, day, (100 - d) * 20 + 1,
    (100 - d) * 20 + 20, 20, '{"room_nights_sold":18}', 'a.b.c', 0, 1,
    NOW - (d + 1) * 86400000000, unhex(printf('9%015x%016x', n, d)) FROM n, d;

INSERT INTO audits_periods (plan_id, period, department_id, sector, first_day, last_day, cutoff,
    state, made_at)
  SELECT PLAN, period, DEPARTMENT, 'lodging', first, last, cutoff, state, cutoff FROM p;
INSERT INTO audits_measures (stream_id, period, plan_id, holder_id, department_id, sector, district,
    last_day, last_number, expected, received, missing, late, due_days, missing_days, settled,
    checked_at, signalled)
  SELECT stream, period, PLAN, holder, DEPARTMENT, 'lodging', district, last, 280, 280,
    280 - n % 11 % 4, n % 11 % 4, n % 9, 14, (n + back) % 29 = 0, 1, NOW, 1 FROM n, p;
INSERT INTO audits_rates (holder_id, plan_id, period, last_day, streams, expected, received,
    missing, late, due_days, missing_days, exempt_days, nil_days, settled, checked_at)
  SELECT holder, PLAN, period, last, 1, 280, 280 - n % 11 % 4, n % 11 % 4, n % 9, 14,
    (n + back) % 29 = 0, 0, 0, 1, NOW FROM n, p;
INSERT INTO audits_scores (holder_id, plan_id, period, last_day, facts, parts, points, published,
    class, standing, qualifying, scored_at)
  SELECT holder, PLAN, period, last, '{}', '{}', 60 + n % 40, 60 + n % 40,
    CASE WHEN n % 40 >= 30 THEN 'A' WHEN n % 40 >= 15 THEN 'B' ELSE 'C' END,
    CASE WHEN n % 40 >= 30 THEN 'A' WHEN n % 40 >= 15 THEN 'B' ELSE 'C' END, 0, NOW
  FROM n, p WHERE back > 0;
INSERT INTO audits_roster (plan_id, period, holder_id, class, choice, missing, expected,
    audits_before)
  SELECT PLAN, period, holder, CASE WHEN n % 40 >= 30 THEN 'A' WHEN n % 40 >= 15 THEN 'B'
    ELSE 'C' END, CASE WHEN (n + back) % 3 = 0 THEN 'drawn' ELSE 'not_drawn' END, 0, 280, 0
  FROM n, p WHERE back > 0;
INSERT INTO audits_audits (id, plan_id, period, holder_id, department_id, sector, frame_size,
    frame_hash, frame_leaf, opened, failing, undecided, critical, lower_bound, upper_bound,
    tolerable, p0_per_mille, alpha_pass_ppm, alpha_fail_ppm, cap, packs, verdict, state, made_at,
    done_at)
  SELECT unhex(printf('7%015x%016x', n, back)), PLAN, period, holder, DEPARTMENT, 'lodging', 280,
    zeroblob(32), zeroblob(16), 60 + (n = 3) * 240, n % 7 = 0, 0, 0, 0, 13, 14, 50, 50000, 10000,
    300, 'lodging/2026.1', CASE WHEN n % 23 = 0 THEN 'non_compliant' ELSE 'compliant' END, 'done',
    cutoff + 3600000000, cutoff + 7200000000
  FROM n, p WHERE back > 0 AND (n + back) % 3 = 0;
INSERT INTO audits_openings (audit_id, ordinal, place, stream_id, number, judged, batch_id, line,
    block, intent_leaf, outcome, failures, done_leaf, opened_at)
  WITH RECURSIVE o(o) AS (SELECT 0 UNION ALL SELECT o + 1 FROM o WHERE o < 299)
  SELECT a.id, o, o, unhex('c' || substr(hex(a.holder_id), 2)), o + 1, o + 1, zeroblob(16), o, 0,
    zeroblob(16), 'pass', '[]', zeroblob(16), NOW
  FROM audits_audits a, o WHERE o < a.opened AND a.opened = 300;
INSERT INTO audits_signals (stream_id, period, kind, plan_id, holder_id, department_id, sector,
    last_day, part, whole, chance_ppb, seen_at)
  SELECT stream, period, 'round_counts', PLAN, holder, DEPARTMENT, 'lodging', last, 9, 14, 120, NOW
  FROM n, p WHERE (n + back) % 50 = 0;

INSERT INTO cases_findings (id, key, department_id, holder_id, sector, district, period, kind,
    severity, stream_id, day, first_number, last_number, count, facts, found_at, salt, facts_hash,
    leaf_id, stage, decided_at, decided_by, decision_leaf_id, reason)
  SELECT unhex(printf('01%014x%016x', 1000000 - f * 40000 - n % 40000, n)), 'bench/' || n || '/' || f,
    DEPARTMENT, holder, 'lodging', district, p.period,
    CASE f % 3 WHEN 0 THEN 'gap' WHEN 1 THEN 'late_day' ELSE 'missing_day' END,
    CASE f % 4 WHEN 0 THEN 'major' ELSE 'minor' END, stream, p.first, 5, 7, 3, '{}',
    NOW - (f + 1) * 700000000000 - n * 1000000, zeroblob(16), zeroblob(32),
    unhex(printf('8%015x%016x', n, f)),
    CASE WHEN f = 0 AND n % 2 = 0 THEN 'proposed' WHEN f % 2 = 0 THEN 'confirmed'
      ELSE 'dismissed' END,
    CASE WHEN f = 0 AND n % 2 = 0 THEN NULL ELSE NOW - f * 700000000000 END,
    CASE WHEN f = 0 AND n % 2 = 0 THEN NULL ELSE OFFICER END,
    CASE WHEN f = 0 AND n % 2 = 0 THEN NULL ELSE unhex(printf('6%015x%016x', n, f)) END,
    CASE WHEN f = 0 AND n % 2 = 0 THEN NULL ELSE '核实' END
  FROM n, f JOIN p ON p.back = f % 12;
INSERT INTO cases_groups (id, department_id, holder_id, sector, district, period, kind, subject,
    rule, weight, size, undecided, confirmed, dismissed, lenient, oldest_at, newest_at)
  SELECT min(id), department_id, holder_id, sector, district, period, kind, kind, NULL,
    max(CASE severity WHEN 'major' THEN 2 ELSE 1 END), count(*),
    count(*) FILTER (WHERE stage = 'proposed'), count(*) FILTER (WHERE stage = 'confirmed'),
    count(*) FILTER (WHERE stage = 'dismissed'), 0, min(found_at), max(found_at)
  FROM cases_findings WHERE key LIKE 'bench/%'
  GROUP BY department_id, holder_id, sector, district, period, kind;
UPDATE cases_findings SET group_id = (SELECT g.id FROM cases_groups g
  WHERE g.holder_id = cases_findings.holder_id AND g.department_id = cases_findings.department_id
    AND g.sector = cases_findings.sector AND g.district = cases_findings.district
    AND g.period = cases_findings.period AND g.kind = cases_findings.kind
    AND g.subject = cases_findings.kind) WHERE key LIKE 'bench/%';
INSERT INTO cases_cases (id, number, department_id, holder_id, sector, district, notice, state,
    opened_at, grace_days, deadline, served_at, basis, code)
  SELECT unhex(printf('5%015x%016x', n, f)), '鹤公责改字〔2026〕第 ' || (n * 2 + f) || ' 号',
    DEPARTMENT, holder, 'lodging', district, 'order',
    CASE WHEN n % 19 = 0 THEN 'overdue' WHEN n % 31 = 0 THEN 'undeliverable' ELSE 'served' END,
    NOW - (f + 1) * 700000000000, 15, 'TODAY', NOW - f * 700000000000, '[]',
    printf('%020d', n * 20 + f)
  FROM n, f WHERE f IN (2, 4);
INSERT INTO cases_case_findings (case_id, finding_id)
  SELECT unhex(printf('5%015x%016x', n, f)),
    unhex(printf('01%014x%016x', 1000000 - f * 40000 - n % 40000, n))
  FROM n, f WHERE f IN (2, 4);
INSERT INTO cases_events (case_id, seq, at, event, officer_id)
  SELECT unhex(printf('5%015x%016x', n, f)), 0, NOW - (f + 1) * 700000000000, 'open', OFFICER
  FROM n, f WHERE f IN (2, 4);
INSERT INTO audits_deeds (idx, kind, actor, department_id, finding_id, at)
  SELECT 1000000 + n * 20 + f,
    CASE WHEN f % 2 = 0 THEN 'finding_confirmed' ELSE 'finding_dismissed' END,
    '00000000000000000000000000000000', DEPARTMENT,
    unhex(printf('01%014x%016x', 1000000 - f * 40000 - n % 40000, n)),
    NOW - 40000000000 + n * 2000000 + f * 90000
  FROM n, f;
DROP TABLE n;
DROP TABLE d;
DROP TABLE p;
DROP TABLE f;
