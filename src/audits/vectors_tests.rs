//! Every row and column of the reference numbers in `tests/vectors`, within the tolerances that
//! its README states.

use serde_json::Value;

use super::detector::{self, Detector};
use super::draw::{self, Draw, Frame, Inputs, Interval, Nonce, Seed};
use super::fixed;
use super::population::{self, Span};
use super::score::{self, Audited, Class, Facts};
use super::stratified::{self, Stratum};
use super::verdict::{self, Plan, Prior, Tally, Verdict};

macro_rules! table {
    ($file:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../tests/vectors/", $file)))
            .expect("vectors are JSON")
    };
}

fn rows(table: &Value, count: usize) -> &[Value] {
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), count, "rows of {}", table["table"]);
    rows
}

/// A count, printed as a number or as a decimal string.
fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().map(text).collect()
}

fn counts(value: &Value) -> Vec<u64> {
    list(value).iter().map(count).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    let hex = text(value);
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn hash(value: &Value) -> [u8; 32] {
    bytes(value).try_into().unwrap()
}

fn nonces(value: &Value) -> Vec<Nonce> {
    list(value).iter().map(hash).collect()
}

#[track_caller]
fn near(actual: f64, row: &Value, column: &str, tolerance: f64) {
    let wanted = row[column].as_f64().unwrap();
    assert!((actual - wanted).abs() <= tolerance, "{column}: {actual} is not {wanted} in {row}");
}

#[track_caller]
fn near_relative(actual: f64, row: &Value, column: &str, tolerance: f64) {
    let wanted = row[column].as_f64().unwrap();
    assert!(((actual - wanted) / wanted).abs() <= tolerance, "{column}: {actual}: {row}");
}

/// The default plan without a cap, checked against the parameters of a table.
fn plan(params: &Value) -> Plan {
    let plan = Plan { cap: u64::MAX, ..Plan::default() };
    let prior =
        |value: &Value| Prior { a: value[0].as_f64().unwrap(), b: value[1].as_f64().unwrap() };
    assert_eq!(u64::from(plan.p0_per_mille), count(&params["p0_per_mille"]));
    assert_eq!(Some(plan.alpha_pass), params["alpha_pass"].as_f64());
    assert_eq!(Some(plan.alpha_fail), params["alpha_fail"].as_f64());
    assert_eq!(plan.prior_pass, prior(&params["prior_pass"]));
    assert_eq!(plan.prior_fail, prior(&params["prior_fail"]));
    plan
}

#[test]
fn r01_hypergeometric_cdf() {
    let table = table!("r01-hypergeometric-cdf.json");
    for row in rows(&table, 20) {
        let [size, failing, drawn, most] = ["N", "K", "n", "s"].map(|column| count(&row[column]));
        near(fixed::hypergeometric_cdf(size, failing, drawn, most), row, "p", 1e-9);
    }
}

#[test]
fn r02_smallest_sample() {
    let table = table!("r02-smallest-n.json");
    for row in rows(&table, 20) {
        let (size, k0) = (count(&row["N"]), count(&row["k0"]));
        assert_eq!(size * 50 / 1000, k0);
        let smallest: Vec<Option<u64>> =
            (0..4).map(|c| fixed::smallest_sample(size, k0 + 1, c, 0.05)).collect();
        let wanted: Vec<Option<u64>> = list(&row["n"]).iter().map(Value::as_u64).collect();
        assert_eq!(smallest, wanted, "{row}");
        let n = smallest[0].unwrap();
        near(fixed::hypergeometric_cdf(size, k0 + 1, n, 0), row, "p_at_n", 1e-9);
        near(fixed::hypergeometric_cdf(size, k0 + 1, n - 1, 0), row, "p_at_n_minus_1", 1e-9);
    }
}

#[test]
fn r03_clopper_pearson() {
    let table = table!("r03-clopper-pearson.json");
    for row in rows(&table, 20) {
        let (n, s) = (count(&row["n"]), count(&row["s"]));
        near(fixed::clopper_pearson_lower(n, s, 0.05), row, "lower95", 1e-9);
        near(fixed::clopper_pearson_upper(n, s, 0.05), row, "upper95", 1e-9);
        let central =
            [fixed::clopper_pearson_lower(n, s, 0.025), fixed::clopper_pearson_upper(n, s, 0.025)];
        for (limit, wanted) in central.iter().zip(list(&row["two_sided95"])) {
            assert!((limit - wanted.as_f64().unwrap()).abs() <= 1e-8, "{central:?}: {row}");
        }
    }
}

#[test]
fn r04_hypergeometric_bounds() {
    let table = table!("r04-hypergeometric-bounds.json");
    for row in rows(&table, 20) {
        let [size, n, s] = ["N", "n", "s"].map(|column| count(&row[column]));
        assert_eq!(fixed::lower_count(size, n, s, 0.05), count(&row["lower_K"]), "{row}");
        assert_eq!(fixed::upper_count(size, n, s, 0.05), count(&row["upper_K"]), "{row}");
        let limit = fixed::clopper_pearson_upper(n, s, 0.05) * row["N"].as_f64().unwrap();
        near(limit, row, "cp_upper_times_N", 0.006);
    }
}

fn verdict_text(verdict: Verdict) -> Value {
    serde_json::to_value(verdict).unwrap()
}

#[test]
fn r05_engine() {
    let table = table!("r05-engine.json");
    let plan = plan(&table["params"]);
    for row in rows(&table, 20) {
        let [n, k0, t, s] = ["N", "k0", "t", "s"].map(|column| count(&row[column]));
        assert_eq!(plan.tolerable(n), k0);
        near(verdict::ln_e(n, k0 + 1, t, s, plan.prior_pass), row, "ln_e_pass", 1e-9);
        near(verdict::ln_e(n, k0, t, s, plan.prior_fail), row, "ln_e_fail", 1e-9);
        let tally = Tally::of(t, s);
        assert_eq!(verdict_text(plan.verdict(n, tally)), row["verdict"], "{row}");
        let bounds = plan.bounds(n, tally);
        assert_eq!([bounds.lower, bounds.upper], [count(&row["L"]), count(&row["U"])], "{row}");
    }
}

#[test]
fn r06_trace() {
    let table = table!("r06-trace.json");
    let params = &table["params"];
    let (plan, n, k0) = (plan(params), count(&params["N"]), count(&params["k0"]));
    let failing = counts(&params["failing_steps"]);
    let tally_at = |t: u64| {
        Tally::of(t, u64::try_from(failing.iter().filter(|step| **step <= t).count()).unwrap())
    };
    for row in rows(&table, 20) {
        let t = count(&row["t"]);
        let tally = tally_at(t);
        assert_eq!(tally.failing, count(&row["s"]));
        near(verdict::ln_e(n, k0 + 1, t, tally.failing, plan.prior_pass), row, "ln_e_pass", 1e-8);
        near(verdict::ln_e(n, k0, t, tally.failing, plan.prior_fail), row, "ln_e_fail", 1e-8);
        assert_eq!(verdict_text(plan.verdict(n, tally)), row["verdict"], "{row}");
    }
    let stop = (1..=n).find(|t| plan.verdict(n, tally_at(*t)) != Verdict::Continue);
    assert_eq!(stop, Some(156));
}

#[test]
fn r07a_hashes() {
    use sha2::{Digest, Sha256};
    let table = table!("r07a-hash.json");
    let nonce = |start: u8| -> Nonce { std::array::from_fn(|i| start + u8::try_from(i).unwrap()) };
    for row in rows(&table, 5) {
        let message = match text(&row["name"]) {
            "index" => {
                assert_eq!(Seed([0; 32]).index(0, 0), count(&row["x"]));
                Seed([0; 32]).index_message(0, 0).to_vec()
            }
            "commit-1" => draw::commit_message(&nonce(0)),
            "commit-2" => draw::commit_message(&nonce(32)),
            "root" => b"ledger checkpoint 2026-06".to_vec(),
            "beacon" => b"beacon round 1".to_vec(),
            other => panic!("unknown row {other}"),
        };
        assert_eq!(message, bytes(&row["message"]));
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&message)), hash(&row["digest"]));
    }
    let commitments = [draw::commit(&nonce(0)), draw::commit(&nonce(32))];
    assert_eq!(commitments, [hash(&table["rows"][1]["digest"]), hash(&table["rows"][2]["digest"])]);
}

fn intervals(value: &Value) -> Vec<Interval> {
    let interval = |v: &Value| Interval {
        stream: text(&v["stream"]).to_owned(),
        first: count(&v["first"]),
        last: count(&v["last"]),
    };
    list(value).iter().map(interval).collect()
}

#[test]
fn r07b_draw() {
    let table = table!("r07b-draw.json");
    let params = &table["params"];
    let root = hash(&params["root"]);
    for row in rows(&table, 5) {
        let frame = Frame::new(intervals(&row["intervals"])).unwrap();
        assert_eq!(frame.intervals(), intervals(&row["frame"]));
        assert_eq!(frame.size(), count(&row["N"]));
        assert_eq!(frame.bytes(), bytes(&row["frame_bytes"]));
        assert_eq!(frame.hash(), hash(&row["frame_hash"]));
        let (nonces, beacon) = (nonces(&row["nonces"]), bytes(&row["beacon"]));
        let inputs = Inputs {
            nonces: &nonces,
            root: &root,
            period: text(&params["period"]),
            beacon: &beacon,
        };
        let holder = text(&params["holder"]);
        let message = inputs.message("audit-draw/1/seed", holder, &frame.hash());
        assert_eq!(message, bytes(&row["seed_message"]));
        let seed = inputs.records(holder, &frame.hash());
        assert_eq!(seed.0, hash(&row["seed"]));

        let k = usize::try_from(count(&row["k"])).unwrap();
        let mut unfolding = Draw::new(seed, frame.size());
        let (positions, retries): (Vec<u64>, Vec<u64>) = (0..k)
            .map(|_| unfolding.pick().unwrap())
            .map(|(position, retries)| (position, u64::from(retries)))
            .unzip();
        assert_eq!(positions, counts(&row["positions"]));
        assert_eq!(retries, counts(&row["retries"]));
        let drawn: Vec<(&str, u64)> =
            positions.iter().map(|position| frame.locate(*position).unwrap()).collect();
        let wanted: Vec<(&str, u64)> = list(&row["drawn"])
            .iter()
            .map(|record| (text(&record["stream"]), count(&record["seq"])))
            .collect();
        assert_eq!(drawn, wanted);
    }
}

#[test]
fn r07c_assignment() {
    let table = table!("r07c-assignment.json");
    let params = &table["params"];
    let (nonces, root) = (nonces(&params["nonces"]), hash(&params["root"]));
    let beacon = bytes(&params["beacon"]);
    let inputs =
        Inputs { nonces: &nonces, root: &root, period: text(&params["period"]), beacon: &beacon };
    for row in rows(&table, 4) {
        let (ids, subject) = (texts(&row["list"]), text(&row["subject"]));
        let mut extra = draw::ids_hash(&ids).to_vec();
        if row["label"] == "audit-draw/1/holders" {
            assert_eq!(extra, bytes(&row["extra"]));
            let seed = inputs.holders(subject, &ids);
            assert_eq!(seed.0, hash(&row["seed"]));
            let k = usize::try_from(count(&row["k"])).unwrap();
            assert_eq!(draw::order(seed, &ids)[..k], texts(&row["order"]));
            continue;
        }
        assert_eq!(row["label"], "audit-draw/1/assign");
        let conflicts = texts(&row["conflicts"]);
        extra.extend(draw::ids_hash(&conflicts));
        assert_eq!(extra, bytes(&row["extra"]));
        let seed = inputs.assignment(subject, &ids, &conflicts);
        assert_eq!(seed.0, hash(&row["seed"]));
        let eligible = draw::eligible(&ids, &conflicts);
        assert_eq!(eligible, texts(&row["eligible"]));
        let order = draw::order(seed, &eligible);
        assert_eq!(order, texts(&row["full_order"]));
        assert_eq!(order[..4], texts(&row["order"]));
        let team = draw::team(seed, &eligible).unwrap();
        assert_eq!(team.members[..], texts(&row["team"]));
        assert_eq!(team.reserves, order[2..]);
    }
}

#[test]
fn r08_drop_detector() {
    let table = table!("r08-drop-detector.json");
    let params = &table["params"];
    let number = |value: &Value| value.as_f64().unwrap();
    let (phi, index) = (number(&params["phi"]), number(&params["regional_index"]));
    assert_eq!(number(&params["margin"]), detector::MARGIN);
    assert_eq!(number(&params["alarm"]), detector::ALARM);
    assert_eq!(list(&params["drops"]).iter().map(number).collect::<Vec<_>>(), detector::DROPS);
    let mut running = Detector::default();
    for row in rows(&table, 20) {
        let weekday = usize::try_from(count(&row["day"]) % 7).unwrap();
        let mean = detector::null_mean(number(&params["baseline_mon_to_sun"][weekday]), index);
        near(mean, row, "mu0", 1e-9);
        let y = count(&row["y"]);
        for (drop, wanted) in detector::DROPS.iter().zip(list(&row["ln_l"])) {
            let ln_l = detector::ln_likelihood(y, mean, *drop, phi);
            assert!((ln_l - number(wanted)).abs() <= 1e-8, "{ln_l}: {row}");
        }
        near_relative(running.observe(y, mean, phi), row, "R", 1e-8);
    }
}

#[test]
fn r09_interval_scan() {
    let table = table!("r09-interval-scan.json");
    let spans = |value: &Value| -> Vec<Span> {
        list(value).iter().map(|pair| Span::new(count(&pair[0]), count(&pair[1]))).collect()
    };
    for row in rows(&table, 20) {
        let should = Span::new(count(&row["first"]), count(&row["last"]));
        let found = population::scan(&spans(&row["batches"]), should);
        assert_eq!(found.gaps, spans(&row["gaps"]), "{row}");
        assert_eq!(found.overlaps, spans(&row["overlaps"]), "{row}");
        assert_eq!(found.outside, spans(&row["outside"]), "{row}");
        assert_eq!(found.bad, spans(&row["bad"]), "{row}");
        assert_eq!(found.covered, count(&row["covered"]), "{row}");
        assert_eq!(found.missing, count(&row["missing"]), "{row}");
    }
}

#[test]
fn r10_score() {
    let table = table!("r10-score.json");
    let plan = Plan { cap: u64::MAX, ..Plan::default() };
    for row in rows(&table, 20) {
        let [expected, missing, late] = ["expected", "missing", "late"].map(|c| count(&row[c]));
        let (size, t) = (count(&row["N"]), count(&row["t"]));
        assert_eq!(size, expected - missing);
        assert_eq!(plan.tolerable(size), count(&row["k0"]));
        let tally = Tally::of(t, count(&row["s"]));
        let bounds = plan.bounds(size, tally);
        let verdict = plan.verdict(size, tally);
        assert_eq!(verdict_text(verdict), row["verdict"], "{row}");
        assert_eq!([bounds.lower, bounds.upper], [count(&row["L"]), count(&row["U"])], "{row}");
        let flags = texts(&row["flags"]);
        let scored = score::score(&Facts {
            expected,
            missing,
            late,
            audit: (t > 0).then_some(Audited { size, bounds, verdict }),
            audited_lately: t > 0 && !flags.contains(&"no_recent_audit"),
            periods: 2,
            missing_period: false,
            critical: flags.contains(&"critical"),
            integrity: u32::from(flags.contains(&"integrity")),
            grave: flags.contains(&"fabrication"),
        });
        near(scored.completeness, row, "C", 1e-6);
        near(scored.timeliness, row, "T", 1e-6);
        near(scored.proven, row, "Q1", 1e-6);
        near(scored.unshown, row, "Q2", 1e-6);
        near(scored.integrity, row, "I", 0.0);
        assert_eq!(u64::from(scored.cap), count(&row["cap"]), "{row}");
        assert_eq!(u64::from(scored.points), count(&row["score"]), "{row}");
        assert_eq!(serde_json::to_value(scored.class).unwrap(), row["class"], "{row}");
        assert_eq!(Class::of(scored.points), scored.class);
    }
}

#[test]
fn r11_negative_binomial() {
    let table = table!("r11-negative-binomial.json");
    for row in rows(&table, 10) {
        let (phi, mean) = (row["phi"].as_f64().unwrap(), row["mu"].as_f64().unwrap());
        near(1.0 / phi, row, "r", 0.0);
        let p = detector::negative_binomial_cdf(count(&row["k"]), mean, phi);
        near_relative(p, row, "p", 1e-9);
    }
}

#[test]
fn r12_outcome() {
    let table = table!("r12-outcome.json");
    let plan = plan(&table["params"]);
    for row in rows(&table, 20) {
        let (size, failing) = (count(&row["N"]), count(&row["K"]));
        assert_eq!(plan.tolerable(size), count(&row["k0"]));
        let capped = Plan { cap: count(&row["cap"]), ..plan };
        let ends = verdict::outcome(&capped, size, failing);
        near(ends.pass, row, "pass", 1e-6);
        near(ends.fail, row, "fail", 1e-6);
        near(ends.undecided, row, "undecided", 1e-6);
        near(ends.mean_openings, row, "mean_openings", 1e-3);
    }
}

#[test]
fn s1_stratified() {
    let table = table!("s1-stratified.json");
    let pair = list(&table["params"]["prior"]);
    let prior = Prior { a: pair[0].as_f64().unwrap(), b: pair[1].as_f64().unwrap() };
    for row in rows(&table, 5) {
        let strata: Vec<Stratum> = list(&row["strata"])
            .iter()
            .map(|part| Stratum {
                size: count(&part["N"]),
                opened: count(&part["t"]),
                failing: count(&part["s"]),
            })
            .collect();
        near(stratified::ln_e(&strata, count(&row["k"]), prior), row, "ln_e", 1e-8);
    }
}
