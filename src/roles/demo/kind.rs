//! What can be planted, by kind.

/// A kind of defect, or of another event that the checks must tell from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Numbers that are never sent.
    Gap,
    /// A day with neither records nor a signed nil return.
    MissingDay,
    /// A day that is sent after its deadline.
    LateDay,
    /// A day close that states another count than was sent.
    CloseMismatch,
    /// A day of a closure that was declared beforehand: no defect, and not to be called one.
    ClosedDay,
    /// A business that suddenly records far fewer customers than before.
    SuddenDrop,
    /// A record without one of its fields.
    MissingField,
    /// A document number with a wrong check digit.
    WrongCheckDigit,
    /// A minor without guardian.
    MinorAlone,
    /// A parcel without its item.
    MissingItem,
    /// A customer who was served although the document is not his.
    Unverified,
    /// A record that cannot be opened.
    Unopenable,
    /// A drawn record that is never disclosed.
    Undisclosed,
    /// A record that was wrong and corrected in time: judged by its correction, it passes.
    Corrected,
}

impl Kind {
    /// Every kind, those that concern days first.
    pub const ALL: [Kind; 14] = [
        Kind::Gap,
        Kind::MissingDay,
        Kind::LateDay,
        Kind::CloseMismatch,
        Kind::ClosedDay,
        Kind::SuddenDrop,
        Kind::MissingField,
        Kind::WrongCheckDigit,
        Kind::MinorAlone,
        Kind::MissingItem,
        Kind::Unverified,
        Kind::Unopenable,
        Kind::Undisclosed,
        Kind::Corrected,
    ];

    /// Whether it is seen without opening any record.
    pub const fn of_population(self) -> bool {
        matches!(
            self,
            Kind::Gap
                | Kind::MissingDay
                | Kind::LateDay
                | Kind::CloseMismatch
                | Kind::ClosedDay
                | Kind::SuddenDrop
        )
    }

    /// The text that names it.
    pub const fn key(self) -> &'static str {
        match self {
            Kind::Gap => "demo-gap",
            Kind::MissingDay => "demo-missing-day",
            Kind::LateDay => "demo-late-day",
            Kind::CloseMismatch => "demo-close-mismatch",
            Kind::ClosedDay => "demo-closed-day",
            Kind::SuddenDrop => "demo-sudden-drop",
            Kind::MissingField => "demo-missing-field",
            Kind::WrongCheckDigit => "demo-check-digit",
            Kind::MinorAlone => "demo-minor",
            Kind::MissingItem => "demo-missing-item",
            Kind::Unverified => "demo-unverified",
            Kind::Unopenable => "demo-unopenable",
            Kind::Undisclosed => "demo-undisclosed",
            Kind::Corrected => "demo-corrected",
        }
    }
}
