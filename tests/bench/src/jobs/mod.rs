//! What is compared.

mod imap;
mod message;
mod pop3;
mod smtp;

use crate::job::Job;

/// Every job, in the order of the table.
pub(crate) fn all() -> Vec<Job> {
    [imap::jobs(), smtp::jobs(), pop3::jobs(), message::jobs()].into_iter().flatten().collect()
}
