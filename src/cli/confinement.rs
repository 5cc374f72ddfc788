//! What a command gives up before it reads what strangers wrote: capabilities at its start, files and system calls
//! once it is known what it reads and writes, and root as soon as the sockets of a run are open.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::sandbox::{
    Calls, Files, GivenUp, User, Written, confine_calls, confine_files, give_up_privileges,
};

use super::common::Common;

/// What name servers are asked by.
const RESOLVER: [&str; 4] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf"];
/// By what the system finds the address of a name, and what it loads for that.
#[cfg(feature = "remote")]
const NAMES: [&str; 14] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    // Where resolv.conf leads to. It is replaced when the network changes.
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
];
/// Where certificates are.
#[cfg(feature = "remote")]
const CERTIFICATES: [&str; 8] = [
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki",
    "/usr/share/ssl",
    "/var/lib/ca-certificates",
];
/// The variables that name others.
#[cfg(feature = "remote")]
const NAMED_CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What says how many cores may be used.
const CORES: [&str; 3] = ["/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup"];
/// Where files without a name are made, if not where the environment says.
const TEMPORARY: [&str; 2] = ["/var/tmp", "/tmp"];

/// What a command still needs.
#[derive(Debug, Default)]
pub(super) struct Needs {
    files: Files,
    sockets: bool,
}

impl Needs {
    /// Reads this file, or all that is in this folder; `-` is stdin.
    pub(super) fn reads(mut self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let paths = paths.into_iter().map(Into::into).filter(|path| path != Path::new("-"));
        self.files.read.extend(paths);
        self
    }

    /// Writes these files, all of them so; `-` is stdout.
    pub(super) fn writes<'a>(
        mut self,
        how: Written,
        paths: impl IntoIterator<Item = &'a Path>,
    ) -> Self {
        let paths = paths.into_iter().filter(|path| *path != Path::new("-"));
        self.files.written.extend(paths.map(|path| (path.to_owned(), how)));
        self
    }

    /// Opens sockets, where it does.
    pub(super) fn opens_sockets(mut self, opens: bool) -> Self {
        self.sockets |= opens;
        self
    }

    /// Asks name servers, where it does.
    pub(super) fn asks_name_servers(self, asks: bool) -> Self {
        let files: &[&str] = if asks { &RESOLVER } else { &[] };
        self.reads(files).opens_sockets(asks)
    }

    /// Asks a service over HTTPS, where it does.
    #[cfg(feature = "remote")]
    pub(super) fn asks_a_service(mut self, asks: bool) -> Self {
        if asks {
            let named = NAMED_CERTIFICATES.into_iter().filter_map(std::env::var_os);
            self.files.system.extend(named.map(PathBuf::from));
            self.files.system.extend(NAMES.into_iter().chain(CERTIFICATES).map(PathBuf::from));
        }
        self.opens_sockets(asks)
    }

    /// Has this folder to itself, where there is one.
    #[cfg(feature = "remote")]
    pub(super) fn owns(mut self, folder: impl IntoIterator<Item = PathBuf>) -> Self {
        self.files.own.extend(folder);
        self
    }

    /// Leaves this process what it needs and nothing else, as far as the kernel can do that.
    pub(super) fn confine(self, common: &Common) {
        let mut files = self.files;
        files.read.extend(CORES.map(PathBuf::from));
        files.temporary = Some(tempfile::env::temp_dir());
        let calls = if self.sockets { Calls::NoPrograms } else { Calls::NoProgramsNoSockets };
        let (files, calls) = (confine_files(&files), confine_calls(calls));
        common.info(|| {
            let files = match files {
                Ok(true) => "Landlock confines which files are opened".to_owned(),
                Ok(false) => "this kernel has no Landlock to confine which files are opened".into(),
                Err(error) => format!("which files are opened is not confined ({error})"),
            };
            let calls = match (calls, self.sockets) {
                (Ok(()), false) => "seccomp refuses programs and new sockets".to_owned(),
                (Ok(()), true) => "seccomp refuses programs".into(),
                (Err(error), _) => format!("system calls are not confined ({error})"),
            };
            format!("confined: {files}; {calls}")
        });
    }
}

/// Gives up all privileges of a run whose sockets and files are open. Root goes on as `user`, by default nobody.
pub(super) fn give_up(user: Option<&User>, common: &Common) -> anyhow::Result<()> {
    let given_up = give_up_privileges(user)?;
    if matches!(given_up, GivenUp::Became(_)) {
        find_temporary_folder();
    }
    common.info(|| match given_up {
        GivenUp::Ordinary => "no capability is left".to_owned(),
        GivenUp::Became(name) => format!("no privilege is left: root goes on as {name}"),
        GivenUp::Alone => {
            "no capability is left: this user namespace has nobody whom root could go on as".into()
        }
        GivenUp::Bound => {
            "no capability is left: root has none here by which it could go on as somebody else"
                .into()
        }
        GivenUp::Root => "no capability is left: root stays root, as asked".into(),
    });
    Ok(())
}

/// The folder for files without a name may have been root's alone.
fn find_temporary_folder() {
    let may_write = |folder: &Path| access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    if may_write(&tempfile::env::temp_dir()) {
        return;
    }
    if let Some(other) = TEMPORARY.into_iter().map(Path::new).find(|folder| may_write(folder)) {
        // It was set before, or is now: either is what there is.
        let _ = tempfile::env::override_temp_dir(other);
    }
}
