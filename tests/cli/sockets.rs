//! What the machine does not give: sockets and options that are not there, and a link that fails for a while.

use super::lab::Lab;
use super::sheet::Sheet;
use super::skip::{has, skip};

/// Replaces two calls of the C library. `NO_SOCKET` has kinds of sockets that are not there, as
/// `type:protocol:errno`, and `NO_OPTION` options, as `level:name:errno`.
const NO_SOCKETS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int refused(const char *list, int one, int other) {
    int first, second, number, length;
    while (list && sscanf(list, "%d:%d:%d%n", &first, &second, &number, &length) == 3) {
        if (first == one && second == other) { errno = number; return 1; }
        list += length;
        if (*list == ' ') list++;
    }
    return 0;
}

int socket(int domain, int type, int protocol) {
    int (*next)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    if (domain == AF_INET && refused(getenv("NO_SOCKET"), type & 15, protocol)) return -1;
    return next(domain, type, protocol);
}

int setsockopt(int file, int level, int name, const void *value, socklen_t length) {
    int (*next)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
    return refused(getenv("NO_OPTION"), level, name) ? -1 : next(file, level, name, value, length);
}
"#;

const RAW: [&str; 3] = ["3:255", "3:1", "3:6"];
const PING: &str = "2:1";
const UDP: &str = "2:17";

/// A lab in which the two calls are replaced.
fn lab() -> Option<Lab> {
    if !has("cc") {
        return None;
    }
    let lab = Lab::near()?;
    lab.write("nosockets.c", NO_SOCKETS);
    lab.shell("cc -shared -fPIC -o nosockets.so nosockets.c -ldl").ended(0);
    Some(lab)
}

/// Runs `probe` where the system has none of these sockets, and returns the classes it found and its remarks.
fn probed(
    lab: &Lab,
    missing: &[String],
    options: &str,
    more: &str,
) -> (Option<i32>, String, String) {
    let run = lab.shell(&format!(
        "NO_SOCKET='{}' NO_OPTION='{options}' LD_PRELOAD=$PWD/nosockets.so $LASTHOP probe $QUICK -v {more} \
         175.45.177.10 175.45.176.8",
        missing.join(" ")
    ));
    if run.out.is_empty() {
        return (run.code, String::new(), run.err);
    }
    let verdict = Sheet::read(&run.out).column("verdict")[0].to_owned();
    (run.code, verdict, run.err)
}

fn with(sockets: &[&str], errno: i32) -> Vec<String> {
    sockets.iter().map(|socket| format!("{socket}:{errno}")).collect()
}

/// EPERM, EACCES, EINVAL, ENOSYS, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT.
const NOT_THERE: [i32; 9] = [1, 13, 22, 38, 92, 93, 94, 95, 97];

#[test]
fn without_raw_sockets_others_are_taken() {
    let Some(lab) = lab() else { return };
    for errno in NOT_THERE {
        let (code, verdict, err) = probed(&lab, &with(&RAW, errno), "", "");
        assert_eq!((code, verdict.as_str()), (Some(0), "mixed"), "{errno}: {err}");
        assert!(
            err.contains("datagram sockets, since raw ones cannot be opened"),
            "{errno}: {err}"
        );
    }
    for errno in [1, 93] {
        let missing = [with(&RAW, 1), with(&[PING], errno)].concat();
        let (code, verdict, err) = probed(&lab, &missing, "", "");
        assert_eq!((code, verdict.as_str()), (Some(0), "mixed"), "{errno}: {err}");
        assert!(err.contains("probing by UDP"), "{errno}: {err}");
    }
}

/// What is about this process is not about the network: no other socket would open, and the message says what
/// helps.
#[test]
fn without_files_nothing_else_is_tried() {
    let Some(lab) = lab() else { return };
    let no_udp = [with(&RAW, 1), with(&[PING], 93), with(&[UDP], 24)].concat();
    for missing in [with(&RAW, 24), no_udp] {
        let (code, verdict, err) = probed(&lab, &missing, "", "");
        assert_eq!((code, verdict.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains("Too many open files") && err.contains("ulimit -n"), "{err}");
    }
}

/// Stamps, buffer sizes, filters and the like are extras on every wire; where raw sockets lack more than
/// that, others are taken.
#[test]
fn options_that_are_not_there_are_done_without() {
    let Some(lab) = lab() else { return };
    // SO_TIMESTAMPNS, SO_SNDBUF, SO_RCVBUF, SO_ATTACH_FILTER, IP_RECVTTL, SO_REUSEADDR, SO_LINGER, TCP_QUICKACK.
    let extras = ["1:35", "1:7", "1:8", "1:26", "0:12", "1:2", "1:13", "6:12"];
    let extras = with(&extras, 92).join(" ");
    for more in ["--wire raw", "--wire user", "--wire raw --method tcp", "--wire user --method tcp"]
    {
        let (code, verdict, err) = probed(&lab, &[], &extras, more);
        assert_eq!((code, verdict.as_str()), (Some(0), "mixed"), "{more}: {err}");
    }
    // IP_HDRINCL.
    let (code, _, err) = probed(&lab, &[], "0:3:1", "");
    assert!(code == Some(0) && err.contains("raw ones cannot be opened"), "{err}");
}

/// The link is down for two seconds in the middle of a run. What did not leave is sent later, on every wire.
#[test]
fn a_link_that_is_down_for_a_while_changes_nothing() {
    if !has("ip") {
        return;
    }
    let Some(lab) = Lab::scenario("all-russia") else { return };
    let script = "device=$(ip -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/')
        $LASTHOP probe -v --sample 16 --rate 100 --seed 3 --vantage lab:x $1 > $2.csv 2> $2.txt & run=$!
        sleep 1; ip link set $device down || exit 9
        sleep 2; ip link set $device up; ip route add default dev $device; wait $run";
    for (name, wire) in
        [("raw", "--wire raw"), ("user", "--wire user"), ("tcp", "--wire user --method tcp")]
    {
        let run = lab.shell_with(&script.replace("$1", wire), &["", name]);
        if run.code == Some(9) {
            return skip("the device of the lab may not be switched off");
        }
        let (out, err) = (lab.read(&format!("{name}.csv")), lab.read(&format!("{name}.txt")));
        assert_eq!(run.code, Some(0), "{name}: {err}");
        let rows = Sheet::read(&out);
        assert_eq!((rows.column("russia")[0], rows.column("complete")[0]), ("64", "true"));
        let refused = ["unreachable", "No route to host", "Network is down"];
        assert!(refused.iter().any(|why| err.contains(why)), "{name}: nothing was refused: {err}");
        assert!(!err.contains("could not be sent"), "{name}: {err}");
    }
}
