//! A network on a virtual clock: what is sent arrives later, twice, out of order or not at all, as a seed decides.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{Instant, Random};

/// How bad the network is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// Share of packets that get lost, 0.0 to 1.0.
    pub loss: f64,
    /// Share of packets that arrive twice.
    pub duplicates: f64,
    /// Share of packets that are held back, so that later ones overtake them.
    pub reorder: f64,
    /// Time on the way.
    pub delay: Duration,
    /// Up to so much more time on the way, evenly distributed.
    pub jitter: Duration,
}

impl Weather {
    /// Nothing is lost, everything takes 10 ms.
    pub const FAIR: Self = Self {
        loss: 0.0,
        duplicates: 0.0,
        reorder: 0.0,
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
    };

    /// Weather of which a seed decides: loss 0 to 30 %, duplicates and reordering 0 to 10 %, 5 to 100 ms on the way and up to 40 ms of jitter.
    pub fn drawn(random: &mut Random) -> Self {
        let mut share = |percent: u64| random.below(percent * 10 + 1);
        let (loss, duplicates, reorder) = (share(30), share(10), share(10));
        let milliseconds = |random: &mut Random, from: u64, to: u64| {
            Duration::from_millis(from + random.below(to - from + 1))
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 300")]
        let ratio = |thousandths: u64| thousandths as f64 / 1_000.0;
        Self {
            loss: ratio(loss),
            duplicates: ratio(duplicates),
            reorder: ratio(reorder),
            delay: milliseconds(random, 5, 100),
            jitter: milliseconds(random, 0, 40),
        }
    }
}

/// A packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sent it.
    pub source: SocketAddr,
    /// Whom it was sent to.
    pub destination: SocketAddr,
    /// What it carries.
    pub bytes: Vec<u8>,
}

/// Everything that is under way between all hosts.
#[derive(Debug)]
pub struct Network {
    weather: Weather,
    random: Random,
    under_way: BTreeMap<(Instant, u64), Packet>,
    sent: u64,
}

impl Network {
    /// An idle network.
    pub fn new(weather: Weather, random: Random) -> Self {
        Self { weather, random, under_way: BTreeMap::new(), sent: 0 }
    }

    /// Takes a packet; the weather decides whether and when it arrives.
    pub fn send(&mut self, now: Instant, packet: Packet) {
        if self.random.chance(self.weather.loss) {
            return;
        }
        if self.random.chance(self.weather.duplicates) {
            self.put(now, packet.clone());
        }
        self.put(now, packet);
    }

    fn put(&mut self, now: Instant, packet: Packet) {
        let jitter = u64::try_from(self.weather.jitter.as_micros()).unwrap_or(0);
        let mut takes = self.weather.delay + Duration::from_micros(self.random.below(jitter + 1));
        if self.random.chance(self.weather.reorder) {
            takes += Duration::from_millis(1 + self.random.below(60));
        }
        self.sent += 1;
        self.under_way.insert((now + takes, self.sent), packet);
    }

    /// When the next packet arrives.
    pub fn next(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next packet that has arrived by `now`.
    pub fn arrived(&mut self, now: Instant) -> Option<Packet> {
        if self.next()? > now {
            return None;
        }
        self.under_way.pop_first().map(|(_, packet)| packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u8) -> Packet {
        let host = SocketAddr::from(([192, 0, 2, 1], 5060));
        Packet { source: host, destination: host, bytes: vec![number] }
    }

    fn run(weather: Weather, seed: u64) -> Vec<u8> {
        let mut network = Network::new(weather, Random::from_number(seed));
        for number in 0..100 {
            network.send(Instant::ZERO + Duration::from_millis(u64::from(number)), packet(number));
        }
        let end = Instant::ZERO + Duration::from_secs(10);
        std::iter::from_fn(|| network.arrived(end)).map(|packet| packet.bytes[0]).collect()
    }

    #[test]
    fn in_fair_weather_everything_arrives_in_order_and_on_time() {
        assert_eq!(run(Weather::FAIR, 1), (0..100).collect::<Vec<_>>());
        let mut network = Network::new(Weather::FAIR, Random::from_number(1));
        network.send(Instant::ZERO, packet(1));
        assert_eq!(network.next(), Some(Instant::ZERO + Duration::from_millis(10)));
        assert_eq!(network.arrived(Instant::ZERO), None);
    }

    #[test]
    fn foul_weather_loses_doubles_and_reorders_and_replays_from_its_seed() {
        let foul = Weather { loss: 0.3, duplicates: 0.1, reorder: 0.1, ..Weather::FAIR };
        let arrived = run(foul, 7);
        assert_eq!(arrived, run(foul, 7));
        assert_ne!(arrived, run(foul, 8));
        let mut distinct = arrived.clone();
        distinct.sort_unstable();
        assert_ne!(arrived, distinct, "nothing was reordered");
        distinct.dedup();
        assert!(distinct.len() < arrived.len(), "nothing came twice");
        assert!((55..85).contains(&distinct.len()), "{} of 100 arrived", distinct.len());
    }
}
