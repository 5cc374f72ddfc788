//! Lines that open or close a block of code.

/// What stands behind the fences at the beginning of a line, if there are any.
pub(super) fn behind_fences(line: &str) -> Option<&str> {
    let mut behind = behind_fence(line)?;
    while let Some(next) = behind_fence(behind) {
        behind = next;
    }
    Some(behind)
}

/// What stands behind a fence at the beginning of a line.
fn behind_fence(line: &str) -> Option<&str> {
    const FENCES: [&str; 8] =
        ["```", "~~~", "[code]", "[/code]", "<pre>", "</pre>", "{noformat}", "{code}"];
    let line = line.trim_start_matches(['>', ' ']).trim_end();
    if !line.starts_with(['`', '~', '[', '<', '{']) {
        return None;
    }
    FENCES.iter().find_map(|fence| {
        let (begin, behind) = line.split_at_checked(fence.len())?;
        begin.eq_ignore_ascii_case(fence).then_some(behind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_open_and_close_blocks() {
        for (line, behind) in [
            ("```", Some("")),
            ("> ~~~ text", Some(" text")),
            ("[/CODE][code]", Some("")),
            ("<pre>```traceroute to x", Some("traceroute to x")),
            ("{noformat} 1  10.0.0.1", Some(" 1  10.0.0.1")),
            ("", None),
            ("a ```", None),
            ("``", None),
            ("[MPLS]", None),
        ] {
            assert_eq!(behind_fences(line), behind, "{line}");
        }
    }
}
