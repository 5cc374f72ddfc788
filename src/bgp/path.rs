//! AS paths, and which AS stands next to the origin (docs: RFC 4271, 5.1.2; RFC 6793, 4.2.3).

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathHop {
    /// An AS.
    As(u32),
    /// Several, of which nobody knows which the route passed (`AS_SET`).
    Set(Vec<u32>),
}

/// A path: the AS of the peer first, the origin last. Confederation segments are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AsPath(pub Vec<PathHop>);

/// What stands for an AS of four bytes on a session that knows two (RFC 6793).
pub(super) const AS_TRANS: u32 = 23456;

/// Who is next to the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextTo {
    /// This AS.
    Upstream(u32),
    /// By the last stretch of the path it is this AS, but the origin is in the path twice, apart: the origin put other
    /// AS into the path itself, so that they refuse it.
    Poisoned(u32),
    /// A set, or nothing: the path does not say it.
    Ambiguous,
    /// The peer is the origin's own router, or the collector is inside the origin's AS.
    Nobody,
}

impl NextTo {
    /// The AS, where one can be named.
    #[must_use]
    pub fn asn(self) -> Option<u32> {
        match self {
            Self::Upstream(asn) | Self::Poisoned(asn) => Some(asn),
            Self::Ambiguous | Self::Nobody => None,
        }
    }
}

impl AsPath {
    /// A path of AS alone.
    #[must_use]
    pub fn of(asns: &[u32]) -> Self {
        Self(asns.iter().map(|asn| PathHop::As(*asn)).collect())
    }

    /// A path as programs write it: `3257 2914 {64500,64501}`. Confederation segments stand in parentheses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let asn = |word: &str| -> Option<u32> {
            if let Ok(asn) = word.parse() {
                return Some(asn);
            }
            // asdot (RFC 5396)
            let (high, low) = word.split_once('.')?;
            Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
        };
        let mut hops = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (end, closes) = match rest.as_bytes()[0] {
                b'{' => (rest.find('}')?, 1),
                b'(' => (rest.find(')')?, 1),
                b'[' => (rest.find(']')?, 1),
                _ => (rest.find([' ', '{', '(']).unwrap_or(rest.len()), 0),
            };
            let (word, behind) = (&rest[..end], &rest[end + closes..]);
            match word.as_bytes().first() {
                Some(b'{') => {
                    let inner = word[1..].split([',', ' ']).filter(|word| !word.is_empty());
                    hops.push(PathHop::Set(inner.map(asn).collect::<Option<_>>()?));
                }
                Some(b'(' | b'[') => {}
                _ => hops.push(PathHop::As(asn(word)?)),
            }
            rest = behind.trim_start();
        }
        Some(Self(hops))
    }

    /// How long it is; a set counts one (RFC 4271, 9.1.2.2).
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of a session that knows AS of two bytes, with what `AS4_PATH` has: of this path only the steps before
    /// those of `four` stay, and a `four` that is longer is ignored (RFC 6793, 4.2.3).
    #[must_use]
    pub fn merged(self, four: Option<Self>) -> Self {
        let Some(four) = four else { return self };
        let Some(keeps) = self.len().checked_sub(four.len()).filter(|_| !four.is_empty()) else {
            return self;
        };
        let mut hops = self.0;
        hops.truncate(keeps);
        hops.extend(four.0);
        Self(hops)
    }

    /// The first AS.
    #[must_use]
    pub fn first(&self) -> Option<u32> {
        match self.0.first()? {
            PathHop::As(asn) => Some(*asn),
            PathHop::Set(_) => None,
        }
    }

    /// The origin: the last AS. A set of several has none; nor has an empty path.
    #[must_use]
    pub fn origin(&self) -> Option<u32> {
        match self.0.last()? {
            PathHop::As(asn) => Some(*asn),
            PathHop::Set(set) => match set[..] {
                [asn] => Some(asn),
                _ => None,
            },
        }
    }

    /// Whether `asn` may be the origin: it is, or it is one of a set at the end.
    #[must_use]
    pub fn may_originate(&self, asn: u32) -> bool {
        match self.0.last() {
            Some(PathHop::As(last)) => *last == asn,
            Some(PathHop::Set(set)) => set.contains(&asn),
            None => false,
        }
    }

    /// Who is next to the origin, and the AS in front of that. `peer` is the AS of the peer, and `internal` says
    /// that the collector is in the same AS.
    #[must_use]
    pub fn next_to(&self, peer: u32, internal: bool) -> (NextTo, Option<u32>) {
        let Some(origin) = self.origin() else { return (NextTo::Ambiguous, None) };
        // The origin prepends itself; repeats are one step.
        let is_origin = |hop: &&PathHop| matches!(hop, PathHop::As(asn) if *asn == origin);
        let steps = &self.0[..self.0.len() - 1];
        let behind = steps.iter().rev().take_while(is_origin).count();
        let steps = &steps[..steps.len() - behind];
        let upstream = match steps.last() {
            // A peer that does not put itself into the path is next to the origin itself.
            None if peer != origin && !internal => return (NextTo::Upstream(peer), Some(peer)),
            None => return (NextTo::Nobody, None),
            Some(PathHop::Set(_)) => return (NextTo::Ambiguous, None),
            Some(PathHop::As(asn)) => *asn,
        };
        let is_upstream = |hop: &&PathHop| matches!(hop, PathHop::As(asn) if *asn == upstream);
        let before = steps.iter().rev().find(|hop| !is_upstream(hop));
        let fork = match before {
            None => Some(peer),
            Some(PathHop::As(asn)) => Some(*asn),
            Some(PathHop::Set(_)) => None,
        };
        if steps.iter().any(|hop| is_origin(&hop)) {
            return (NextTo::Poisoned(upstream), fork);
        }
        (NextTo::Upstream(upstream), fork)
    }
}

impl fmt::Display for AsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, hop) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            match hop {
                PathHop::As(asn) => write!(f, "{asn}")?,
                PathHop::Set(set) => {
                    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
                    write!(f, "{{{}}}", set.join(","))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AsPath {
        AsPath::parse(text).expect("a path")
    }

    /// Each path with its peer, who is next to the origin by it, and the AS in front of that.
    #[test]
    fn the_upstream_is_before_the_last_stretch_of_the_origin() {
        use NextTo::{Ambiguous, Nobody, Poisoned, Upstream};
        for (text, peer, next_to, fork) in [
            ("3257 20485 131279", 3257, Upstream(20485), Some(3257)),
            // Prepending: of the origin, of the upstream, of the peer.
            ("2914 134544 131279 131279 131279", 2914, Upstream(134_544), Some(2914)),
            ("2914 4837 4837 4837 131279", 2914, Upstream(4837), Some(2914)),
            ("37468 37468 37468 37100 3356 4837 131279", 37468, Upstream(4837), Some(3356)),
            // TransTeleCom in the path is not TransTeleCom next to the origin.
            ("20485 4837 131279", 20485, Upstream(4837), Some(20485)),
            // Next to the upstream is the peer itself; a route server does not put itself into the path.
            ("3356 4837 131279", 3356, Upstream(4837), Some(3356)),
            ("20485 131279", 6777, Upstream(20485), Some(6777)),
            ("4837 131279", 4837, Upstream(4837), Some(4837)),
            // Poisoning: only the last stretch counts.
            ("4837 134544 131279 20485 131279", 4837, Poisoned(20485), Some(131_279)),
            // Sets.
            ("2914 4837 {131279,64500}", 2914, Ambiguous, None),
            ("2914 4837 {131279}", 2914, Upstream(4837), Some(2914)),
            ("2914 {4837,20485} 131279", 2914, Ambiguous, None),
            ("{1,2} 4837 131279", 2914, Upstream(4837), None),
            // A path that is the origin: the peer itself is next to it.
            ("131279", 4837, Upstream(4837), Some(4837)),
            ("131279 131279", 4837, Upstream(4837), Some(4837)),
            ("131279", 131_279, Nobody, None),
            ("", 131_279, Ambiguous, None),
        ] {
            assert_eq!(path(text).next_to(peer, false), (next_to, fork), "{text} of AS{peer}");
        }
        let internal = path("131279").next_to(3856, true);
        assert_eq!(internal, (Nobody, None), "internal BGP");
        let internal = path("2914 1239 4837 131279").next_to(3856, true);
        assert_eq!(internal, (Upstream(4837), Some(1239)));
    }

    /// RFC 6793, 4.2.3; a set counts one.
    #[test]
    fn as4_path_replaces_the_end() {
        for (two, four, merged) in [
            ("25152 2914 4837 23456", "25152 2914 4837 131279", "25152 2914 4837 131279"),
            ("25152 2914 4837 23456", "4837 131279", "25152 2914 4837 131279"),
            ("2914 23456 {1,23456}", "134544 {1,131279}", "2914 134544 {1,131279}"),
            // Longer than the path, or nothing: ignored.
            ("2914 23456", "1 2 3 131279", "2914 23456"),
            ("2914 23456", "", "2914 23456"),
        ] {
            assert_eq!(path(two).merged(Some(path(four))), path(merged), "{two} and {four}");
        }
    }

    #[test]
    fn paths_are_written_as_they_are_read() {
        for text in ["", "1 2 3", "1 {2,3}", "{1}", "4200000000 1"] {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path("1 (2 3) 2.15 {4 5}").to_string(), "1 131087 {4,5}");
        for malformed in ["1 x", "{1", "1,2", "-1", "99999999999"] {
            assert_eq!(AsPath::parse(malformed), None, "{malformed}");
        }
    }
}
