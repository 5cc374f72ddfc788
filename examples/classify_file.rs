//! Classifies the traceroutes in files, whatever program wrote them:
//! `cargo run --example classify_file -- FILE...`.

use lasthop::owner::Owners;
use lasthop::survey::{Keep, ReadOptions, Remark, Survey};
use lasthop::targets::Targets;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let targets = Targets::built_in()?;
    let mut survey = Survey::new(&targets, Keep::default());
    survey.read_files(&files, &ReadOptions::default(), &mut |remark| {
        if let Remark::Failed(error) = remark {
            eprintln!("{error}");
        }
    })?;
    let split = survey.judge(&Owners::new(&targets))?.split();
    for part in &split.routed {
        for (class, count) in &part.counts {
            println!("{} {}: {count}", part.scope, class.name(&targets.classes));
        }
    }
    Ok(())
}
