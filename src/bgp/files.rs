//! Which files there are, which collector each is of, and from when it is, by its name.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::input;

/// A file, before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// The collector, by its name or the folder that it is in; empty where neither says it.
    pub collector: Arc<str>,
    /// From when on its records are, by its name.
    pub from: Option<Timestamp>,
    /// Whether a user named it, and not a folder that it is in.
    pub is_named: bool,
}

impl Listed {
    fn of(path: PathBuf, is_named: bool) -> Self {
        let name = name_of(&path);
        let collector = collector(&path, &name);
        Self { from: time(&name), collector: collector.into(), path, is_named }
    }

    /// In the order in which they are read: collector by collector, the oldest first. A table stands before the updates
    /// that begin with it.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key =
            |one: &Self| (one.collector.clone(), one.from, !is_table(&one.path), one.path.clone());
        key(self).cmp(&key(other))
    }
}

/// The files in `paths`; folders with all that is in them. One that cannot be read is listed itself.
#[must_use]
pub fn listed(paths: &[PathBuf]) -> Vec<Listed> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(input::files_in(path).into_iter().map(|path| Listed::of(path, false)));
        } else {
            files.push(Listed::of(path.clone(), true));
        }
    }
    tell_schemes_apart(&mut files);
    files
}

fn is_table(path: &Path) -> bool {
    let name = name_of(path);
    name.contains("bview") || name.contains("rib.") || name.contains("ribs.")
}

/// Whether a file is of updates, by its name.
pub(super) fn is_update(path: &Path) -> bool {
    name_of(path).contains("updates")
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn folders_of(path: Option<&Path>) -> Vec<String> {
    let parts = path.into_iter().flat_map(Path::components);
    let folders = parts.filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    folders.collect()
}

/// The collector: what stands in the name before `updates`, `bview` or `rib`, else the folder that is called as RIPE
/// and Route Views call theirs, else the next folder that is neither a month nor part of an archive's tree.
fn collector(path: &Path, name: &str) -> String {
    let kinds = ["updates.", "bview.", "rib.", "ribs."];
    let before = kinds.iter().filter_map(|kind| name.find(kind)).min();
    let before = before.map_or("", |place| name[..place].trim_end_matches(['.', '-', '_']));
    if !before.is_empty() {
        // As BGPStream names its copies: project.collector.
        let short =
            before.split_once('.').filter(|(project, _)| matches!(*project, "ris" | "routeviews"));
        return short.map_or(before, |(_, collector)| collector).to_owned();
    }
    let mut folders = folders_of(path.parent());
    if folders.is_empty() && path.as_os_str() != "-" {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or_else(|| Path::new(".")).canonicalize();
        folders = folders_of(parent.ok().as_deref());
    }
    let is_collector = |name: &&String| {
        name.starts_with("route-views")
            || name
                .strip_prefix("rrc")
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_tree = |name: &&String| {
        matches!(
            name.as_str(),
            "bgpdata" | "UPDATES" | "RIBS" | "archive.routeviews.org" | "data.ris.ripe.net"
        ) || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let named = folders.iter().rev().find(is_collector);
    // RouteViews' first collector has no folder of its own.
    let tree = folders.iter().rposition(|name| name == "bgpdata");
    let before = |place: usize| place.checked_sub(1).map(|place| &folders[place]);
    match named {
        Some(name) => name.clone(),
        None if tree
            .is_some_and(|tree| before(tree).is_none_or(|name| name.contains("routeviews"))) =>
        {
            "route-views2".into()
        }
        None => folders.iter().rev().find(|name| !is_tree(name)).cloned().unwrap_or_default(),
    }
}

/// Where files of RIPE's naming (`bview`, gzip) and of Route Views' (`rib`, bzip2) lie in one folder, they are of two
/// collectors.
fn tell_schemes_apart(files: &mut [Listed]) {
    let scheme = |file: &Listed| {
        let name = file.path.file_name()?.to_string_lossy().into_owned();
        if name.starts_with("bview.") || name.starts_with("updates.") && has_end(&name, "gz") {
            Some("ris")
        } else if name.starts_with("rib.") || name.starts_with("updates.") && has_end(&name, "bz2")
        {
            Some("routeviews")
        } else {
            None
        }
    };
    let places = |wanted: &str| -> BTreeSet<(Arc<str>, Option<PathBuf>)> {
        let of = files.iter().filter(|file| scheme(file) == Some(wanted));
        let place =
            |file: &Listed| (file.collector.clone(), file.path.parent().map(Path::to_owned));
        of.map(place).collect()
    };
    let (ris, views) = (places("ris"), places("routeviews"));
    let mixed: BTreeSet<Arc<str>> =
        ris.intersection(&views).map(|(collector, _)| Arc::clone(collector)).collect();
    for file in files.iter_mut().filter(|file| mixed.contains(&file.collector)) {
        if let Some(scheme) = scheme(file) {
            let name = if file.collector.is_empty() {
                scheme.to_owned()
            } else {
                format!("{}-{scheme}", file.collector)
            };
            file.collector = name.into();
        }
    }
}

fn has_end(name: &str, end: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(end))
}

/// The time in a name: `20171001.0905`, or seconds since 1970.
fn time(name: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = name.split(['.', '-', '_']).collect();
    let is_number = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = |text: &str| text.parse::<i16>().unwrap_or_default();
    for (place, part) in parts.iter().enumerate() {
        if is_number(part, 10) {
            return part.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        }
        if !is_number(part, 8) {
            continue;
        }
        let digits = |text: &str| i8::try_from(number(text)).ok();
        let date = Date::new(number(&part[..4]), digits(&part[4..6])?, digits(&part[6..])?).ok()?;
        let hour = parts.get(place + 1).filter(|next| is_number(next, 4));
        let time = match hour {
            Some(hour) => Time::new(digits(&hour[..2])?, digits(&hour[2..])?, 0, 0).ok()?,
            None => Time::midnight(),
        };
        return Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_collector_that_its_name_or_its_folder_says() {
        for (path, collector) in [
            ("rrc00/2017.10/updates.20171001.0905.gz", "rrc00"),
            ("/data/rrc06/bview.20171001.0800.gz", "rrc06"),
            (
                "archive.routeviews.org/route-views.sydney/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2",
                "route-views.sydney",
            ),
            (
                "archive.routeviews.org/bgpdata/2017.10/UPDATES/updates.20171001.0900.bz2",
                "route-views2",
            ),
            ("october/route-views/updates.20171001.0900.bz2", "route-views"),
            ("october/lab/updates.20171001.0900.bz2", "lab"),
            ("ris.rrc06.updates.1427846400.gz", "rrc06"),
            ("routeviews.route-views.jinx.updates.1427846400.bz2", "route-views.jinx"),
            ("x/rrc11_updates.20171001.0905.gz", "rrc11"),
            (
                "/home/me/archive.routeviews.org/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2",
                "route-views2",
            ),
            ("-", ""),
        ] {
            assert_eq!(*Listed::of(path.into(), true).collector, *collector, "{path}");
        }
    }

    /// Two folders with files of the same names are two collectors, from wherever they are named.
    #[test]
    fn a_name_alone_is_of_the_folder_that_it_is_in() {
        let folder = std::env::current_dir().expect("a folder").canonicalize().expect("a path");
        let folder = folder.file_name().expect("a name").to_string_lossy().into_owned();
        for path in ["updates.20171001.0905.gz", "./updates.20171001.0905.gz"] {
            assert_eq!(*Listed::of(path.into(), true).collector, *folder, "{path}");
        }
    }

    /// A folder that is called so makes no updates of what is in it.
    #[test]
    fn what_a_file_is_of_stands_in_its_own_name() {
        assert!(is_update(Path::new("rrc00/updates.20171001.0905.gz")));
        assert!(!is_update(Path::new("updates/bview.20171001.0800.gz")));
    }

    #[test]
    fn a_name_says_from_when_a_file_is() {
        for (name, from) in [
            ("updates.20171001.0905.gz", Some("2017-10-01T09:05:00Z")),
            ("rib.20171001.0800.bz2", Some("2017-10-01T08:00:00Z")),
            ("ris.rrc06.updates.1427846400.gz", Some("2015-04-01T00:00:00Z")),
            ("october.mrt", None),
            ("updates.20171399.0905.gz", None),
        ] {
            assert_eq!(time(name).map(|time| time.to_string()).as_deref(), from, "{name}");
        }
    }

    #[test]
    fn two_schemes_of_names_in_one_folder_are_two_collectors() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = [
            "bview.20171001.0800.gz",
            "updates.20171001.0800.gz",
            "rib.20171001.0800.bz2",
            "updates.20171001.0800.bz2",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let mut files = listed(&[folder.path().to_owned()]);
        files.sort_by(Listed::order);
        let read: Vec<(String, bool)> = files
            .iter()
            .map(|file| {
                (
                    file.path.file_name().expect("a name").to_string_lossy().into_owned(),
                    file.collector.ends_with("-ris"),
                )
            })
            .collect();
        let expected = [(names[0], true), (names[1], true), (names[2], false), (names[3], false)];
        assert_eq!(read, expected.map(|(name, ris)| (name.to_owned(), ris)));
    }
}
