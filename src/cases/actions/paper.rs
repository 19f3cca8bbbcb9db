//! Documents that follow a notice: words from the Fluent files, to every contact of the business.

use std::fmt::Display;

use super::super::error::CaseError;
use super::super::model::Case;
use super::decide::checkpoint_line;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;
use crate::notices::{Draft, LetterKind, Paper, Recipient, Wording, enqueue_in};
use crate::registry;

/// What a document says: a sentence for what happened and one for what to do, by their Fluent keys
/// `cases-paper-<key>` and `cases-paper-<key>-then`, with values.
pub(super) struct Sentences {
    key: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Sentences {
    pub(super) const fn of(key: &'static str) -> Self {
        Self { key, values: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    fn say(&self, lang: Lang) -> Wording {
        let mut values: Vec<(&'static str, &dyn Display)> = Vec::new();
        for (name, value) in &self.values {
            values.push((name, value));
        }
        let say =
            |ending: &str| lang.text_with(&format!("cases-paper-{}{ending}", self.key), &values);
        Wording { facts: vec![say("")], demands: vec![say("-then")] }
    }
}

/// A document about `case`.
pub(super) struct Paperwork<'a> {
    pub(super) kind: LetterKind,
    pub(super) case: &'a Case,
    pub(super) words: Sentences,
    pub(super) deadline: Option<Day>,
}

impl Paperwork<'_> {
    /// Queues it for every contact of the business, on behalf of the officers with these
    /// certificates.
    pub(super) fn send(
        self,
        tx: &mut Conn,
        house: &House,
        cipher: &FieldCipher,
        certificates: &[String],
    ) -> Result<(), CaseError> {
        let contacts = registry::contacts_of(tx, cipher, self.case.holder)?;
        let places = (0..).zip(&contacts);
        let to = places.map(|(at, one)| (Recipient::Contact(at), one.lang)).collect();
        let holder = registry::holder(tx, self.case.holder)?.ok_or(CaseError::NotFound)?;
        self.queue(tx, house, holder.name, certificates, to)
    }

    /// Queues it on paper for another organ, called `receiver`.
    pub(super) fn print(
        self,
        tx: &mut Conn,
        house: &House,
        receiver: &str,
        certificates: &[String],
    ) -> Result<(), CaseError> {
        let to = vec![(Recipient::Nobody, Lang::Zh)];
        self.queue(tx, house, receiver.to_owned(), certificates, to)
    }

    fn queue(
        self,
        tx: &mut Conn,
        house: &House,
        addressee: String,
        certificates: &[String],
        recipients: Vec<(Recipient, Lang)>,
    ) -> Result<(), CaseError> {
        let organ = registry::department(tx, self.case.department)?.ok_or(CaseError::NotFound)?;
        let paper = Paper {
            kind: self.kind,
            case: self.case.id,
            organ: (&organ).into(),
            holder: self.case.holder,
            addressee,
            follows: self.case.number.clone(),
            certificates: certificates.to_vec(),
            zh: self.words.say(Lang::Zh),
            en: self.words.say(Lang::En),
            deadline: self.deadline,
            checkpoint: checkpoint_line(tx)?,
            recipients,
        };
        enqueue_in(tx, house, &Draft::paper(paper)?)?;
        Ok(())
    }
}
