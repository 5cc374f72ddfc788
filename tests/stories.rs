//! The stories of the lab, measured in virtual time.

use lasthop::lab;
use lasthop::replay::replay;
use lasthop::targets::Targets;

#[test]
fn the_same_seed_gives_the_same_rows() {
    let story = lab::story("october-2017").expect("a story").expect("a right one");
    let targets = Targets::built_in().expect("targets");
    let first = |seed| {
        let runs = replay(&story, "here", &targets, seed).take(3);
        runs.map(|rows| rows.expect("measured")).collect::<Vec<_>>()
    };
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}

#[test]
fn every_story_is_read_and_every_event_is_within_its_runs() {
    for name in lab::STORIES {
        let story = lab::story(name).expect("a story").expect("a right one");
        let runs: Vec<_> = story.runs().collect();
        assert!(runs.is_sorted() && runs.len() > 300, "{name}");
        assert!(story.events.is_sorted_by_key(|event| event.at), "{name}");
        let within = |at| runs.first() < Some(&at) && Some(&at) < runs.last();
        assert!(story.events.iter().all(|event| within(event.at)), "{name}");
    }
}
