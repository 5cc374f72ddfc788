//! Runs of a service: a folder for each, with a journal that is on the disk before the service is asked, and the results
//! that have come. Whoever kills the program at any moment finds here what was asked, and what it is called there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::Client;
use super::error::RemoteError;
use super::records::Seen;

const JOURNAL: &str = "journal.jsonl";
const RESULTS: &str = "results.jsonl";
const LOCK: &str = "lock";
const REQUEST: &str = "request.json";
const PLACES: &str = "places.json";
/// How long a service may not know everywhere what it has made.
const KNOWN_EVERYWHERE: SignedDuration = SignedDuration::from_hours(1);

/// What was done, in the order in which it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The user has agreed to this; nothing was sent yet.
    Planned(Planned),
    /// The request that makes measurements is about to be sent.
    Creating {
        /// The number of the request within the run, from 0.
        number: usize,
    },
    /// The request was surely not accepted.
    NotCreated {
        /// Why.
        why: String,
        /// Whether the service has refused it; else it was not received.
        refused: bool,
    },
    /// Nobody knows what became of the request.
    Lost {
        /// Why.
        why: String,
    },
    /// The measurements are there.
    Created {
        /// They, of the request that was about to be sent.
        made: Vec<Made>,
        /// Whether they were found, since the answer was lost.
        found: bool,
    },
    /// Nothing more is waited for.
    Ended {
        /// Why not.
        why: String,
    },
}

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The service.
    pub service: String,
    /// Its address, where that is not the usual one.
    pub api: Option<String>,
    /// The mark of the run in each of its measurements.
    pub tag: String,
    /// What the traces go to.
    pub targets: Vec<std::net::Ipv4Addr>,
    /// How many probes are asked for.
    pub probes: usize,
    /// What it will cost.
    pub cost: u64,
    /// The label of its vantages.
    pub vantage: String,
}

/// A measurement that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What the service calls it.
    pub id: String,
    /// What it goes to.
    pub target: String,
}

/// A step, and when it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub step: Step,
}

/// How far a run is, by its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing was sent.
    NotSent,
    /// A request was sent, and nobody knows what became of it.
    Unknown,
    /// The service has refused.
    Refused(String),
    /// Results come.
    Going,
    /// Nothing more is waited for.
    Ended(String),
}

/// How the collecting of a run's results ended.
#[derive(Debug)]
pub enum End {
    /// Nothing more will come, or nothing has for a while.
    Ended,
    /// The time is over; results may still come.
    TimeOver(Option<RemoteError>),
    /// The user interrupted.
    Interrupted,
    /// Nothing came of these measurements; this is why.
    Failed(String),
}

/// What a journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal(pub Vec<Entry>);

impl Journal {
    /// What the run is about.
    #[must_use]
    pub fn planned(&self) -> Option<&Planned> {
        self.0.iter().find_map(|entry| match &entry.step {
            Step::Planned(planned) => Some(planned),
            _ => None,
        })
    }

    /// The measurements of the run, by the order in which they were made.
    #[must_use]
    pub fn made(&self) -> Vec<Made> {
        let made = self.0.iter().filter_map(|entry| match &entry.step {
            Step::Created { made, .. } => Some(made.clone()),
            _ => None,
        });
        made.flatten().collect()
    }

    /// Which requests were accepted, by their numbers.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<usize> {
        let (mut accepted, mut open) = (BTreeSet::new(), None);
        for entry in &self.0 {
            match &entry.step {
                Step::Creating { number } => open = Some(*number),
                Step::Created { .. } => accepted.extend(open),
                _ => {}
            }
        }
        accepted
    }

    /// How far the run is.
    #[must_use]
    pub fn state(&self) -> State {
        let of = |entry: &Entry| match &entry.step {
            Step::Planned(_) | Step::NotCreated { refused: false, .. } => State::NotSent,
            Step::Creating { .. } | Step::Lost { .. } => State::Unknown,
            Step::NotCreated { why, .. } => State::Refused(why.clone()),
            Step::Created { .. } => State::Going,
            Step::Ended { why } => State::Ended(why.clone()),
        };
        self.0.last().map_or(State::NotSent, of)
    }
}

impl State {
    /// In a few words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::NotSent => "not sent".into(),
            Self::Unknown => "nobody knows whether it was created".into(),
            Self::Refused(why) => format!("refused: {why}"),
            Self::Going => "going on".into(),
            Self::Ended(why) => format!("ended: {why}"),
        }
    }
}

/// All runs of a user.
#[derive(Debug, Clone)]
pub struct Runs(PathBuf);

impl Runs {
    /// The runs in `$XDG_STATE_HOME/lasthop`, by default `~/.local/state/lasthop`.
    ///
    /// # Errors
    /// When neither is known.
    pub fn of_user(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Self, RemoteError> {
        let absolute = |path: &PathBuf| path.is_absolute();
        let state = variable("XDG_STATE_HOME").filter(absolute);
        let home = || variable("HOME").filter(absolute).map(|home| home.join(".local/state"));
        let folder = state.or_else(home).ok_or_else(|| {
            RemoteError::Usage("runs are kept in $XDG_STATE_HOME/lasthop, and neither XDG_STATE_HOME nor HOME is set".into())
        })?;
        Ok(Self(folder.join("lasthop")))
    }

    /// Their folder, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_folder(&self) -> Result<&Path, RemoteError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(failed(&self.0))?;
        Ok(&self.0)
    }

    /// Their folder, where it is there.
    #[must_use]
    pub fn folder_there(&self) -> Option<&Path> {
        self.0.is_dir().then_some(&self.0)
    }

    /// The names of all runs, the oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, RemoteError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed(&self.0))?,
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().join(JOURNAL).is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What the journal of a run says, also while another process holds it.
    ///
    /// # Errors
    /// When there is no such run, or its journal cannot be read.
    pub fn journal(&self, name: &str) -> Result<Journal, RemoteError> {
        Ok(read_journal(&self.folder(name)?.join(JOURNAL))?.0)
    }

    /// How many results of a run have come.
    #[must_use]
    pub fn results(&self, name: &str) -> usize {
        let file = self.folder(name).ok().and_then(|folder| File::open(folder.join(RESULTS)).ok());
        file.map_or(0, |file| BufReader::new(file).split(b'\n').map_while(Result::ok).count())
    }

    /// Begins a run of which the request is `request`.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn begin(&self, name: &str, request: &str, places: &Places) -> Result<Run, RemoteError> {
        let folder = self.make_folder()?.join(name);
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed(&folder))?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(failed(&folder))?;
        write_whole(&folder.join(REQUEST), request.as_bytes())?;
        let run = Run::open(name, folder)?;
        run.keep_places(places)?;
        sync_folder(&self.0)?;
        Ok(run)
    }

    /// Takes a run, which no other process may have.
    ///
    /// # Errors
    /// When there is no such run, another process has it, or a file cannot be read.
    pub fn take(&self, name: &str) -> Result<Run, RemoteError> {
        Run::open(name, self.folder(name)?)
    }

    fn folder(&self, name: &str) -> Result<PathBuf, RemoteError> {
        let is_name =
            !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        let folder = self.0.join(name);
        if is_name && folder.join(JOURNAL).is_file() {
            return Ok(folder);
        }
        let (name, runs) = (super::error::shown(name), self.0.display());
        Err(RemoteError::Usage(format!(
            "{name}: no such run in {runs}; `lasthop atlas runs` lists them"
        )))
    }
}

/// Where probes are, by their numbers.
pub type Places = BTreeMap<u64, ProbePlace>;

/// Where a probe is, when it was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbePlace {
    /// The country that its host named.
    pub country: Option<String>,
    /// The AS of its address.
    pub asn: Option<u32>,
}

/// A run that this process has.
#[derive(Debug)]
pub struct Run {
    /// Its name.
    pub name: String,
    folder: PathBuf,
    journal_file: File,
    results: File,
    /// What was done.
    pub journal: Journal,
    /// The results that have come.
    pub seen: Seen,
    /// The probes that have answered, for each measurement.
    pub answered: BTreeMap<String, BTreeSet<String>>,
    _lock: File,
}

impl Run {
    fn open(name: &str, folder: PathBuf) -> Result<Self, RemoteError> {
        let lock_path = folder.join(LOCK);
        let lock = private().open(&lock_path).map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RemoteError::Locked { run: name.into() }),
            Err(TryLockError::Error(source)) => return Err(failed(&lock_path)(source)),
        }
        let journal_path = folder.join(JOURNAL);
        let journal_file = private().open(&journal_path).map_err(failed(&journal_path))?;
        let (journal, whole) = read_journal(&journal_path)?;
        // What a kill has torn was not done.
        journal_file.set_len(whole).map_err(failed(&journal_path))?;
        let results_path = folder.join(RESULTS);
        let results = private().open(&results_path).map_err(failed(&results_path))?;
        let mut run = Self {
            name: name.into(),
            journal_file,
            results,
            journal,
            seen: Seen::default(),
            answered: BTreeMap::new(),
            folder,
            _lock: lock,
        };
        run.read_results().map_err(failed(&results_path))?;
        sync_folder(&run.folder)?;
        Ok(run)
    }

    /// What has come before this process took the run. A line that a kill has torn is cut off, and comes again.
    fn read_results(&mut self) -> io::Result<()> {
        let mut reader = BufReader::new(File::open(self.folder.join(RESULTS))?);
        let (mut line, mut whole) = (Vec::new(), 0);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            whole += u64::try_from(length).unwrap_or_default();
            self.seen.is_new(&line);
            self.count(&line);
        }
        self.results.set_len(whole)
    }

    fn count(&mut self, record: &[u8]) {
        if let Some((measurement, probe)) = identity(record) {
            self.answered.entry(measurement).or_default().insert(probe);
        }
    }

    /// Writes down a step, on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, at: Timestamp, step: Step) -> Result<(), RemoteError> {
        let path = self.folder.join(JOURNAL);
        let entry = Entry { at, step };
        let line = serde_json::to_string(&entry).map_err(|error| failed(&path)(error.into()))?;
        let written = self.journal_file.write_all(format!("{line}\n").as_bytes());
        written.and_then(|()| self.journal_file.sync_data()).map_err(failed(&path))?;
        self.journal.0.push(entry);
        Ok(())
    }

    /// The body of the request.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn request(&self) -> Result<String, RemoteError> {
        let path = self.folder.join(REQUEST);
        fs::read_to_string(&path).map_err(failed(&path))
    }

    /// Whether `error` says that a measurement of this run is there no more. One that was made just now may only not be
    /// known everywhere yet.
    pub(super) fn is_gone(&self, error: &RemoteError, now: Timestamp) -> bool {
        let made = |entry: &&Entry| matches!(entry.step, Step::Created { .. });
        let last = self.journal.0.iter().rev().find(made);
        let is_old = last.is_none_or(|entry| now.duration_since(entry.at) > KNOWN_EVERYWHERE);
        is_old && matches!(error, RemoteError::Refused { refusal, .. } if refusal.status == 404)
    }

    /// The bodies of the requests, where there are several.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn requests(&self) -> Result<Vec<Value>, RemoteError> {
        serde_json::from_str(&self.request()?).map_err(|error| {
            let path = self.folder.join(REQUEST);
            let path = path.display();
            RemoteError::Usage(format!(
                "{path}: no list of requests ({error}); nothing more can be created in this run, begin another one"
            ))
        })
    }

    /// Adds results, one line each, of which none has come before.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn add(&mut self, records: &[Vec<u8>]) -> Result<(), RemoteError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut lines = records.join(&b'\n');
        lines.push(b'\n');
        let written = self.results.write_all(&lines).and_then(|()| self.results.sync_data());
        written.map_err(failed(&self.folder.join(RESULTS)))?;
        for record in records {
            self.count(record);
        }
        Ok(())
    }

    /// The file with all results.
    #[must_use]
    pub fn results_path(&self) -> PathBuf {
        self.folder.join(RESULTS)
    }

    /// Where its probes are, as far as that is known.
    #[must_use]
    pub fn places(&self) -> Places {
        let text = fs::read(self.folder.join(PLACES)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps where its probes are.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn keep_places(&self, places: &Places) -> Result<(), RemoteError> {
        let path = self.folder.join(PLACES);
        let text = serde_json::to_vec(places).map_err(|error| failed(&path)(error.into()))?;
        write_whole(&path, &text)
    }
}

/// Writes down that a request was surely not accepted. Returns why, or why that cannot be written.
pub(super) fn not_created(client: &Client, run: &mut Run, error: RemoteError) -> RemoteError {
    let refused = matches!(error, RemoteError::Refused { .. } | RemoteError::NotPermitted { .. });
    let step = Step::NotCreated { why: client.strip(&error.to_string()), refused };
    run.write(client.utc(), step).err().unwrap_or(error)
}

/// The measurement and the probe of a result.
pub(super) fn identity(record: &[u8]) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Identity {
        msm_id: Value,
        prb_id: Value,
    }
    let Identity { msm_id, prb_id } = serde_json::from_slice(record).ok()?;
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some((text(msm_id), text(prb_id)))
}

/// What a journal says, and how long its whole lines are.
fn read_journal(path: &Path) -> Result<(Journal, u64), RemoteError> {
    let text = fs::read(path).map_err(failed(path))?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let lines = text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
    let mut entries = Vec::new();
    for (line, number) in lines.zip(1..).filter(|(line, _)| !line.is_empty()) {
        let entry = serde_json::from_slice(line).map_err(|error| {
            let name = format!("{}:{number}", path.display());
            RemoteError::Usage(format!(
                "{name}: no line of a journal ({error}); the run cannot go on"
            ))
        })?;
        entries.push(entry);
    }
    Ok((Journal(entries), u64::try_from(whole).unwrap_or_default()))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true).mode(0o600);
    options
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), RemoteError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(failed(path))
}

fn sync_folder(path: &Path) -> Result<(), RemoteError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    // Some file systems have no such thing.
    let unsupported = |error: &io::Error| error.kind() == io::ErrorKind::InvalidInput;
    synced
        .or_else(|error| if unsupported(&error) { Ok(()) } else { Err(error) })
        .map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> RemoteError + '_ {
    move |source| RemoteError::File { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> Step {
        Step::Planned(Planned {
            service: "x".into(),
            api: None,
            tag: "t".into(),
            targets: Vec::new(),
            probes: 3,
            cost: 0,
            vantage: "v".into(),
        })
    }

    fn made(id: &str) -> Step {
        Step::Created { made: vec![Made { id: id.into(), target: "t".into() }], found: false }
    }

    #[test]
    fn a_run_is_private_and_survives_torn_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = Runs(folder.path().join("a/lasthop"));
        assert_eq!(runs.names().expect("none"), [""; 0]);
        let mut run = runs.begin("r-1", "{}", &Places::new()).expect("begun");
        run.write(Timestamp::UNIX_EPOCH, planned()).expect("written");
        run.add(&[br#"{"msm_id":1,"prb_id":2,"timestamp":3}"#.to_vec()]).expect("added");
        assert!(matches!(runs.take("r-1"), Err(RemoteError::Locked { .. })));
        drop(run);
        let path = folder.path().join("a/lasthop/r-1");
        for (file, torn) in [(JOURNAL, "{\"at\""), (RESULTS, "{\"msm_id\":1,")] {
            let mut open = OpenOptions::new().append(true).open(path.join(file)).expect("open");
            open.write_all(torn.as_bytes()).expect("written");
        }
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        let mut run = runs.take("r-1").expect("taken");
        assert_eq!((run.journal.0.len(), run.seen.len()), (1, 1));
        assert!(!run.seen.is_new(br#"{"timestamp":3,"msm_id":1,"prb_id":2}"#));
        run.write(Timestamp::UNIX_EPOCH, made("7")).expect("written");
        drop(run);
        let journal = runs.journal("r-1").expect("read");
        assert_eq!((journal.state(), journal.made().len()), (State::Going, 1));
        for file in [JOURNAL, RESULTS, LOCK, REQUEST, PLACES] {
            assert_eq!(mode(&path.join(file)), 0o600, "{file}");
        }
        assert!(runs.take("../x").is_err() && runs.take("r-2").is_err());
    }

    #[test]
    fn the_last_step_says_how_far_it_is() {
        let state = |steps: &[Step]| {
            let entries =
                steps.iter().map(|step| Entry { at: Timestamp::UNIX_EPOCH, step: step.clone() });
            Journal(entries.collect()).state()
        };
        let creating = Step::Creating { number: 0 };
        let not = |refused| Step::NotCreated { why: "w".into(), refused };
        assert_eq!(state(&[planned()]), State::NotSent);
        assert_eq!(state(&[planned(), creating.clone()]), State::Unknown);
        assert_eq!(state(&[planned(), creating.clone(), not(false)]), State::NotSent);
        assert_eq!(state(&[planned(), creating.clone(), not(true)]), State::Refused("w".into()));
        assert_eq!(state(&[planned(), creating, made("1")]), State::Going);
    }
}
