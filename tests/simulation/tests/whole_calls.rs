//! Whole calls: `RVOIP_SEEDS` of them, or the one of `RVOIP_SEED` with its ladder.

use rvoip_simulation::{call, seeds};

#[test]
fn every_call_is_set_up_and_torn_down_and_leaves_nothing() {
    if let Ok(seed) = std::env::var("RVOIP_SEED") {
        let outcome = call::run(seed.parse().unwrap());
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
    let shown: Vec<String> =
        failures.iter().take(20).map(|(seed, reason)| format!("RVOIP_SEED={seed}: {reason}")).collect();
    assert!(failures.is_empty(), "{} of {count} calls went wrong:\n{}", failures.len(), shown.join("\n"));
}

#[test]
fn a_seed_gives_the_same_call_twice() {
    for seed in 0..5 {
        assert_eq!(call::run(seed).ladder, call::run(seed).ladder, "seed {seed}");
    }
}
