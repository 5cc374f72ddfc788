//! `lasthop classify`: the same judgement on traceroutes made elsewhere.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use jiff::Timestamp;

use crate::import::{FORMATS, Format, named};
use crate::survey::ReadOptions;

use super::common::Common;
use super::exit::Exit;
use super::judging::{self, Judging, Reading};
use super::values;

/// Judge traceroutes from anywhere: RIPE Atlas, scamper, traceroute, tracert, mtr
///
/// Reads files, or stdin if none is given, plain or compressed (gzip, bzip2, xz, zstd), folders and
/// archives (tar, zip) with all that is in them, and recognises the format of each. Traces to destinations outside the block are refused and counted. The summary goes
/// to stdout: one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
pub(super) struct Classify {
    /// Files and folders; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of all files [default: recognised by their content]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    from: Option<&'static Format>,
    /// The destination of traces whose file does not name it [default: the last answer, if it is an
    /// address of the block]
    #[arg(long, value_name = "ADDRESS")]
    target: Option<Ipv4Addr>,
    /// When the traces were made, where the files do not say it: 2017-10-01T09:05, in UTC
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    at: Option<Timestamp>,
    #[command(flatten)]
    judging: Judging,
}

impl Classify {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let files = self.inputs();
        self.judging.needs(common).reads(&files).confine(common);
        let inputs: Vec<_> = files.iter().map(|path| ("input", path.clone())).collect();
        self.judging.run(&inputs, self.at, common, |_, survey| {
            let options =
                ReadOptions { from: self.from, target: self.target, details: common.is_verbose() };
            let names = survey
                .read_files(&files, &options, &mut |remark| judging::report(remark, common))?;
            Ok(Reading { names, ..Reading::default() })
        })
    }

    /// The files, or stdin.
    fn inputs(&self) -> Vec<PathBuf> {
        if self.files.is_empty() { vec![PathBuf::from("-")] } else { self.files.clone() }
    }
}

/// Reads the name of a format.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let names = PossibleValuesParser::new(FORMATS.iter().map(Format::name));
    names.try_map(|name| named(&name).ok_or("no such format"))
}
