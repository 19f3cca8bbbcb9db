//! `notify`: carries letters from the outbox to the mail server. It has no listening port and no
//! key that opens a record.

use std::time::Duration;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::notices::{self, Carrier};
use crate::roles::serve::told_to_stop;

/// How long the outbox is left alone after it was found empty.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs the role until the process is told to stop.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn run(config: &Config) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let (mailer, from) = app::mailer(config)?;
    let carrier = Carrier { mailer, from, cipher: app::field_cipher(config)? };
    let domain = carrier.from.domain().to_owned();
    tracing::info!("notify is ready");
    let stop = told_to_stop()?;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            carried = notices::carry_once(&house, &carrier) => {
                if let Err(cause) = carried {
                    tracing::error!(cause = %cause, "letters could not be carried: {cause}");
                }
            }
        }
        if let Some(folder) = &config.bounce_maildir
            && let Err(cause) = notices::collect_bounces(&house, folder, &domain).await
        {
            tracing::error!(cause = %cause, "delivery reports could not be read: {cause}");
        }
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(PAUSE.min(config.job_tick)) => {}
        }
    }
}
