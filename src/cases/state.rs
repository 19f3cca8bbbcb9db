//! Where a case can stand, and what can happen to it: one table that fits on a screen.

use crate::foundation::db::text_enum;

text_enum! {
    /// Where a case stands.
    pub enum State {
        /// Its letters wait.
        Opened = "opened",
        /// Nobody took a letter: paper is needed.
        Undeliverable = "undeliverable",
        /// The notice is served; the time runs, unless it is suspended.
        Served = "served",
        /// The time of an order is over, or a check found it not corrected.
        Overdue = "overdue",
        /// The business has answered; an officer is to look at it.
        Replied = "replied",
        /// A check is planned or done, and the case is not closed.
        Rechecking = "rechecking",
        /// It is over, with a result.
        Closed = "closed",
        /// The department has called the business in, or inspects it jointly.
        Escalated = "escalated",
        /// The penalty procedure has it.
        HandedOver = "handed_over",
        /// Another organ has it.
        Transferred = "transferred",
    }
}

text_enum! {
    /// What happens to a case.
    pub enum Event {
        /// An officer confirmed the finding.
        Open = "open",
        /// The notice was served.
        Serve = "serve",
        /// Every letter was refused, or none was taken for 72 hours.
        Miscarry = "miscarry",
        /// The time of an order ran out.
        Lapse = "lapse",
        /// The business said that it has read the notice.
        Acknowledge = "acknowledge",
        /// The business answered.
        Reply = "reply",
        /// The business asked for more time.
        AskExtension = "ask_extension",
        /// It got more time.
        Extend = "extend",
        /// It did not.
        RefuseExtension = "refuse_extension",
        /// The time stands still.
        Suspend = "suspend",
        /// The time runs again.
        Resume = "resume",
        /// A check of what was corrected was planned.
        PlanRecheck = "plan_recheck",
        /// Two officers were drawn or named for the check.
        NameOfficers = "name_officers",
        /// The check found it corrected.
        Pass = "pass",
        /// The check found that an order was not followed.
        Fail = "fail",
        /// The check found that advice was not followed; no time runs.
        Unheeded = "unheeded",
        /// An officer proposed to close.
        ProposeClosing = "propose_closing",
        /// Another person, who leads, closed.
        Close = "close",
        /// He did not.
        RefuseClosing = "refuse_closing",
        /// It was proposed to go further.
        ProposeEscalation = "propose_escalation",
        /// The business is called in, or inspected jointly.
        Escalate = "escalate",
        /// The penalty procedure gets the case.
        HandOver = "hand_over",
        /// Another organ gets the case.
        Transfer = "transfer",
        /// It was decided not to go further.
        RefuseEscalation = "refuse_escalation",
        /// Its findings went to another case.
        Merge = "merge",
        /// Findings of another case came here.
        Join = "join",
        /// Some of its findings went to a case of their own.
        Split = "split",
        /// It was closed too early.
        Reopen = "reopen",
    }
}

impl State {
    /// The state after `event`, or `None` where the event has no meaning.
    pub fn after(self, event: Event) -> Option<Self> {
        use {Event::*, State::*};
        Some(match (self, event) {
            (Opened | Undeliverable, Serve) => Served,
            (Opened, Miscarry) => Undeliverable,
            (Served, Lapse) => Overdue,
            // Who answers has the notice, whatever became of the letters.
            (Opened | Undeliverable | Served | Overdue, Reply) => Replied,
            (Served | Overdue | Replied, PlanRecheck) => Rechecking,
            (Rechecking, Fail) => Overdue,
            (Rechecking, Unheeded) => Served,
            // What was asked in time may be granted when the time is over.
            (Overdue, Extend) => Served,
            (Overdue, Escalate) => Escalated,
            (Overdue | Escalated, HandOver) => HandedOver,
            (from, Transfer) if !from.is_final() => Transferred,
            (from, Close | Merge) if !from.is_final() => Closed,
            (Closed, Reopen) => Served,
            (from, event) if from.stays(event) => from,
            _ => return None,
        })
    }

    /// Whether `event` has a meaning here and changes nothing of where the case stands.
    fn stays(self, event: Event) -> bool {
        use {Event::*, State::*};
        match event {
            AskExtension | Extend | Suspend | Resume => self == Served,
            RefuseExtension => matches!(self, Served | Overdue | Replied | Rechecking | Escalated),
            NameOfficers | Pass => matches!(self, Rechecking | Escalated),
            PlanRecheck | Fail | Unheeded | Escalate => self == Escalated,
            Reply => matches!(self, Replied | Rechecking | Escalated),
            Acknowledge | ProposeClosing | RefuseClosing | ProposeEscalation | RefuseEscalation
            | Join | Split => !self.is_final(),
            _ => false,
        }
    }

    /// Whether nothing of the department's follows any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::HandedOver | Self::Transferred)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events() -> impl Strategy<Value = Vec<Event>> {
        proptest::collection::vec(proptest::sample::select(Event::ALL), 0..40)
    }

    proptest! {
        #[test]
        fn nothing_leaves_an_end_but_a_reopening(events in events()) {
            let mut state = State::Opened;
            for event in events {
                let Some(next) = state.after(event) else { continue };
                if state.is_final() {
                    prop_assert_eq!((state, event, next), (State::Closed, Event::Reopen, State::Served));
                }
                state = next;
            }
        }

        #[test]
        fn a_case_is_overdue_only_by_time_or_by_a_failed_check(events in events()) {
            let mut state = State::Opened;
            for event in events {
                let Some(next) = state.after(event) else { continue };
                if next == State::Overdue && state != State::Overdue {
                    prop_assert!(matches!(event, Event::Lapse | Event::Fail));
                }
                state = next;
            }
        }

        #[test]
        fn the_penalty_procedure_gets_a_case_only_after_it_was_overdue(events in events()) {
            let (mut state, mut overdue) = (State::Opened, false);
            for event in events {
                let Some(next) = state.after(event) else { continue };
                state = next;
                // A check that fails while the business is called in weighs the same.
                overdue |= state == State::Overdue || state == State::Escalated;
                prop_assert!(state != State::HandedOver || overdue);
            }
        }

        #[test]
        fn the_notice_is_not_unserved_again(events in events()) {
            let (mut state, mut served) = (State::Opened, false);
            for event in events {
                let Some(next) = state.after(event) else { continue };
                state = next;
                served |= !matches!(state, State::Opened | State::Undeliverable);
                prop_assert!(!served || !matches!(state, State::Opened | State::Undeliverable));
            }
        }
    }

    #[test]
    fn every_state_can_be_reached() {
        let mut reached = vec![State::Opened];
        for _ in State::ALL {
            for state in reached.clone() {
                reached.extend(Event::ALL.iter().filter_map(|event| state.after(*event)));
            }
            reached.sort();
            reached.dedup();
        }
        assert_eq!(reached, State::ALL);
    }

    #[test]
    fn every_event_but_the_opening_has_a_meaning_somewhere() {
        for event in Event::ALL.iter().filter(|event| **event != Event::Open) {
            assert!(State::ALL.iter().any(|state| state.after(*event).is_some()), "{event}");
        }
    }
}
