//! How a program ended, and what it wrote where.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::process::{Command, Output};

/// An exit code, data and messages.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Runs the command to its end.
    pub(crate) fn of(mut command: Command) -> Self {
        Self::read(command.output().expect("timeout (coreutils)"))
    }

    pub(crate) fn read(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It ended with this code, wrote no data, and its message has all these words.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, words: &[&str]) {
        let refused = self.ended(code);
        assert_eq!(refused.out, "", "data beside a message: {}", refused.err);
        for word in words {
            assert!(refused.err.contains(word), "no `{word}` in: {}", refused.err);
        }
        let causes = refused.err.matches("os error").count();
        assert!(causes <= 1, "the same cause twice: {}", refused.err);
    }
}
