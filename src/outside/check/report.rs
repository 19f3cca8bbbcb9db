//! How problems are told: a table for people, JSON lines, or SARIF 2.1.0.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};

use super::source::Piece;
use super::{Asked, Unusable};
use crate::foundation::web::Lang;
use crate::rules::{Failure, Judgement, Pack, Rule, Severity};

/// How problems are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people.
    Human,
    /// One JSON object a problem and line, the totals last.
    Json,
    /// One SARIF 2.1.0 document.
    Sarif,
}

/// What was found in all files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records that were judged.
    pub records: u64,
    /// Records that fail: at least one problem is major or worse.
    pub failing: u64,
    /// Records of which the pack cannot tell.
    pub undecided: u64,
    /// Problems of all weights.
    pub problems: u64,
    /// Problems by rule.
    pub rules: BTreeMap<String, u64>,
}

impl Totals {
    /// Whether no record fails, and the pack could tell so of every one.
    pub fn passes(&self) -> bool {
        self.failing == 0 && self.undecided == 0
    }

    fn count(&mut self, judgement: &Judgement) {
        self.records += 1;
        self.failing += u64::from(judgement.fails());
        self.undecided += u64::from(judgement.undecided());
        for failure in &judgement.failures {
            self.count_rule(&failure.rule, 1);
        }
    }

    fn count_rule(&mut self, rule: &str, times: u64) {
        self.problems += times;
        match self.rules.get_mut(rule) {
            Some(count) => *count += times,
            None => {
                self.rules.insert(rule.to_owned(), times);
            }
        }
    }

    fn add(&mut self, other: &Totals) {
        self.records += other.records;
        self.failing += other.failing;
        self.undecided += other.undecided;
        other.rules.iter().for_each(|(rule, times)| self.count_rule(rule, *times));
    }
}

/// What one piece of a file comes to.
pub(super) struct Told {
    text: Vec<u8>,
    totals: Totals,
    bytes: u64,
}

/// Judges pieces and puts the problems into words; every thread may use the same one.
pub(super) struct Teller<'a> {
    asked: &'a Asked<'a>,
    file: Arc<str>,
    severities: [String; 4],
}

/// One problem, as a line of JSON.
#[derive(Serialize)]
struct Problem<'a> {
    file: &'a str,
    line: u64,
    rule: &'a str,
    severity: Severity,
    pointer: &'a str,
    text: &'a str,
    repair: &'a str,
}

/// What a rule says and how to repair it, in one language.
fn words(rule: Option<&Rule>, lang: Lang) -> (&str, &str) {
    match (rule, lang) {
        (None, _) => ("", ""),
        (Some(rule), Lang::Zh) => (&rule.zh, &rule.repair_zh),
        (Some(rule), Lang::En) => (&rule.en, &rule.repair_en),
    }
}

impl Teller<'_> {
    /// Judges the records of a piece.
    pub(super) fn tell(&self, piece: &Piece) -> Told {
        let (mut text, mut totals) = (Vec::new(), Totals::default());
        piece.each(|line, record| {
            let judgement = self.asked.pack.check(record, &self.asked.known);
            totals.count(&judgement);
            if !self.asked.summary {
                for failure in &judgement.failures {
                    self.write(&mut text, line, failure);
                }
            }
        });
        Told { text, totals, bytes: piece.bytes }
    }

    #[expect(clippy::expect_used, reason = "a Vec takes everything, and these types are JSON")]
    fn write(&self, text: &mut Vec<u8>, line: u64, failure: &Failure) {
        let (says, repair) = words(self.asked.pack.rule(&failure.rule), self.asked.lang);
        let Failure { rule, severity, pointer } = failure;
        match self.asked.form {
            Form::Human => {
                let weight = &self.severities[place_of(*severity)];
                let head = writeln!(text, "{line:>8}  {weight:<8}  {rule}  {pointer}");
                head.and_then(|()| writeln!(text, "          {says}\n          → {repair}"))
                    .expect("writes");
            }
            Form::Json => {
                let (file, severity) = (&*self.file, *severity);
                let problem = Problem { file, line, rule, severity, pointer, text: says, repair };
                serde_json::to_writer(&mut *text, &problem).expect("serialises");
                text.push(b'\n');
            }
            Form::Sarif => {
                let result = json!({
                    "ruleId": rule, "level": level(*severity), "message": { "text": says },
                    "locations": [{
                        "physicalLocation": {
                            "artifactLocation": { "uri": uri(&self.file) },
                            "region": { "startLine": line.max(1) },
                        },
                        "logicalLocations": [{ "fullyQualifiedName": pointer, "kind": "member" }],
                    }],
                });
                text.push(b',');
                serde_json::to_writer(&mut *text, &result).expect("serialises");
                text.push(b'\n');
            }
        }
    }
}

fn place_of(severity: Severity) -> usize {
    match severity {
        Severity::Advice => 0,
        Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    }
}

/// The level of a result (SARIF 2.1.0, §3.27.10).
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Advice => "note",
        Severity::Minor => "warning",
        Severity::Major | Severity::Critical => "error",
    }
}

/// A file name as a relative URI reference (RFC 3986, §4.2).
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Everything that is told, in order.
pub(super) struct Report<'a, 'o> {
    asked: &'a Asked<'a>,
    output: &'o mut (dyn Write + Send),
    bar: ProgressBar,
    file: Arc<str>,
    totals: Totals,
    /// Whether a result was written; the next one then needs a comma.
    continued: bool,
}

impl<'a, 'o> Report<'a, 'o> {
    pub(super) fn new(
        asked: &'a Asked<'a>,
        output: &'o mut (dyn Write + Send),
        bar: ProgressBar,
    ) -> Report<'a, 'o> {
        let totals = Totals::default();
        Report { asked, output, bar, file: Arc::from("-"), totals, continued: false }
    }

    /// Begins the document.
    pub(super) fn begin(&mut self) -> Result<(), Unusable> {
        if self.asked.form != Form::Sarif {
            return Ok(());
        }
        let driver = driver(self.asked.pack, self.asked.lang);
        let head = format!(
            "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\
             \"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{driver}}},\"results\":[\n"
        );
        self.write(head.as_bytes())
    }

    /// Names the file that is checked next.
    pub(super) fn file(&mut self, name: &str) -> Result<(), Unusable> {
        self.file = Arc::from(name);
        if self.asked.form == Form::Human && !self.asked.summary {
            return self.write(format!("{name}\n").as_bytes());
        }
        Ok(())
    }

    /// What judges the pieces of the file.
    pub(super) fn teller(&self) -> Teller<'a> {
        let severities = ["advice", "minor", "major", "critical"];
        let severities =
            severities.map(|severity| self.asked.lang.text(&format!("check-severity-{severity}")));
        Teller { asked: self.asked, file: Arc::clone(&self.file), severities }
    }

    /// Adds what was found in the next piece.
    pub(super) fn add(&mut self, told: Told) -> Result<(), Unusable> {
        self.totals.add(&told.totals);
        let mut text = told.text.as_slice();
        if self.asked.form == Form::Sarif && !self.continued && !text.is_empty() {
            text = text.strip_prefix(b",").unwrap_or(text);
            self.continued = true;
        }
        self.write(text)?;
        self.bar.inc(told.bytes);
        Ok(())
    }

    /// Ends the document and gives the totals.
    pub(super) fn end(mut self) -> Result<Totals, Unusable> {
        let end = match self.asked.form {
            Form::Human => self.totals_in_words(),
            Form::Json => format!("{}\n", json!({ "summary": self.totals })),
            Form::Sarif => "]}]}\n".to_owned(),
        };
        self.write(end.as_bytes())?;
        self.output.flush().map_err(Unusable::Output)?;
        Ok(self.totals)
    }

    fn totals_in_words(&self) -> String {
        let (totals, lang) = (&self.totals, self.asked.lang);
        let mut words = String::new();
        if self.asked.summary {
            for (rule, times) in &totals.rules {
                let (says, _) = self::words(self.asked.pack.rule(rule), lang);
                words.push_str(&format!("{times:>8}  {rule}\n          {says}\n"));
            }
        }
        let Totals { records, failing, undecided, problems, .. } = totals;
        words.push_str(&lang.text_with(
            "check-total",
            &[("records", records), ("failing", failing), ("problems", problems)],
        ));
        words.push('\n');
        if *undecided > 0 {
            words.push_str(&lang.text_with("check-undecided", &[("undecided", undecided)]));
            words.push('\n');
        }
        words
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Unusable> {
        if text.is_empty() {
            return Ok(());
        }
        let Report { output, bar, .. } = self;
        let written: io::Result<()> = bar.suspend(|| output.write_all(text));
        written.map_err(Unusable::Output)
    }
}

/// The tool and its rules (SARIF 2.1.0, §3.19).
fn driver(pack: &Pack, lang: Lang) -> Value {
    let rules: Vec<Value> = pack
        .rules()
        .map(|rule| {
            let (says, repair) = words(Some(rule), lang);
            json!({
                "id": rule.id, "shortDescription": { "text": says }, "help": { "text": repair },
                "defaultConfiguration": { "level": level(rule.severity) },
            })
        })
        .collect();
    json!({
        "name": "chayan", "version": env!("CARGO_PKG_VERSION"),
        "properties": { "pack": pack.id() }, "rules": rules,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_uri() {
        assert_eq!(uri("a b/三月.csv"), "a%20b/%E4%B8%89%E6%9C%88.csv");
    }
}
