//! The jitter buffer in virtual time, with seeds.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_media_core::jitter::{JitterBuffer, JitterConfig, JitterStatistics, Playout};
use rvoip_sans_io::{Instant, Random};

/// One packet on its way: sequence number, timestamp, marker.
type Sent = (u64, u32, bool);

/// A sender, a network and a listener; all times in microseconds.
struct Simulation {
    buffer: JitterBuffer,
    network: BTreeMap<(i64, u64), Sent>,
    arrivals: u64,
    pulls: i64,
    played: Vec<u64>,
    missing: u64,
    empty: u64,
    largest_delay: Duration,
}

fn at(micros: i64) -> Instant {
    Instant::ZERO + Duration::from_micros(u64::try_from(micros).unwrap())
}

impl Simulation {
    fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(JitterConfig::default()),
            network: BTreeMap::new(),
            arrivals: 0,
            pulls: 0,
            played: Vec::new(),
            missing: 0,
            empty: 0,
            largest_delay: Duration::ZERO,
        }
    }

    fn send(&mut self, arrival: i64, packet: Sent) {
        self.arrivals += 1;
        self.network.insert((arrival, self.arrivals), packet);
    }

    /// Sends packets `from..to`, one in 20 ms, each with the delay that `delay` says, or lost.
    fn stream(&mut self, from: u64, to: u64, mut delay: impl FnMut(u64) -> Option<i64>) {
        for sequence in from..to {
            if let Some(delay) = delay(sequence) {
                let timestamp = u32::try_from(sequence * 160 % (1 << 32)).unwrap();
                self.send(i64::try_from(sequence).unwrap() * 20_000 + delay, (sequence, timestamp, false));
            }
        }
    }

    /// Lets the listener play until `end`, by a clock whose 20 ms last `tick` microseconds.
    fn listen(&mut self, end: i64, tick: i64) {
        while self.pulls < end {
            while let Some(entry) = self.network.first_entry() {
                let (arrival, _) = *entry.key();
                if arrival > self.pulls {
                    break;
                }
                let (sequence, timestamp, marker) = entry.remove();
                self.buffer.insert(at(arrival), sequence, timestamp, &sequence.to_be_bytes(), marker);
            }
            match self.buffer.pull(at(self.pulls)) {
                Playout::Frame { payload, sequence, .. } => {
                    assert_eq!(*payload, sequence.to_be_bytes());
                    self.played.push(sequence);
                }
                Playout::Missing { .. } => self.missing += 1,
                Playout::Empty => self.empty += 1,
            }
            self.largest_delay = self.largest_delay.max(self.statistics().current_delay);
            self.pulls += tick;
        }
    }

    fn statistics(&self) -> JitterStatistics {
        self.buffer.statistics()
    }

    fn assert_in_order(&self) {
        assert!(self.played.is_sorted_by(|a, b| a < b), "played out of order or twice");
    }
}

#[test]
fn a_steady_stream_is_played_whole_with_little_delay() {
    let mut simulation = Simulation::new();
    simulation.stream(0, 1_000, |_| Some(30_000));
    simulation.listen(20_000_000, 20_000);
    simulation.assert_in_order();
    assert!(simulation.played.len() >= 990, "{}", simulation.played.len());
    assert_eq!((simulation.missing, simulation.statistics().late), (0, 0));
    assert!(
        simulation.statistics().current_delay <= Duration::from_millis(60),
        "{:?}",
        simulation.statistics()
    );
}

#[test]
fn jitter_is_absorbed_for_many_seeds() {
    for seed in 0..10 {
        let mut random = Random::from_number(seed);
        let mut simulation = Simulation::new();
        simulation.stream(0, 3_000, |_| Some(20_000 + i64::try_from(random.below(40_000)).unwrap()));
        simulation.listen(60_000_000, 20_000);
        simulation.assert_in_order();
        let statistics = simulation.statistics();
        assert!(simulation.missing < 30, "seed {seed}: {} {statistics:?}", simulation.missing);
        assert!(statistics.late < 30 && simulation.played.len() > 2_950, "seed {seed}: {statistics:?}");
        assert!(statistics.current_delay < Duration::from_millis(110), "seed {seed}: {statistics:?}");
    }
}

#[test]
fn loss_is_concealed_one_to_one_and_does_not_raise_the_delay() {
    for seed in 0..10 {
        let mut random = Random::from_number(seed);
        let mut simulation = Simulation::new();
        let mut lost = 0;
        simulation.stream(0, 5_000, |_| {
            let gone = random.chance(0.05);
            lost += u64::from(gone);
            (!gone).then_some(10_000)
        });
        simulation.listen(100_000_000, 20_000);
        simulation.assert_in_order();
        let statistics = simulation.statistics();
        assert!(
            simulation.missing.abs_diff(lost) <= 5,
            "seed {seed}: {} {lost} {statistics:?}",
            simulation.missing
        );
        assert!(
            simulation.largest_delay < Duration::from_millis(70),
            "seed {seed}: {:?}",
            simulation.largest_delay
        );
        assert_eq!(statistics.late, 0);
    }
}

#[test]
fn a_burst_of_loss_is_a_hole_of_its_own_length() {
    let mut simulation = Simulation::new();
    simulation.stream(0, 500, |sequence| (!(200..204).contains(&sequence)).then_some(10_000));
    simulation.listen(10_000_000, 20_000);
    assert_eq!(simulation.missing, 4);
    assert!(simulation.played.contains(&204));
}

#[test]
fn reordered_and_doubled_packets_are_played_once_and_in_order() {
    let mut random = Random::from_number(5);
    let mut simulation = Simulation::new();
    simulation.stream(0, 2_000, |_| Some(if random.chance(0.1) { 35_000 } else { 10_000 }));
    simulation.stream(0, 2_000, |sequence| (sequence % 7 == 0).then_some(41_000));
    simulation.listen(40_000_000, 20_000);
    simulation.assert_in_order();
    let statistics = simulation.statistics();
    assert!(simulation.played.len() > 1_985, "{} {statistics:?}", simulation.played.len());
    assert!(statistics.duplicate > 270, "{statistics:?}");
}

#[test]
fn a_rising_delay_is_followed_fast_and_a_falling_one_slowly() {
    let mut simulation = Simulation::new();
    simulation.stream(0, 500, |_| Some(10_000));
    simulation.stream(500, 1_000, |sequence| Some(10_000 + i64::try_from(sequence % 5).unwrap() * 25_000));
    simulation.stream(1_000, 4_000, |_| Some(10_000));
    simulation.listen(11_500_000, 20_000);
    let risen = simulation.statistics();
    assert!(risen.target_delay >= Duration::from_millis(90), "{risen:?}");
    let missing = simulation.missing;
    simulation.listen(20_000_000, 20_000);
    assert!(
        simulation.missing - missing < 8,
        "{} {:?}",
        simulation.missing - missing,
        simulation.statistics()
    );
    simulation.listen(22_000_000, 20_000);
    assert!(simulation.statistics().target_delay > Duration::from_millis(80));
    simulation.listen(75_000_000, 20_000);
    let fallen = simulation.statistics();
    assert!(fallen.target_delay < Duration::from_millis(40), "{fallen:?}");
    assert!(fallen.current_delay < Duration::from_millis(85) && fallen.dropped > 0, "{fallen:?}");
}

#[test]
fn clocks_that_differ_by_200_ppm_for_an_hour_do_not_make_it_grow() {
    // At 20 ms, 200 ppm are 4 µs.
    for (tick, seed) in [(20_004, 1), (19_996, 2), (20_004, 3), (19_996, 4)] {
        let mut random = Random::from_number(seed);
        let mut simulation = Simulation::new();
        simulation.stream(0, 180_000, |_| Some(10_000 + i64::try_from(random.below(8_000)).unwrap()));
        simulation.listen(3_600_000_000, tick);
        simulation.assert_in_order();
        let statistics = simulation.statistics();
        assert!(
            simulation.largest_delay < Duration::from_millis(90),
            "{tick}: {:?}",
            simulation.largest_delay
        );
        assert!(statistics.dropped + simulation.missing < 80, "{tick}: {statistics:?}");
        assert!(simulation.played.len() > 179_900, "{tick}: {statistics:?}");
        assert_eq!(statistics.overflow, 0);
    }
}

#[test]
fn a_jump_of_the_timestamps_costs_a_moment_only() {
    let mut simulation = Simulation::new();
    simulation.stream(0, 500, |_| Some(10_000));
    for sequence in 500..1_000_u32 {
        let arrival = i64::from(sequence) * 20_000 + 10_000;
        simulation.send(arrival, (u64::from(sequence), (sequence * 160).wrapping_add(3_000_000_000), false));
    }
    simulation.listen(20_000_000, 20_000);
    simulation.assert_in_order();
    let statistics = simulation.statistics();
    assert_eq!(statistics.restarts, 1, "{statistics:?}");
    assert!(
        simulation.played.len() > 985 && simulation.missing < 8,
        "{} {statistics:?}",
        simulation.played.len()
    );
    assert!(statistics.current_delay < Duration::from_millis(80), "{statistics:?}");
}

#[test]
fn a_single_wild_timestamp_is_refused() {
    let mut simulation = Simulation::new();
    simulation.stream(0, 500, |sequence| (sequence != 250).then_some(10_000));
    simulation.send(5_010_000, (250, 4_000_000_000, false));
    simulation.listen(10_000_000, 20_000);
    let statistics = simulation.statistics();
    assert_eq!((statistics.refused, statistics.restarts), (1, 0), "{statistics:?}");
    assert!(simulation.missing <= 2 && simulation.played.len() > 490);
}

#[test]
fn pauses_between_talk_spurts_are_silence_not_holes() {
    let mut simulation = Simulation::new();
    let mut sequence = 0_u64;
    for spurt in 0..20_i64 {
        for index in 0..50_i64 {
            let position = spurt * 100 + index;
            let timestamp = u32::try_from(position * 160).unwrap();
            simulation.send(position * 20_000 + 10_000, (sequence, timestamp, index == 0));
            sequence += 1;
        }
    }
    simulation.listen(40_000_000, 20_000);
    simulation.assert_in_order();
    assert_eq!(simulation.played.len(), 1_000, "{:?}", simulation.statistics());
    // The end of a spurt is concealed, because it cannot be told from a loss at first.
    assert!(simulation.missing <= 20 * 5, "{}", simulation.missing);
    assert!(simulation.empty > 800);
}

#[test]
fn another_length_of_packets_is_learned() {
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut lengths = Vec::new();
    for packet in 0..200_u32 {
        let arrival = i64::from(packet) * 40_000;
        if packet % 50 != 49 {
            buffer.insert(at(arrival), u64::from(packet), packet * 320, &[0; 320], false);
        }
        if let Playout::Missing { length, .. } = buffer.pull(at(arrival + 1_000)) {
            lengths.push(length);
        }
    }
    assert!(lengths.len() >= 3, "{lengths:?}");
    assert!(lengths.iter().all(|length| *length == Duration::from_millis(40)), "{lengths:?}");
}

#[test]
fn a_stall_and_the_flood_after_it_end_within_the_limits() {
    for stall in [100_000, 300_000, 900_000, 1_500_000, 5_000_000] {
        let mut simulation = Simulation::new();
        simulation.stream(0, 3_000, |sequence| {
            let sent = i64::try_from(sequence).unwrap() * 20_000;
            let blocked = (10_000_000..10_000_000 + stall).contains(&sent);
            Some(if blocked { 10_000_000 + stall - sent + 10_000 } else { 10_000 })
        });
        simulation.listen(60_000_000, 20_000);
        simulation.assert_in_order();
        let statistics = simulation.statistics();
        assert!(statistics.current_delay < Duration::from_millis(100), "{stall}: {statistics:?}");
        let end: Vec<_> = simulation.played.iter().filter(|sequence| **sequence >= 2_000).collect();
        assert!(end.len() > 985, "{stall}: {} {statistics:?}", end.len());
    }
}

/// What a sender does that did not run for some time.
#[derive(Clone, Copy, Debug)]
enum After {
    /// It goes on where it was, later.
    GoesOn,
    /// It sends at once what was due meanwhile.
    Floods,
    /// It leaves out the time, and with it that many sequence numbers or none.
    Skips { numbers: bool },
}

#[test]
fn a_sender_that_stalls_is_heard_again_whatever_it_does_then() {
    const STEP: u64 = 20_000;
    for seed in 0..1_000 {
        let mut random = Random::from_number(seed);
        let mut simulation = Simulation::new();
        let mut stalls = Vec::new();
        let (mut late, mut skipped, mut sequence, mut last) = (0, 0, 0, 0);
        let mut next_stall = 20 + random.below(40);
        for slot in 0..700 {
            if slot == next_stall && stalls.len() < 8 {
                next_stall = slot + 1 + random.below(60);
                let length = random.below(60);
                let after = match random.below(4) {
                    0 => After::GoesOn,
                    1 => After::Floods,
                    2 => After::Skips { numbers: false },
                    _ => After::Skips { numbers: true },
                };
                match after {
                    After::GoesOn => late += length,
                    After::Floods => last = last.max((slot + late + length) * STEP),
                    After::Skips { numbers } => {
                        late += length;
                        skipped += length;
                        sequence += if numbers { length } else { 0 };
                    }
                }
                stalls.push((slot, length * 20, after));
            }
            // Nothing overtakes.
            last = last.max((slot + late) * STEP + random.below(30_000));
            let timestamp = u32::try_from((slot + skipped) * 160).unwrap();
            simulation.send(i64::try_from(last).unwrap(), (sequence, timestamp, false));
            sequence += 1;
        }
        simulation.listen(i64::try_from((700 + late) * STEP).unwrap(), 20_000);
        simulation.assert_in_order();
        let heard = simulation.played.iter().filter(|played| **played + 150 >= sequence).count();
        assert!(heard > 130, "seed {seed}: {heard} of 150, {stalls:?}, {:?}", simulation.statistics());
    }
}

#[test]
fn a_reset_and_a_restarted_sequence_go_on_playing() {
    let mut simulation = Simulation::new();
    simulation.stream(1_000, 1_500, |_| Some(10_000));
    simulation.listen(30_000_000, 20_000);
    simulation.buffer.reset();
    simulation.played.clear();
    for index in 0..500_u32 {
        simulation.send(30_000_000 + i64::from(index) * 20_000, (u64::from(index), 77 + index * 160, false));
    }
    simulation.listen(40_000_000, 20_000);
    assert!(simulation.played.len() > 490, "{}", simulation.played.len());
    simulation.played.clear();
    // Without a reset: the numbers start at zero again, the timestamps go on.
    for index in 0..500_u32 {
        simulation.send(
            40_000_000 + i64::from(index) * 20_000,
            (u64::from(index), 77 + (500 + index) * 160, false),
        );
    }
    simulation.listen(50_000_000, 20_000);
    assert!(simulation.played.len() > 470, "{}", simulation.played.len());
}

#[test]
fn nothing_that_arrives_panics_or_fills_the_memory() {
    for seed in 0..20 {
        let mut random = Random::from_number(seed);
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let mut now = 0;
        let mut sequence = 0_u64;
        for _ in 0..5_000 {
            now += i64::try_from(random.below(30_000)).unwrap();
            sequence = match random.below(10) {
                0 => random.u64(),
                1 => u64::MAX,
                2 => sequence.saturating_sub(random.below(100)),
                _ => sequence.saturating_add(1),
            };
            let timestamp = if random.chance(0.5) { random.u32() } else { u32::try_from(now / 125).unwrap() };
            let length = usize::try_from(random.below(6_000)).unwrap();
            buffer.insert(at(now), sequence, timestamp, &vec![0; length], random.chance(0.1));
            assert!(buffer.len() <= 64);
            if random.chance(0.7) {
                buffer.pull(at(now));
            }
        }
        let statistics = buffer.statistics();
        assert_eq!(statistics.received, 5_000);
        assert!(statistics.target_delay <= Duration::from_millis(200));
    }
}
