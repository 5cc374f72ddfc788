//! System calls that nothing here needs, refused by a filter of seccomp(2).

use std::collections::BTreeMap;
use std::io;

use nix::errno::Errno;
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

use super::super::wanted::Calls;

/// What runs another program, looks into other processes, or makes system calls by another way.
const PROGRAMS: [libc::c_long; 25] = [
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_by_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_personality,
];

/// What opens a socket, or lets others in.
const SOCKETS: [libc::c_long; 6] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
];

/// On x86-64 a call may be named by its x32 number too, which is the same with this bit.
const X32: i64 = 0x4000_0000;

/// Refuses system calls to this thread and those that it begins, for good. A call that is refused fails with EPERM.
///
/// # Errors
/// Where the kernel or the processor has no such filter.
pub fn confine_calls(left: Calls) -> io::Result<()> {
    let sockets: &[_] = match left {
        Calls::NoPrograms => &[],
        Calls::NoProgramsNoSockets => &SOCKETS,
    };
    let mut rules = BTreeMap::new();
    for call in PROGRAMS.iter().chain(sockets) {
        #[allow(clippy::useless_conversion, reason = "a c_long is shorter on some systems")]
        let call = i64::from(*call);
        rules.insert(call, Vec::new());
        if cfg!(target_arch = "x86_64") {
            rules.insert(call | X32, Vec::new());
        }
    }
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refused = SeccompAction::Errno(Errno::EPERM as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture);
    let program: BpfProgram = filter.and_then(BpfProgram::try_from).map_err(io::Error::other)?;
    apply_filter(&program).map_err(io::Error::other)
}
