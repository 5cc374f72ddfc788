//! What goes wrong with a service: it refuses, it does not answer, or it says what makes no sense.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::plain_text::plain;

use super::key::{Key, KeyError};

/// How much of a service's text is shown.
const SHOWN: usize = 600;
/// How many fields a refusal names.
const MOST_FIELDS: usize = 20;

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// There is no key, and this needs one.
    #[error("{0}")]
    NoKey(String),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The user has not agreed to what it costs.
    #[error("{0}")]
    NotAgreed(String),
    /// The service says that the key may not do this.
    #[error("{service} does not permit {what}: {refusal}{advice}")]
    NotPermitted {
        /// The service.
        service: &'static str,
        /// What was asked.
        what: String,
        /// What it said.
        refusal: Refusal,
        /// What to do.
        advice: String,
    },
    /// The service refuses.
    #[error("{service} refuses {what}: {refusal}{advice}")]
    Refused {
        /// The service.
        service: &'static str,
        /// What was asked.
        what: String,
        /// What it said.
        refusal: Refusal,
        /// What to do.
        advice: String,
    },
    /// The service does not answer, or only what is no answer.
    #[error("{what}: {why}; given up after {seconds:.0} s", seconds = waited.as_secs_f64())]
    Unavailable {
        /// What was asked.
        what: String,
        /// What came instead.
        why: String,
        /// How long it was tried.
        waited: Duration,
    },
    /// An answer that leads elsewhere or makes no sense, and would again.
    #[error("{what}: {why}")]
    Unexpected {
        /// What was asked.
        what: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// Measurements go on, or nobody knows whether they do.
    #[error("{0}")]
    NotFinished(String),
    /// Another process has the run.
    #[error("run {run}: another process is at it; wait for that to end")]
    Locked {
        /// The run.
        run: String,
    },
    /// The user interrupted.
    #[error("{0}")]
    Interrupted(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file of a run cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// What a service says when it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Its words.
    pub says: String,
    /// The fields it points at, each with what is wrong there.
    pub fields: Vec<(String, String)>,
}

impl Refusal {
    /// What is said in `body`, of which nothing need be as documented.
    pub(super) fn read(status: u16, body: &[u8], key: Option<&Key>) -> Self {
        let shown = |text: &str| shown(&key.map_or_else(|| text.to_owned(), |key| key.strip(text)));
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(&value);
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(shown);
        let says = text("detail").or_else(|| text("message")).or_else(|| text("title"));
        let says = says.or_else(|| error.as_str().map(shown)).filter(|says| !says.is_empty());
        let mut fields = Vec::new();
        for one in error.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let source = one.get("source");
            let of = |name| source.and_then(|source| source.get(name)).and_then(Value::as_str);
            let at = of("pointer").or_else(|| of("parameter")).unwrap_or_default();
            let why = one.get("detail").and_then(Value::as_str).or_else(|| one.as_str());
            fields.push((shown(at), why.map(shown).unwrap_or_default()));
        }
        for (name, why) in error.get("params").and_then(Value::as_object).into_iter().flatten() {
            fields.push((shown(name), why.as_str().map(shown).unwrap_or_default()));
        }
        fields.retain(|(at, why)| !at.is_empty() || !why.is_empty());
        fields.truncate(MOST_FIELDS);
        Self { status, says: says.unwrap_or_else(|| nothing_said(body)), fields }
    }

    /// Whether one of its texts contains one of `words`, in small letters.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        let text = self.to_string().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {})", self.says, self.status)?;
        for (at, why) in &self.fields {
            if at.is_empty() {
                write!(f, "; {why}")?;
            } else {
                write!(f, "; {at}: {why}")?;
            }
        }
        Ok(())
    }
}

fn nothing_said(body: &[u8]) -> String {
    if looks_like_a_page(body) {
        "it answers with a page".into()
    } else {
        "no reason is given".into()
    }
}

/// Whether an answer is HTML, as proxies and sign-in pages send it.
pub(super) fn looks_like_a_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// Other people's text in which nothing can change a terminal.
pub(super) fn shown(text: &str) -> String {
    plain(text).chars().take(SHOWN).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(body: &str) -> String {
        let key = Key::new("secret-key-1", "x").expect("a key");
        Refusal::read(400, body.as_bytes(), Some(&key)).to_string()
    }

    #[test]
    fn refusals_are_shown_in_the_words_of_the_service() {
        assert_eq!(
            said(
                r#"{"error":{"status":400,"code":104,"title":"Bad Request","detail":"The following fields are invalid: target",
                "errors":[{"source":{"pointer":"/definitions/0/target"},"detail":"This field is required."}]}}"#
            ),
            "The following fields are invalid: target (HTTP 400); /definitions/0/target: This field is required."
        );
        assert_eq!(
            said(r#"{"detail":"The key SECRET-KEY-1 is no key"}"#),
            "The key [key] is no key (HTTP 400)"
        );
        assert_eq!(
            said(
                r#"{"error":{"type":"validation_error","message":"Parameter validation failed.","params":{"limit":"too large"}}}"#
            ),
            "Parameter validation failed. (HTTP 400); limit: too large"
        );
    }

    #[test]
    fn nonsense_is_survived() {
        assert_eq!(said("<html>"), "it answers with a page (HTTP 400)");
        assert_eq!(said(r#"{"error":null,"errors":7}"#), "no reason is given (HTTP 400)");
        assert_eq!(
            said(r#"{"error":{"detail":["x"],"errors":[null,{"detail":3},"told"]}}"#),
            "no reason is given (HTTP 400); told"
        );
        assert_eq!(said("{\"error\":\"\\u001b[31mred\"}"), "[31mred (HTTP 400)");
    }

    proptest! {
        #[test]
        fn any_body_is_read(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let refusal = Refusal::read(500, &body, None).to_string();
            prop_assert!(!refusal.chars().any(char::is_control));
        }
    }
}
