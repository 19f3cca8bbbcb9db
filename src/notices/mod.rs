//! Letters: documents, outbox and mail.
