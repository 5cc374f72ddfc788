//! The lab of other systems than Linux: they have no namespaces, so it is in virtual time only.

use super::error::LabError;
use super::scenario::Scenario;

/// Refuses: there are no network namespaces.
///
/// # Errors
/// Always.
pub fn enter(_scenario: Scenario, _seed: u64) -> Result<(), LabError> {
    Err(LabError::NeedsLinux)
}
