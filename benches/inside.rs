//! Where a benchmark that keeps to no rate may run.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result, ensure};
use nix::net::if_::if_nameindex;

/// Refuses to begin anywhere but in the namespace that `benches/chain.sh` has made and named, which
/// has no link but the one into the chain.
pub(crate) fn nothing_leads_out() -> Result<()> {
    let name = env::var("LASTHOP_BENCH").context("run this by: benches/chain.sh exec")?;
    ensure!(name.starts_with("lasthop-bench-"), "{name} is no namespace of benches/chain.sh");
    let here = fs::metadata("/proc/self/ns/net")?.ino();
    let chain = fs::metadata(format!("/run/netns/{name}")).context("no such namespace")?.ino();
    ensure!(here == chain, "this is not inside {name}");
    // Where even root may not look at the first process, the links have to do.
    if let Ok(machine) = fs::metadata("/proc/1/ns/net") {
        ensure!(here != machine.ino(), "this is the machine's own network");
    }
    for link in &if_nameindex()? {
        let link = link.name().to_string_lossy();
        ensure!(["lo", "ahead"].contains(&link.as_ref()), "who knows where {link} leads");
    }
    Ok(())
}
