//! What is compared.

mod pop3;

use crate::job::Job;

/// Every job, in the order of the table.
pub(crate) fn all() -> Vec<Job> {
    [pop3::jobs()].into_iter().flatten().collect()
}
