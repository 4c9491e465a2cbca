//! Kotlin: what its package needs, how it is built, how it is tested.

use super::{Built, Counts};

/// Installs what is missing, or names it.
pub(super) fn setup(_built: &Built) -> Result<(), String> {
    Ok(())
}

/// Builds the package.
pub(super) fn build(_built: &Built) -> Result<(), String> {
    Ok(())
}

/// Runs the tests of the package.
pub(super) fn test(_built: &Built) -> Result<Counts, String> {
    Ok(Counts::default())
}
