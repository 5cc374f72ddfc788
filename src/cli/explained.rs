//! Explanations of traces, written one after the other.

use crate::output::{Explanation, explanations, write_csv, write_jsonl};

use super::format::Format;
use super::stdout;

/// Explanations on their way to stdout.
pub(super) struct Explained {
    format: Format,
    begun: bool,
    written: anyhow::Result<()>,
}

impl Explained {
    pub(super) fn new(format: Format) -> Self {
        Self { format, begun: false, written: Ok(()) }
    }

    pub(super) fn add(&mut self, all: &[Explanation]) {
        if self.written.is_ok() {
            self.written = self.write(all);
        }
    }

    fn write(&mut self, all: &[Explanation]) -> anyhow::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        stdout::write(|out| match self.format {
            Format::Table => {
                all.iter().try_for_each(|it| out.write_all(it.text(stdout::width()).as_bytes()))
            }
            Format::Csv => write_csv(&explanations(all), first, out),
            Format::Json => write_jsonl(&explanations(all), out),
        })
    }

    /// Says first, to people, that the traces are the lab's.
    pub(super) fn say_simulated(&mut self) {
        if self.format == Format::Table {
            self.written = stdout::write(|out| out.write_all(b"SIMULATED: traces of the lab\n\n"));
        }
    }

    /// All explanations have been added.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        if !self.begun {
            self.add(&[]);
        }
        self.written
    }
}
