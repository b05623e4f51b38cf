//! Whole calls: `RVOIP_SEEDS` of them, or the one of `RVOIP_SEED` with its ladder.

use rvoip_simulation::{call, seeds};

#[test]
fn every_call_is_set_up_and_torn_down_and_leaves_nothing() {
    if let Some(seed) = seeds::replayed() {
        let outcome = call::run(seed);
        for line in &outcome.ladder {
            println!("{line}");
        }
        println!("{:?} {:?}", outcome.fate, outcome.weather);
        println!("alice: {:?}\nbob: {:?}", outcome.alice.told, outcome.bob.told);
        outcome.check().unwrap();
        return;
    }
    let count = seeds::number("RVOIP_SEEDS", 1_000);
    let failures = seeds::all(count, |seed| call::run(seed).check());
    seeds::assert_none(&failures, count);
}

#[test]
fn a_seed_gives_the_same_call_twice() {
    for seed in 0..5 {
        assert_eq!(call::run(seed).ladder, call::run(seed).ladder, "seed {seed}");
    }
}
