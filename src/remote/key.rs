//! The key of an account: read from where only its owner can read it, shown nowhere.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// What stands for a key in texts.
const STRIPPED: &str = "[key]";
/// A shorter text is no key, and would be found in any other text.
const SHORTEST: usize = 8;
const LONGEST: usize = 1024;

/// A secret that opens an account. It has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

/// Why a key cannot be used. None of these texts has a part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is none.
    #[error(
        "{from}: this is no key: expected one word of {SHORTEST} to {LONGEST} letters, digits and signs"
    )]
    NoKey {
        /// Where it is from.
        from: String,
    },
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Others may read the file.
    #[error("{path}: {why}; a key is read only from a file that nobody else can read: {fix}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who.
        why: &'static str,
        /// The command that ends it.
        fix: String,
    },
}

impl Key {
    /// The key in `text`, which was found in `from`.
    ///
    /// # Errors
    /// When it is no single word, or too short or long for a key.
    pub fn new(text: &str, from: &str) -> Result<Self, KeyError> {
        let word = text.trim();
        let is_key = (SHORTEST..=LONGEST).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(word.to_owned())) } else { Err(KeyError::NoKey { from: from.into() }) }
    }

    /// The key in a file that belongs to this user, and that nobody else can read.
    ///
    /// # Errors
    /// When the file cannot be read, others can read it, or no key is in it.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.into(), source };
        let about = path.metadata().map_err(failed)?;
        // A pipe would wait for a writer.
        if let Some(error) = exposed(path, &about) {
            return Err(error);
        }
        let file = File::open(path).map_err(failed)?;
        if let Some(error) = exposed(path, &file.metadata().map_err(failed)?) {
            return Err(error);
        }
        let mut text = String::new();
        let most = u64::try_from(2 * LONGEST).unwrap_or(u64::MAX);
        file.take(most).read_to_string(&mut text).map_err(failed)?;
        Self::new(&text, &path.display().to_string())
    }

    /// `text` without the key, however its letters are written.
    #[must_use]
    pub fn strip(&self, text: &str) -> String {
        let (key, lower) = (self.0.to_ascii_lowercase(), text.to_ascii_lowercase());
        let mut stripped = String::with_capacity(text.len());
        let mut rest = 0;
        for (at, _) in lower.match_indices(&key) {
            stripped.push_str(text.get(rest..at).unwrap_or_default());
            stripped.push_str(STRIPPED);
            rest = at + key.len();
        }
        stripped.push_str(text.get(rest..).unwrap_or_default());
        stripped
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Why no key is read from a file.
fn exposed(path: &Path, about: &Metadata) -> Option<KeyError> {
    let name = path.display();
    let (why, fix) = if !about.is_file() {
        ("it is no file", "name a regular file instead".to_owned())
    } else if ![geteuid().as_raw(), 0].contains(&about.uid()) {
        ("it belongs to somebody else", format!("chown \"$USER\" {name} && chmod 600 {name}"))
    } else if about.mode() & 0o077 != 0 {
        ("others may use it", format!("chmod 600 {name}"))
    } else {
        return None;
    };
    Some(KeyError::Exposed { path: path.into(), why, fix })
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STRIPPED)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_one_word() {
        assert!(Key::new(" 27768f56-bb86-11e8-b7d0-27cd18d24377\n", "x").is_ok());
        for text in ["", " \n", "short", "two words here", "umlaut-äöü-äöü", &"x".repeat(2000)]
        {
            assert!(Key::new(text, "x").is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_stripped_however_it_is_written() {
        let key = Key::new("abcd-1234-ef", "x").expect("a key");
        assert_eq!(key.strip("ÄABCD-1234-EF, abcd-1234-efabcd-1234-ef!"), "Ä[key], [key][key]!");
        assert_eq!(format!("{key:?}"), "[key]");
    }

    #[test]
    fn a_file_that_others_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        fs::write(&path, "abcd-1234-ef\n").expect("written");
        for (mode, is_good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("permissions");
            assert_eq!(Key::from_file(&path).is_ok(), is_good, "{mode:o}");
        }
        let refused = Key::from_file(&path).expect_err("refused").to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("abcd"), "{refused}");
        let refused = Key::from_file(folder.path()).expect_err("refused").to_string();
        assert!(refused.ends_with(": name a regular file instead"), "{refused}");
    }

    proptest! {
        #[test]
        fn no_text_keeps_it(before in ".*", after in ".*") {
            let key = Key::new("Abcd-1234-eF", "x").expect("a key");
            let stripped = key.strip(&format!("{before}abCD-1234-ef{after}"));
            prop_assert!(!stripped.to_ascii_lowercase().contains("abcd-1234-ef"));
        }
    }
}
