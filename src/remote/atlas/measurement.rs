//! A measurement of RIPE Atlas, as its object says it. Any field may be missing or of another type.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::Value;

use crate::remote::error::shown;

/// A measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Its number.
    pub id: u64,
    /// What its owner calls it, in which nothing can change a terminal.
    pub description: String,
    /// What was asked for: an address or a name.
    pub target: String,
    /// The address that it went to.
    pub target_ip: Option<Ipv4Addr>,
    /// How far it is.
    pub status: Status,
    /// The protocol of its packets.
    pub protocol: Option<String>,
    /// Whether it is made once.
    pub is_oneoff: Option<bool>,
    /// The seconds from one run to the next.
    pub interval: Option<u64>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended, or will.
    pub stops: Option<Timestamp>,
    /// How many probes it has, or was to have.
    pub probes: Option<u64>,
    /// How many take part; nothing as long as that is not known.
    pub scheduled: Option<u64>,
    /// What a result costs.
    pub credits_per_result: Option<u64>,
}

/// How far a measurement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is going to begin.
    Waiting,
    /// Results come.
    Ongoing,
    /// It has ended; all results have come, or nearly all.
    Stopped,
    /// It has ended before its time.
    ForcedToStop,
    /// Nothing will come; this is why.
    Failed(String),
    /// Nobody is sure what this one means: there may be results.
    Unclear(String),
}

impl Measurement {
    /// The measurement that `value` describes; nothing without a number.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(shown);
        let count = |name: &str| whole(value.get(name)?);
        let time = |name: &str| value.get(name).and_then(time);
        let status = value.get("status");
        Some(Self {
            id: count("id")?,
            description: text("description").unwrap_or_default(),
            target: text("target").unwrap_or_default(),
            target_ip: text("target_ip").and_then(|text| text.parse().ok()),
            status: Status::read(status),
            protocol: text("protocol"),
            is_oneoff: value.get("is_oneoff").and_then(Value::as_bool),
            interval: count("interval"),
            started: time("start_time"),
            stops: time("stop_time"),
            probes: count("participant_count").or_else(|| count("probes_requested")),
            scheduled: count("probes_scheduled"),
            credits_per_result: count("credits_per_result"),
        })
    }
}

impl Status {
    fn read(status: Option<&Value>) -> Self {
        let of = |name| status.and_then(|status: &Value| status.get(name));
        let number = of("id").and_then(whole).or_else(|| whole(status?));
        let name = of("name").and_then(Value::as_str).map(shown);
        let named = |or: &str| name.clone().unwrap_or_else(|| or.to_owned());
        match number {
            Some(0 | 1) => Self::Waiting,
            Some(2) | None => Self::Ongoing,
            Some(4) => Self::Stopped,
            Some(5) => Self::ForcedToStop,
            Some(6) => Self::Failed(named("No suitable probes")),
            Some(7) => Self::Failed(named("Failed")),
            Some(9) => Self::Failed(named("Canceled")),
            Some(other) => Self::Unclear(named(&format!("status {other}"))),
        }
    }

    /// In a word or two.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Waiting => "Scheduled",
            Self::Ongoing => "Ongoing",
            Self::Stopped => "Stopped",
            Self::ForcedToStop => "Forced to stop",
            Self::Failed(name) | Self::Unclear(name) => name,
        }
    }
}

/// A whole number, also where it was written as a text or as a fraction of nothing.
pub(super) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).or_else(|| {
        let is_whole = |number: &f64| (0.0..9e15).contains(number) && number.fract() == 0.0;
        let number = value.as_f64().filter(is_whole)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked before"
        )]
        Some(number as u64)
    })
}

/// A time: seconds, or ISO 8601 with or without a zone.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Timestamp::from_second(seconds).ok();
    }
    let text = value.as_str()?;
    let civil =
        || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Measurement> {
        Measurement::read(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn fields_of_any_type_are_survived() {
        let read = read(
            r#"{"id":9007199254740993,"description":"a\u001b[31mb","target":null,"target_ip":"175.45.176.71","status":{"id":2,"name":"Ongoing"},
                "start_time":"2026-11-28T14:12:00","stop_time":1790000000,"probes_scheduled":"48","participant_count":-1.5}"#,
        );
        let read = read.expect("a measurement");
        assert_eq!(read.id, 9_007_199_254_740_993);
        assert_eq!(read.description, "a [31mb");
        assert_eq!(read.target_ip, Some(Ipv4Addr::new(175, 45, 176, 71)));
        assert_eq!((read.scheduled, read.probes), (Some(48), None));
        assert_eq!(read.started.map(Timestamp::as_second), Some(1_795_875_120));
        assert_eq!(read.status, Status::Ongoing);
        assert_eq!(super::Measurement::read(&Value::Null), None);
        let wholes = ["7.0", "\"7\"", "7.9"].map(|text| whole(&text.parse().expect("JSON")));
        assert_eq!(wholes, [Some(7), Some(7), None]);
    }

    #[test]
    fn each_status_says_whether_something_will_come() {
        let of = |id: u64| Status::read(Some(&serde_json::json!({"id": id, "name": "N"})));
        assert_eq!([of(0), of(1)], [Status::Waiting, Status::Waiting]);
        assert_eq!([of(4), of(5)], [Status::Stopped, Status::ForcedToStop]);
        assert_eq!(of(6), Status::Failed("N".into()));
        assert_eq!([of(3), of(8)], [Status::Unclear("N".into()), Status::Unclear("N".into())]);
        assert_eq!(Status::read(None), Status::Ongoing);
    }
}
