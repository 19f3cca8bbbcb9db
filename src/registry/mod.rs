//! Departments, duty holders, outlets, streams and officers.
