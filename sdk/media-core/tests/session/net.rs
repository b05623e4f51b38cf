//! Two media sessions on a virtual clock, with a network that loses, repeats and delays, and threads that stall.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_media_core::{Lane, LocalMedia, MediaConfig, MediaEvent, MediaOutput, MediaSession};
use rvoip_sans_io::{Instant, Now, Random};
use rvoip_sdp_core::Direction;

pub(super) struct End {
    pub(super) session: MediaSession,
    pub(super) rtp: SocketAddr,
    pub(super) events: Vec<MediaEvent>,
    pub(super) heard: Vec<i16>,
    /// When it wants to be called.
    next: Option<Instant>,
}

struct Packet {
    at: Duration,
    order: u64,
    to_bob: bool,
    lane: Lane,
    bytes: Vec<u8>,
}

/// Two ends and what is between them.
pub(super) struct Net {
    pub(super) time: Duration,
    pub(super) alice: End,
    pub(super) bob: End,
    flying: Vec<Packet>,
    order: u64,
    random: Random,
    pub(super) loss: f64,
    pub(super) duplicates: f64,
    /// How long everything takes on its way, in milliseconds, and up to how much longer.
    pub(super) delay: u64,
    pub(super) spread: u64,
}

/// Who is served by one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    Both,
    Alice,
    Bob,
}

impl Serves {
    fn bob(self, to_bob: bool) -> bool {
        match self {
            Self::Both => true,
            Self::Alice => !to_bob,
            Self::Bob => to_bob,
        }
    }
}

/// A thread that now and then is not run for some time: every so often, for so long.
pub(super) struct Thread {
    pub(super) serves: Serves,
    pub(super) every: Duration,
    /// In milliseconds, from and to.
    pub(super) stall: (u64, u64),
    pub(super) stalls: u32,
    next: Duration,
}

impl Thread {
    pub(super) fn new(serves: Serves, every: Duration, stall: (u64, u64)) -> Self {
        Self { serves, every, stall, stalls: 0, next: every }
    }

    pub(super) fn prompt(serves: Serves) -> Self {
        Self::new(serves, Duration::MAX, (0, 0))
    }

    /// When it really runs, if it should at `wake`.
    fn wakes(&mut self, wake: Duration, random: &mut Random) -> Duration {
        if wake < self.next {
            return wake;
        }
        let stall = self.stall.0 + random.below(self.stall.1 - self.stall.0 + 1);
        self.stalls += 1;
        let runs = wake + Duration::from_millis(stall);
        self.next = runs + self.every;
        runs
    }
}

pub(super) fn end(name: u64, rtp: &str) -> End {
    end_with(name, rtp, MediaConfig::default())
}

pub(super) fn end_with(name: u64, rtp: &str, config: MediaConfig) -> End {
    let rtp: SocketAddr = rtp.parse().unwrap();
    let local = LocalMedia { rtp, rtcp: SocketAddr::new(rtp.ip(), rtp.port() + 1) };
    let session = MediaSession::new(Now::at(Duration::ZERO), config, local, Random::from_number(name));
    End { session, rtp, events: Vec::new(), heard: Vec::new(), next: None }
}

impl Net {
    pub(super) fn new(seed: u64) -> Self {
        Self::of(seed, end(seed + 1, "192.0.2.1:4000"), end(seed + 2, "192.0.2.2:4000"))
    }

    pub(super) fn of(seed: u64, alice: End, bob: End) -> Self {
        Self {
            time: Duration::ZERO,
            alice,
            bob,
            flying: Vec::new(),
            order: 0,
            random: Random::from_number(seed),
            loss: 0.0,
            duplicates: 0.0,
            delay: 20,
            spread: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        Now::at(self.time)
    }

    pub(super) fn agree(&mut self, offered: Direction, answered: Direction) {
        let now = self.now();
        let offer = self.alice.session.create_offer(now, offered).unwrap();
        let answer = self.bob.session.create_answer(now, &offer, answered).unwrap();
        self.alice.session.set_remote(now, &answer).unwrap();
        for end in [&mut self.alice, &mut self.bob] {
            end.session.watch(now);
            end.next = Some(now.monotonic);
        }
    }

    fn end(&mut self, bob: bool) -> &mut End {
        if bob { &mut self.bob } else { &mut self.alice }
    }

    /// Gives what has arrived to those who are served.
    fn read(&mut self, serves: Serves) {
        self.flying.sort_by_key(|packet| (packet.at, packet.order));
        let now = self.now();
        let (due, flying) = std::mem::take(&mut self.flying)
            .into_iter()
            .partition(|packet| packet.at <= self.time && serves.bob(packet.to_bob));
        self.flying = flying;
        let due: Vec<Packet> = due;
        for packet in due {
            let from = self.end(!packet.to_bob).rtp;
            let source = SocketAddr::new(from.ip(), from.port() + u16::from(packet.lane == Lane::Rtcp));
            self.end(packet.to_bob).session.handle_packet(now, packet.lane, source, &packet.bytes);
            self.settle(packet.to_bob);
        }
    }

    fn tick(&mut self, bob: bool) {
        let now = self.now();
        self.end(bob).session.handle_timeout(now);
        self.settle(bob);
    }

    fn settle(&mut self, bob: bool) {
        let end = self.end(bob);
        end.session.take_audio(&mut end.heard);
        loop {
            match self.end(bob).session.poll_output() {
                MediaOutput::Transmit { lane, bytes, .. } => self.send(!bob, lane, &bytes),
                MediaOutput::Event(event) => self.end(bob).events.push(event),
                MediaOutput::Timeout(at) => {
                    self.end(bob).next = at;
                    return;
                }
            }
        }
    }

    fn send(&mut self, to_bob: bool, lane: Lane, bytes: &[u8]) {
        if self.random.chance(self.loss) {
            return;
        }
        let copies = 1 + u32::from(self.random.chance(self.duplicates));
        for _ in 0..copies {
            let delay = Duration::from_millis(self.delay + self.random.below(self.spread + 1));
            self.order += 1;
            let (at, order) = (self.time + delay, self.order);
            self.flying.push(Packet { at, order, to_bob, lane, bytes: bytes.to_vec() });
        }
    }

    /// Lets time pass on a platform that looks at everything every 5 ms.
    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.time + duration;
        while self.time < end {
            self.time += Duration::from_millis(5);
            self.read(Serves::Both);
            self.tick(false);
            self.tick(true);
        }
    }

    /// Lets time pass on threads as the driver has them: one sleeps until something arrives or is due, reads what is there,
    /// calls each session that is due once, and begins anew.
    pub(super) fn run_on(&mut self, threads: &mut [Thread], duration: Duration) {
        let end = self.time + duration;
        let mut random = self.random.fork();
        while self.time < end {
            let (at, thread) = threads
                .iter_mut()
                .map(|thread| (self.wake(thread.serves), thread))
                .min_by_key(|(at, _)| *at)
                .unwrap();
            let runs = thread.wakes(at.max(self.time), &mut random);
            let serves = thread.serves;
            // While this thread is not run, others are.
            self.run_others(threads, serves, runs.min(end));
            self.time = runs.max(self.time);
            self.read(serves);
            let now = self.now().monotonic;
            for bob in [false, true] {
                if serves.bob(bob) && self.end(bob).next.is_some_and(|next| next <= now) {
                    self.tick(bob);
                }
            }
        }
    }

    /// When a thread is woken next.
    fn wake(&mut self, serves: Serves) -> Duration {
        let ends = [false, true].into_iter().filter(|bob| serves.bob(*bob));
        let due: Vec<Option<Instant>> = ends.map(|bob| self.end(bob).next).collect();
        let due = due.into_iter().flatten().map(|next| next.duration_since(Instant::ZERO));
        let arrives = self.flying.iter().filter(|packet| serves.bob(packet.to_bob)).map(|packet| packet.at);
        due.chain(arrives).min().unwrap_or(Duration::MAX)
    }

    /// Serves the threads that do not stall, until a moment.
    fn run_others(&mut self, threads: &mut [Thread], stalled: Serves, until: Duration) {
        for thread in threads.iter().filter(|thread| thread.serves != stalled) {
            while self.wake(thread.serves).max(self.time) < until {
                self.time = self.wake(thread.serves).max(self.time);
                self.read(thread.serves);
                let now = self.now().monotonic;
                let bob = thread.serves == Serves::Bob;
                if self.end(bob).next.is_some_and(|next| next <= now) {
                    self.tick(bob);
                }
            }
        }
    }
}
