//! A run that goes on while a test does something to it.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::counters::sent;
use super::lab::Lab;
use super::outcome::Outcome;

/// Far longer than anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says which process it is and what was sent before it, and becomes the program.
const INTRODUCED: &str = "cat /proc/net/dev > before && echo $$ > pid.part && \
    mv pid.part pid && exec $LASTHOP \"$@\"";

#[derive(Debug)]
pub(crate) struct Running {
    lab: Child,
    program: Pid,
    sent_before: u64,
}

impl Running {
    /// Starts `lasthop probe` inside, at so many packets a second.
    pub(crate) fn start(lab: &Lab, rate: &str, arguments: &[&str]) -> Self {
        Self::command(lab, "probe", rate, arguments)
    }

    /// The same, for another of the program's commands.
    pub(crate) fn command(lab: &Lab, name: &str, rate: &str, arguments: &[&str]) -> Self {
        let _ = fs::remove_file(lab.path("pid"));
        let mut command = lab.command("sh");
        command.args(["-c", INTRODUCED, "sh", name, "--rate", rate, "--timeout", "0.1"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("timeout (coreutils)");
        let pid = await_some(|| fs::read_to_string(lab.path("pid")).ok());
        let program = Pid::from_raw(pid.trim().parse().expect("a process"));
        let sent_before = sent(&lab.read("before")).expect("the lab's device");
        Self { lab: child, program, sent_before }
    }

    /// Waits until so many packets have left and the program handles Ctrl-C.
    pub(crate) fn await_packets(&self, count: u64) {
        let of = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", self.program)).ok();
        let enough = self.sent_before + count;
        await_some(|| sent(&of("net/dev")?).filter(|packets| *packets >= enough));
        await_some(|| catches(&of("status")?, Signal::SIGINT).then_some(()));
    }

    /// The program's process.
    pub(crate) fn process(&self) -> Pid {
        self.program
    }

    /// Sends the signal to the program alone, as `kill` does.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.program, signal).expect("it runs");
    }

    /// Sends the signal to the lab and the program, as a terminal does.
    pub(crate) fn signal_all(&self, signal: Signal) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program));
        let status = status.expect("it runs");
        let lab = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        let lab = lab.and_then(|lab| lab.trim().parse().ok()).expect("a parent");
        kill(Pid::from_raw(lab), signal).expect("the lab runs");
        self.signal(signal);
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Outcome {
        Outcome::read(self.lab.wait_with_output().expect("an end"))
    }
}

/// Whether a process handles a signal, by its `/proc/PID/status`.
fn catches(status: &str, signal: Signal) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal as i32 - 1) != 0)
}

/// Looks until there is something, for a while.
pub(crate) fn await_some<T>(look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain");
        sleep(Duration::from_millis(2));
    }
}
