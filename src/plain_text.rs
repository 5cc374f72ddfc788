//! Text that a stranger wrote, made fit to be shown: the ground floor of everything that writes for people.
//!
//! File names, names of monitors and of routers, errors of services and vantages of histories come from outside. A
//! terminal obeys control characters; other characters turn the order of what follows (Unicode UAX #9), or are not
//! seen at all (UTR #36). All of them become blanks.

use std::borrow::Cow;

/// Whether a terminal obeys the character, or people cannot see it.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text as one line with nothing hidden in it.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    without_hidden(text, |_| false)
}

/// The same for a text of several lines: these stay.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    without_hidden(text, |c| c == '\n')
}

fn without_hidden(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.into();
    }
    let blank = |c: char| if is_hidden(c) && !stays(c) { ' ' } else { c };
    text.chars().map(blank).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_hidden_is_left() {
        for (text, shown) in [
            ("plain text", "plain text"),
            ("Überlandnetz, 조선", "Überlandnetz, 조선"),
            ("a\u{1b}]52;c;aGFjaw==\u{7}b", "a ]52;c;aGFjaw== b"),
            ("a\u{9b}31mb", "a 31mb"),
            ("gnp.\u{202e}exe", "gnp. exe"),
            ("1\u{200b}0", "1 0"),
            ("a\u{e0041}b\u{feff}", "a b "),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(plain(text), shown);
        }
        assert_eq!(plain_lines("two\r\nlines"), "two \nlines");
    }

    proptest! {
        #[test]
        fn whatever_comes(text in any::<String>()) {
            prop_assert!(!plain(&text).chars().any(is_hidden));
            prop_assert_eq!(plain(&text).chars().count(), text.chars().count());
            prop_assert_eq!(plain_lines(&text).matches('\n').count(), text.matches('\n').count());
        }
    }
}
