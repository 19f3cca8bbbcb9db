//! Audit, period and evidence keys; the only door to opening a record.
