//! From when to when a report is wanted.

use jiff::Timestamp;

use super::super::values;

/// Where a report begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// With the runs that began at this time or later.
    Time(Timestamp),
    /// With the newest run of each vantage and method.
    Newest,
}

pub(super) fn since(text: &str) -> Result<Since, String> {
    match text {
        "newest" => Ok(Since::Newest),
        text => until(text).map(Since::Time).map_err(|expected| format!("{expected}, or newest")),
    }
}

pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    values::time(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_minutes_and_zones() {
        let at = |text: &str| until(text).expect(text).to_string();
        assert_eq!(at("2017-10-01"), "2017-10-01T00:00:00Z");
        assert_eq!(at("2017-10-01T09:05"), "2017-10-01T09:05:00Z");
        assert_eq!(at("2017-10-01T09:05:07.5+09:00"), "2017-10-01T00:05:07.5Z");
        assert!(until("yesterday").is_err());
        assert_eq!(since("newest"), Ok(Since::Newest));
    }
}
