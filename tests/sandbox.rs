//! What a confined thread can still do: each test confines a thread of its own, and tries it there.
#![cfg(feature = "cli")]
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "skipping/mod.rs"]
mod skipping;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use lasthop::sandbox::{Calls, Files, Written, confine_calls, confine_files};
use tempfile::TempDir;

/// Runs `test` in a thread that is confined to `files`; nothing where the kernel cannot do that.
fn confined_to<T: Send + 'static>(
    files: Files,
    test: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let done = thread::spawn(move || confine_files(&files).expect("rules").then(test));
    let done = done.join().expect("no panic");
    if done.is_none() {
        skipping::skipped("sandbox", "this kernel has no Landlock");
    }
    done
}

fn left_with<T: Send + 'static>(calls: Calls, test: impl FnOnce() -> T + Send + 'static) -> T {
    let done = thread::spawn(move || {
        confine_calls(calls).expect("a filter");
        test()
    });
    done.join().expect("no panic")
}

/// A folder with files of these names, each with its name in it.
fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, name).expect("written");
    }
    folder
}

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

const DENIED: Option<ErrorKind> = Some(ErrorKind::PermissionDenied);

#[test]
fn what_is_read_can_be_read_and_nothing_else() {
    let folder = folder(&["in/a", "in/deep/b", "other", "lone"]);
    let at = folder.path().to_owned();
    let path = move |name: &str| at.join(name);
    let files = Files { read: vec![path("in"), path("lone"), path("missing")], ..Files::default() };
    let Some(()) = confined_to(files, move || {
        for name in ["in/a", "in/deep/b", "lone"] {
            assert_eq!(fs::read_to_string(path(name)).expect(name), name);
            assert_eq!(kind(OpenOptions::new().write(true).open(path(name))), DENIED, "{name}");
            assert_eq!(kind(fs::remove_file(path(name))), DENIED, "{name}");
        }
        assert_eq!(fs::read_dir(path("in")).expect("listed").count(), 2);
        assert_eq!(kind(File::open(path("missing"))), Some(ErrorKind::NotFound));
        for name in [path("other"), PathBuf::from("/etc/passwd"), PathBuf::from("/dev/null")] {
            assert_eq!(kind(File::open(&name)), DENIED, "{}", name.display());
        }
        assert_eq!(kind(File::create(path("in/new"))), DENIED);
        assert_eq!(kind(fs::read_dir(path("."))), DENIED);
    }) else {
        return;
    };
}

/// As `classify` reads a folder of links.
#[test]
fn links_in_a_folder_are_followed_to_files_and_no_further() {
    let folder = folder(&["in/a", "out/b", "out/c"]);
    let at = folder.path().to_owned();
    std::os::unix::fs::symlink(at.join("out/b"), at.join("in/link")).expect("a link");
    std::os::unix::fs::symlink(at.join("in"), at.join("folder")).expect("a link");
    let files = Files { read: vec![at.join("folder")], ..Files::default() };
    confined_to(files, move || {
        assert_eq!(fs::read_to_string(at.join("in/link")).expect("followed"), "out/b");
        assert_eq!(fs::read_to_string(at.join("folder/a")).expect("followed"), "in/a");
        assert_eq!(kind(File::open(at.join("out/c"))), DENIED);
    });
}

/// A file that is written anew beside the one whose place it takes.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let make = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    let mut part = tempfile::Builder::new().make_in(path.parent().expect("a folder"), make)?;
    part.write_all(text.as_bytes())?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// What no way of writing may do in the folder `out`, where `other` is somebody else's.
fn nothing_else(at: &Path) {
    assert_eq!(kind(File::open(at.join("out/other"))), DENIED, "another file is not read");
    assert_eq!(kind(OpenOptions::new().read(true).append(true).open(at.join("out/other"))), DENIED);
    assert_eq!(kind(fs::create_dir(at.join("out/folder"))), DENIED);
    assert_eq!(kind(std::os::unix::fs::symlink("x", at.join("out/link"))), DENIED);
    assert!(fs::hard_link(at.join("elsewhere/a"), at.join("out/also")).is_err());
    assert!(fs::rename(at.join("out/other"), at.join("elsewhere/other")).is_err());
    assert_eq!(kind(File::create(at.join("elsewhere/new"))), DENIED);
    assert_eq!(kind(OpenOptions::new().append(true).open(at.join("elsewhere/a"))), DENIED);
}

/// A thread that writes `out/file` so, in a folder where others have files.
fn writing(how: Written, test: impl FnOnce(&Path) + Send + 'static) -> TempDir {
    let folder = folder(&["out/file", "out/other", "elsewhere/a"]);
    let at = folder.path().to_owned();
    let written = vec![(at.join("out/file"), how), ("/dev/null".into(), how)];
    confined_to(Files { written, ..Files::default() }, move || {
        File::create("/dev/null").expect("a device");
        assert_eq!(fs::read_to_string(at.join("out/file")).expect("one's own"), "out/file");
        test(&at);
        nothing_else(&at);
    });
    folder
}

#[test]
fn what_is_written_in_its_place_opens_nothing_beside_it() {
    let folder = writing(Written::InPlace, |at| {
        fs::write(at.join("out/file"), "new").expect("written");
        assert_eq!(kind(File::create(at.join("out/new"))), DENIED);
        assert_eq!(kind(OpenOptions::new().append(true).open(at.join("out/other"))), DENIED);
        assert_eq!(kind(fs::read_dir(at.join("out"))), DENIED);
        assert_eq!(kind(fs::remove_file(at.join("out/other"))), DENIED);
        assert_eq!(kind(fs::remove_file(at.join("out/file"))), DENIED);
        assert_eq!(kind(fs::rename(at.join("out/file"), at.join("out/other"))), DENIED);
    });
    assert_ne!(fs::read_to_string(folder.path().join("out/file")).expect("a file"), "");
}

#[test]
fn what_grows_can_be_made_again_and_nothing_is_removed() {
    writing(Written::Grown, |at| {
        let mut again = OpenOptions::new().append(true).open(at.join("out/file")).expect("opened");
        again.write_all(b"rows").expect("appended");
        for name in ["out/again", "out/file.torn"] {
            let made = OpenOptions::new().create(true).append(true).open(at.join(name));
            made.and_then(|mut file| file.write_all(b"rows")).expect("made");
            assert_eq!(kind(File::open(at.join(name))), DENIED, "{name} is not read back");
        }
        File::open(at.join("out")).and_then(|folder| folder.sync_all()).expect("synced");
        assert_eq!(kind(fs::remove_file(at.join("out/other"))), DENIED);
        assert_eq!(kind(fs::rename(at.join("out/file"), at.join("out/other"))), DENIED);
    });
}

#[test]
fn what_is_replaced_is_replaced_in_one_go() {
    let folder = writing(Written::Replaced, |at| {
        replace(&at.join("out/file"), "new").expect("replaced");
        File::open(at.join("out")).and_then(|folder| folder.sync_all()).expect("synced");
        // Renaming needs the right to remove, which knows no names; emptying does not.
        assert_eq!(kind(File::create(at.join("out/other"))), DENIED);
    });
    let text = fs::read_to_string(folder.path().join("out/file")).expect("a file");
    assert!(["new", "out/file"].contains(&text.as_str()), "{text}");
}

/// Also through a link, and where a run leaves an empty file behind that it made.
#[test]
fn what_is_new_can_be_made_and_removed() {
    let folder = folder(&["other/a", "out/empty"]);
    let at = folder.path().to_owned();
    fs::write(at.join("out/empty"), "").expect("empty");
    std::os::unix::fs::symlink(at.join("led/new"), at.join("other/link")).expect("a link");
    fs::create_dir(at.join("led")).expect("a folder");
    let written =
        vec![(at.join("other/link"), Written::InPlace), (at.join("out/empty"), Written::Grown)];
    confined_to(Files { written, ..Files::default() }, move || {
        fs::write(at.join("other/link"), "led").expect("where the link leads");
        assert_eq!(kind(fs::read(at.join("led/new"))), DENIED);
        fs::remove_file(at.join("led/new")).expect("removed");
        fs::remove_file(at.join("out/empty")).expect("removed");
        assert_eq!(kind(File::create(at.join("other/new"))), DENIED);
    });
}

/// As the system's certificates are read.
#[test]
fn links_in_the_systems_folders_lead_no_further() {
    let folder = folder(&["system/a", "out/b"]);
    let at = folder.path().to_owned();
    std::os::unix::fs::symlink(at.join("out/b"), at.join("system/link")).expect("a link");
    confined_to(Files { system: vec![at.join("system")], ..Files::default() }, move || {
        assert_eq!(fs::read_to_string(at.join("system/a")).expect("read"), "system/a");
        assert_eq!(kind(File::open(at.join("system/link"))), DENIED);
        assert_eq!(kind(File::create(at.join("system/new"))), DENIED);
    });
}

#[test]
fn a_folder_of_ones_own_is_open() {
    let folder = folder(&["own/a", "other/a"]);
    let at = folder.path().to_owned();
    confined_to(Files { own: vec![at.join("own")], ..Files::default() }, move || {
        assert_eq!(fs::read_to_string(at.join("own/a")).expect("read"), "own/a");
        fs::create_dir(at.join("own/run")).expect("a folder");
        fs::write(at.join("own/run/new"), "x").expect("made");
        fs::rename(at.join("own/run/new"), at.join("own/run/old")).expect("renamed");
        fs::remove_file(at.join("own/run/old")).expect("removed");
        assert_eq!(kind(File::open(at.join("other/a"))), DENIED);
        assert_eq!(kind(fs::remove_dir(at.join("own/run"))), DENIED);
    });
}

#[test]
fn open_files_pipes_and_files_without_a_name_go_on() {
    let folder = folder(&["a"]);
    let mut open = File::open(folder.path().join("a")).expect("open");
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let by_name = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    let temporary = folder.path().to_owned();
    let files = Files {
        read: vec![by_name.clone().into()],
        temporary: Some(temporary.clone()),
        ..Files::default()
    };
    confined_to(files, move || {
        let mut text = String::new();
        open.read_to_string(&mut text).expect("read");
        assert_eq!(text, "a");
        let mut unnamed = tempfile::tempfile_in(&temporary).expect("a file");
        unnamed.write_all(b"x").and_then(|()| unnamed.set_len(0)).expect("written");
        let mut again = File::open(by_name).expect("a pipe by its name");
        writer.write_all(b"p").expect("written");
        drop(writer);
        let mut bytes = Vec::new();
        again.read_to_end(&mut bytes).expect("read");
        assert_eq!(bytes, b"p");
    });
    drop(reader);
}

#[test]
fn no_program_can_be_run_and_no_socket_opened() {
    left_with(Calls::NoProgramsNoSockets, || {
        assert_eq!(kind(Command::new("/bin/true").status()), DENIED);
        assert_eq!(kind(UdpSocket::bind("127.0.0.1:0")), DENIED);
        assert_eq!(kind(TcpStream::connect("127.0.0.1:9")), DENIED);
        assert_eq!(kind(std::os::unix::net::UnixStream::pair()), DENIED);
        assert_eq!(kind(io_of(nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER))), DENIED);
        // Threads, files and pipes are left, and threads are confined as well.
        let inside = thread::spawn(|| kind(UdpSocket::bind("127.0.0.1:0"))).join();
        assert_eq!(inside.expect("a thread"), DENIED);
        io::pipe().expect("a pipe");
        tempfile::tempfile().expect("a file");
    });
}

#[test]
fn sockets_that_are_open_stay() {
    let here = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let there = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    left_with(Calls::NoProgramsNoSockets, move || {
        here.connect(there.local_addr().expect("bound")).expect("connected");
        here.send(b"x").expect("sent");
        let mut bytes = [0; 2];
        assert_eq!(there.recv(&mut bytes).expect("received"), 1);
    });
}

#[test]
fn whoever_needs_sockets_has_them_and_no_programs() {
    left_with(Calls::NoPrograms, || {
        UdpSocket::bind("127.0.0.1:0").expect("a socket");
        assert_eq!(kind(Command::new("/bin/true").status()), DENIED);
    });
}

fn io_of<T>(result: nix::Result<T>) -> io::Result<T> {
    result.map_err(io::Error::from)
}

/// The thread that runs the tests is as it was.
#[test]
fn other_threads_are_not_confined() {
    left_with(Calls::NoProgramsNoSockets, || ());
    assert!(Path::new("/etc/passwd").exists());
    Command::new("/bin/true").status().expect("a program");
}
