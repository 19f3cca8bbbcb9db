//! What one pack says otherwise than another.

use serde::Serialize;

use super::{
    describe::{PackView, RuleView},
    model::Severity,
};

/// What changes from one pack to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The first pack.
    pub from: String,
    /// The second pack.
    pub to: String,
    /// Members that only the second has.
    pub members_added: Vec<String>,
    /// Members that only the first has.
    pub members_removed: Vec<String>,
    /// Members whose need, form or codes are others.
    pub members_changed: Vec<String>,
    /// Rules that only the second has.
    pub rules_added: Vec<String>,
    /// Rules that only the first has.
    pub rules_removed: Vec<String>,
    /// Rules whose weight, text or articles are others.
    pub rules_changed: Vec<RuleChange>,
}

/// What changed in a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// The rule.
    pub id: String,
    /// Its weight before and after, if that changed.
    pub severity: Option<(Severity, Severity)>,
    /// Whether what people read of it changed.
    pub text: bool,
    /// Whether it stands on other articles.
    pub basis: bool,
}

/// Compares two packs.
pub fn difference(from: &PackView, to: &PackView) -> Difference {
    let path = |view: &PackView| -> Vec<String> {
        view.members.iter().map(|member| member.path.clone()).collect()
    };
    let id = |view: &PackView| -> Vec<String> {
        view.rules.iter().map(|rule| rule.rule.id.clone()).collect()
    };
    let (members, rules) = ((path(from), path(to)), (id(from), id(to)));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|this| !those.contains(this)).cloned().collect()
    };
    let mut members_changed = Vec::new();
    for before in &from.members {
        let after = to.members.iter().find(|after| after.path == before.path);
        let same = |after| (&before.needs, &before.form, &before.codes) == after;
        if after.is_some_and(|after| !same((&after.needs, &after.form, &after.codes))) {
            members_changed.push(before.path.clone());
        }
    }
    let rules_changed = from.rules.iter().filter_map(|before| {
        change(before, to.rules.iter().find(|after| after.rule.id == before.rule.id)?)
    });
    Difference {
        from: from.line.id.clone(),
        to: to.line.id.clone(),
        members_added: only(&members.1, &members.0),
        members_removed: only(&members.0, &members.1),
        members_changed,
        rules_added: only(&rules.1, &rules.0),
        rules_removed: only(&rules.0, &rules.1),
        rules_changed: rules_changed.collect(),
    }
}

fn change(before: &RuleView, after: &RuleView) -> Option<RuleChange> {
    let text = |view: &RuleView| {
        let rule = &view.rule;
        [rule.zh.clone(), rule.en.clone(), rule.repair_zh.clone(), rule.repair_en.clone()]
    };
    let weights = (before.rule.severity, after.rule.severity);
    let change = RuleChange {
        id: before.rule.id.clone(),
        severity: (weights.0 != weights.1).then_some(weights),
        text: text(before) != text(after),
        basis: before.rule.basis != after.rule.basis,
    };
    (change.severity.is_some() || change.text || change.basis).then_some(change)
}
