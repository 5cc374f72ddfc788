//! One network namespace, held open by a file descriptor and entered by a thread.
//!
//! No process, mount or name keeps it alive: it ends when its descriptor is closed, however the
//! test ends.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use nix::sched::{CloneFlags, setns, unshare};

use super::tool::tool;

/// How often a link is looked at.
const PATIENCE: u32 = 500;

pub(crate) struct Namespace {
    handle: File,
}

impl Namespace {
    /// A new namespace, empty but for a loopback interface that is down.
    pub(crate) fn new() -> Result<Self> {
        let handle = on_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).context("a new network namespace")?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        })?;
        Ok(Self { handle })
    }

    /// Does `work` inside; the processes that it starts are inside too.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        on_a_thread(|| {
            setns(&self.handle, CloneFlags::CLONE_NEWNET).context("entering a namespace")?;
            work()
        })
    }

    /// The name by which `ip` finds this namespace from inside another one.
    pub(crate) fn path(&self) -> Result<String> {
        // Not `process::id()`: /proc may show an outer process namespace, with other numbers.
        let process = fs::read_link("/proc/self")?;
        let handle = self.handle.as_raw_fd();
        Ok(format!("/proc/{}/fd/{handle}", process.display()))
    }

    /// Runs `ip` with these commands, until one fails.
    pub(crate) fn ip<S: AsRef<str>>(&self, commands: &[S]) -> Result<()> {
        let commands: String = commands.iter().flat_map(|c| [c.as_ref(), "\n"]).collect();
        self.enter(|| batch(&commands).with_context(|| format!("ip:\n{commands}")))
    }

    /// Waits, not for long, until every link carries packets: the kernel starts them in its own time.
    pub(crate) fn ready(&self) -> Result<()> {
        let look = || Ok(tool("ip").args(["-brief", "link", "show", "up"]).output()?);
        for _ in 0..PATIENCE {
            let links = self.enter(look)?;
            let links = String::from_utf8(links.stdout)?;
            if !links.is_empty() && !links.contains("DOWN") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("a link does not come up")
    }

    /// Writes settings below `/proc/sys/net`.
    pub(crate) fn set(&self, settings: &[(&str, &str)]) -> Result<()> {
        self.enter(|| {
            for (key, value) in settings {
                let path = format!("/proc/sys/net/{key}");
                fs::write(&path, value).with_context(|| format!("{path} = {value}"))?;
            }
            Ok(())
        })
    }
}

/// A thread of its own, because a thread that has moved to another namespace must not come back
/// into use elsewhere.
fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let worker = scope.spawn(work);
        worker.join().map_err(|_| anyhow!("the thread in the namespace panicked"))?
    })
}

fn batch(commands: &str) -> Result<()> {
    let mut ip = tool("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = ip.stdin.take() {
        stdin.write_all(commands.as_bytes())?;
    }
    let output = ip.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
