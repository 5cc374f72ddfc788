//! Reports of `mtr --xml`: what is in the JSON, as elements.

use std::io::{self, BufRead};

use super::json::Report;
use crate::import::finding::Finding;
use crate::import::format::{Format, Reader, Sink};
use crate::import::sniff::Head;
use crate::import::xml::{self, Part};

/// The format `mtr-xml`.
pub(in crate::import) const FORMAT: Format =
    Format { name: "mtr-xml", recognises, stands_alone: true, reader: Reader::Stream(read) };

fn recognises(head: &Head) -> bool {
    head.has_element("MTR")
}

fn read(input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
    let mut report: Option<Report> = None;
    let (mut inside, mut number) = (String::new(), 0);
    let ended = xml::read(input, |part| match part {
        Part::Start(element) if element.name == "MTR" => {
            number += 1;
            let get = |name| element.get(name).map(str::to_owned);
            report = Some(Report::between(get("SRC"), get("DST")));
        }
        Part::Start(element) => {
            if let ("HUB", Some(report)) = (element.name.as_str(), &mut report) {
                let count = element.get("COUNT").and_then(|count| count.parse().ok());
                report.add(count, element.get("HOST").map(str::to_owned));
            }
            inside = element.name;
        }
        Part::Text(text) => {
            let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
            match (&mut report, number) {
                (Some(report), Some(number)) if inside == "Best" => report.best(number),
                // Old versions call it `Loss%`.
                (Some(report), Some(number)) if inside.starts_with("Loss") => report.loss(number),
                _ => {}
            }
        }
        Part::End(name) => {
            inside.clear();
            if name == "MTR"
                && let Some(report) = report.take()
            {
                report.findings().into_iter().for_each(|one| sink(number, one));
            }
        }
    })?;
    // A file that is cut off has the hops before that.
    if let Some(report) = report.take() {
        report.findings().into_iter().for_each(|one| sink(number, one));
        sink(number, Finding::Malformed("the input ends within a report".into()));
    }
    if let Err(why) = ended {
        sink(number + 1, Finding::Malformed(why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    const REPORT: &str = r#"<?xml version="1.0"?>
<MTR SRC="vm" DST="175.45.177.10" TOS="0x0" PSIZE="64" BITPATTERN="0x00" TESTS="2">
    <HUB COUNT="1" HOST="gw (192.168.1.1)">
        <Loss%>  0.0%</Loss%>
        <Best>   0.6</Best>
    </HUB>
    <HUB COUNT="2" HOST="???">
        <Loss>100.0%</Loss>
        <Best>   0.0</Best>
    </HUB>
    <HUB COUNT="3" HOST="188.43.225.153">
        <Loss>  0.0%</Loss>
        <Best> 184.2</Best>
    </HUB>
"#;

    #[test]
    fn reports_may_stand_one_behind_the_other() {
        let text = format!("{REPORT}</MTR>\n{REPORT}");
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("mtr-xml"));
        let trace = "175.45.177.10 from vm: 1 192.168.1.1@0.6, 2 *, 3 188.43.225.153@184.2";
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                format!("1: {trace}"),
                format!("2: {trace}"),
                "2: malformed: the input ends within a report".into()
            ]
        );
    }

    #[test]
    fn utf_16_is_read() {
        let text = format!("{REPORT}</MTR>\n").replace("1.0\"?", "1.0\" encoding=\"UTF-16\"?");
        let bytes: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(recognise(&bytes).map(Format::name), Some("mtr-xml"));
        assert_eq!(test_lines::of(FORMAT, &bytes), test_lines::of(FORMAT, text.as_bytes()));
        assert_eq!(test_lines::of(FORMAT, &bytes).len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            test_lines::of(FORMAT, &bytes);
        }
    }
}
