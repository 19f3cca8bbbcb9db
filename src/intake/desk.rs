//! What taking something in needs besides the house.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use super::limits::Gates;
use crate::foundation::House;
use crate::ledger::Sequencer;
use crate::rules::Packs;

/// The handles of intake.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) house: House,
    pub(super) sequencer: Sequencer,
    pub(super) packs: Arc<Packs>,
    pub(super) gates: Gates,
}

impl Desk {
    /// The desk of the server that `req` came to.
    #[expect(clippy::expect_used, reason = "the server registers these before any route")]
    pub(super) fn of(req: &HttpRequest) -> Desk {
        let missing = "the server registers the sequencer, the packs and the gates";
        Desk {
            house: House::of(req).clone(),
            sequencer: Sequencer::clone(req.app_data::<web::Data<Sequencer>>().expect(missing)),
            packs: Arc::clone(req.app_data::<web::Data<Arc<Packs>>>().expect(missing)),
            gates: Gates::clone(req.app_data::<web::Data<Gates>>().expect(missing)),
        }
    }
}
