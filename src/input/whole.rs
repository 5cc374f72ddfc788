//! Files that are read whole: configurations, scenarios, tables. They have a size that is far more than any needs, and
//! a device is none of them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

/// More than any configuration or scenario has.
const LONGEST_TEXT: u64 = 16 << 20;

/// All bytes of a file or pipe that has at most `most` of them.
///
/// # Errors
/// When it cannot be read, is a device, or is longer.
pub fn read_whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let kind = about.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        return Err(io::Error::other("it is a device; name a file"));
    }
    let mut bytes = Vec::new();
    let length = if about.len() > most { 0 } else { usize::try_from(about.len()).unwrap_or(0) };
    bytes.try_reserve(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        let most = most >> 20;
        return Err(io::Error::other(format!(
            "it is longer than {most} MiB; is it what was meant?"
        )));
    }
    Ok(bytes)
}

/// The text of a configuration or scenario.
///
/// # Errors
/// As [`read_whole`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read_whole(path, LONGEST_TEXT)?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = line.filter(|byte| **byte == b'\n').count() + 1;
        io::Error::other(format!("line {line}: expected text in UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, "1234").expect("written");
        assert_eq!(read_whole(&path, 4).expect("read"), b"1234");
        assert!(read_whole(&path, 3).unwrap_err().to_string().contains("longer than"));
        std::fs::write(&path, b"a\nb\xff").expect("written");
        assert_eq!(read_text(&path).unwrap_err().to_string(), "line 2: expected text in UTF-8");
        let zero = read_text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(zero.to_string(), "it is a device; name a file");
    }
}
