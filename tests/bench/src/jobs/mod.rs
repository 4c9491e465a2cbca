//! What is compared.

mod bindings;
mod imap;
mod message;
mod pop3;
mod smtp;

use crate::job::Job;

pub(crate) use bindings::jobs as of_bindings;

/// Every job, in the order of the table, but for those of the bindings.
pub(crate) fn all() -> Vec<Job> {
    [imap::jobs(), smtp::jobs(), pop3::jobs(), message::jobs()].into_iter().flatten().collect()
}
