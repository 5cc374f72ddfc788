//! How things are as metrics, in the text format of Prometheus, for the textfile collector of `node_exporter`.
//!
//! Samples have no times of their own, because that collector refuses them: how old the newest run is
//! follows from `lasthop_last_run_timestamp_seconds`.

use std::fmt::{Display, Write as _};

use jiff::Timestamp;

use super::event::Kind;
use super::read::History;
use super::row::{Interval, Name};
use super::series::Series;

/// Metrics while they are collected.
struct Text<'h> {
    history: &'h History,
    text: String,
}

/// The metrics of a history.
#[must_use]
pub fn prometheus(history: &History) -> String {
    let mut text = Text { history, text: String::new() };
    text.runs();
    text.shares();
    text.carriers();
    text.border();
    text.events();
    text.text
}

impl Text<'_> {
    fn runs(&mut self) {
        self.each("last_run_timestamp_seconds", "When the newest run ended.", |series| {
            Some(seconds(series.state.ended))
        });
        self.each("last_run_complete", "Whether the newest run came to its own end.", |series| {
            Some(u8::from(series.state.complete))
        });
        self.each("runs", "Runs in the history.", |series| Some(series.runs));
        self.each("traces", "Traces of the newest run that classified any.", |series| {
            Some(series.state.traces)
        });
        self.each("traces_classified", "Those of them that were classified.", |series| {
            Some(series.state.classified)
        });
    }

    fn shares(&mut self) {
        type Limit = fn(&Interval) -> f32;
        let limits: [(&str, &str, Limit); 3] = [
            ("share_ratio", "Share of a class among the classified traces.", |it| it.share),
            ("share_low_ratio", "The lower limit of its 95 % interval.", |it| it.low),
            ("share_high_ratio", "The upper limit of its 95 % interval.", |it| it.high),
        ];
        for (name, help, limit) in limits {
            self.head(name, "gauge", help);
            for series in &self.history.series {
                for (class, share) in &series.state.shares {
                    let Some(share) = share else { continue };
                    let more = [("class", self.word(*class))];
                    self.sample(name, series, &more, limit(share));
                }
            }
        }
        self.head(
            "verdict",
            "gauge",
            "1 for the class that all classified traces share, or mixed, unknown, unreached.",
        );
        for series in &self.history.series {
            let verdict = series.state.verdict.text(&self.history.names).to_owned();
            self.sample("verdict", series, &[("verdict", verdict)], 1);
        }
        self.each(
            "verdict_since_timestamp_seconds",
            "Since when, where that was seen.",
            |series| series.state.since.map(seconds),
        );
    }

    fn carriers(&mut self) {
        self.head(
            "carrier_traces",
            "gauge",
            "Traces through a carrier, of the newest run that classified any.",
        );
        for series in &self.history.series {
            for holding in &series.state.carriers {
                let more = [("carrier", self.word(holding.carrier))];
                self.sample("carrier_traces", series, &more, holding.count);
            }
        }
        self.each(
            "redundancy_carriers",
            "Carriers that would have to fail before nothing is reached.",
            |series| Some(series.state.redundancy),
        );
    }

    fn border(&mut self) {
        self.each("border_rtt_seconds", "Median RTT of the last foreign hop.", |series| {
            series.state.rtt_ms.map(|ms| format!("{:.6}", f64::from(ms) / 1000.0))
        });
        self.each("hosts_pinged", "Targets that were pinged.", |series| {
            series.state.hosts.map(|hosts| hosts.pinged)
        });
        self.each("hosts_alive", "Targets that answered.", |series| {
            series.state.hosts.map(|hosts| hosts.alive)
        });
    }

    fn events(&mut self) {
        self.head("events_total", "counter", "What changed in the history.");
        for series in &self.history.series {
            for kind in Kind::ALL {
                let count = self.of(series, kind).count();
                let more = [("event", kind.name().to_owned())];
                self.sample("events_total", series, &more, count);
            }
        }
        self.head(
            "last_event_timestamp_seconds",
            "gauge",
            "When the first run ended that shows the newest change.",
        );
        for series in &self.history.series {
            for kind in Kind::ALL {
                let Some(last) = self.of(series, kind).max() else { continue };
                let more = [("event", kind.name().to_owned())];
                self.sample("last_event_timestamp_seconds", series, &more, seconds(last));
            }
        }
        self.head("history_lines_broken", "gauge", "Lines of the history that are no rows.");
        let _ =
            writeln!(self.text, "lasthop_history_lines_broken {}", self.history.counts.malformed);
    }

    fn of(&self, series: &Series, kind: Kind) -> impl Iterator<Item = Timestamp> + use<'_> {
        let place = (series.vantage, series.method, series.scope);
        self.history
            .events
            .iter()
            .filter(move |it| it.kind == kind && (it.vantage, it.method, it.scope) == place)
            .map(|event| event.after.at)
    }

    /// A metric with at most one value for each series.
    fn each<T: Display>(&mut self, name: &str, help: &str, value: impl Fn(&Series) -> Option<T>) {
        self.head(name, "gauge", help);
        for series in &self.history.series {
            if let Some(value) = value(series) {
                self.sample(name, series, &[], value);
            }
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP lasthop_{name} {help}\n# TYPE lasthop_{name} {kind}");
    }

    fn sample(
        &mut self,
        name: &str,
        series: &Series,
        more: &[(&str, String)],
        value: impl Display,
    ) {
        let own = [
            ("vantage", self.word(series.vantage)),
            ("method", self.word(series.method)),
            ("scope", series.scope.to_string()),
        ];
        let labels = own.iter().chain(more).filter(|(_, text)| !text.is_empty());
        let labels = labels.map(|(label, text)| format!("{label}=\"{}\"", escaped(text)));
        let labels = labels.collect::<Vec<_>>().join(",");
        let _ = writeln!(self.text, "lasthop_{name}{{{labels}}} {value}");
    }

    fn word(&self, name: Name) -> String {
        self.history.names.text(name).to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn seconds(at: Timestamp) -> String {
    format!("{}.{:03}", at.as_second(), at.subsec_millisecond().abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("a \"b\" \\ c\nd"), "a \\\"b\\\" \\\\ c\\nd");
    }
}
