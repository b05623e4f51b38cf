//! One call from ring to end, as a seed decides, and what must be true of it.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{Instant, Now, Random};
use rvoip_session_core::{EndCause, SessionId};
use rvoip_sip_core::StatusCode;

use crate::network::{Network, Weather};
use crate::phone::{Phone, Told};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Ring,
    Accept,
    Reject,
    Hold { alice: bool },
    Resume { alice: bool },
    Digits,
    HangUp { alice: bool },
}

/// What is meant to happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Bob accepts, and somebody hangs up later.
    Talk,
    /// Bob refuses.
    Rejected,
    /// Alice gives up before bob decides.
    Cancelled,
}

/// What became of a call.
#[derive(Debug)]
pub struct Outcome {
    /// What was meant to happen.
    pub fate: Fate,
    /// The weather.
    pub weather: Weather,
    /// The caller.
    pub alice: Phone,
    /// The callee.
    pub bob: Phone,
    /// First lines of all SIP messages.
    pub ladder: Vec<String>,
}

/// The keys that alice presses.
const DIGITS: &str = "12#";

/// Everything is over after so long: the longest timers of both sides, one after the other.
const LONGEST: Duration = Duration::from_secs(400);

/// A call as a seed decides it.
pub fn run(seed: u64) -> Outcome {
    let mut random = Random::from_number(seed);
    let weather = Weather::drawn(&mut random);
    let mut network = Network::new(weather, random.fork());
    let mut now = Now::at(Duration::ZERO);
    let address =
        |text: &str| -> SocketAddr { SocketAddr::new(text.parse().unwrap_or([192, 0, 2, 1].into()), 5_060) };
    let phone = |name: &str, at: &str, random: &mut Random| Phone::new(name, address(at), now, random.fork());
    let (Ok(mut alice), Ok(mut bob)) =
        (phone("alice", "192.0.2.1", &mut random), phone("bob", "192.0.2.2", &mut random))
    else {
        unreachable!("the names are users");
    };
    let (fate, mut script) = script(&mut random);
    let mut ladder = Vec::new();
    if let Ok(to) = bob.uri() {
        alice.session = Some(alice.agent.invite(now, alice.identity, &to));
    }
    let end = now.monotonic + LONGEST;
    loop {
        let next = [
            alice.settle(now, &mut network, &mut ladder),
            bob.settle(now, &mut network, &mut ladder),
            network.next(),
            script.first().map(|(at, _)| *at),
        ];
        let Some(at) = next.into_iter().flatten().min().filter(|at| *at <= end) else { break };
        now = now.when(at);
        while let Some(packet) = network.arrived(now.monotonic) {
            let phone = if alice.owns(packet.destination) { &mut alice } else { &mut bob };
            phone.receive(now, &packet);
        }
        while script.first().is_some_and(|(at, _)| *at <= now.monotonic) {
            let (_, act) = script.remove(0);
            play(act, now, &mut alice, &mut bob);
        }
        alice.tick(now);
        bob.tick(now);
    }
    Outcome { fate, weather, alice, bob, ladder }
}

/// Draws what happens when.
fn script(random: &mut Random) -> (Fate, Vec<(Instant, Act)>) {
    let start = Now::at(Duration::ZERO).monotonic;
    let milliseconds =
        |random: &mut Random, from: u64, to: u64| Duration::from_millis(from + random.below(to - from + 1));
    // Even in the worst weather the INVITE has arrived by then, and its answer come back.
    let decided = Duration::from_secs(34) + milliseconds(random, 0, 3_000);
    let fate = match random.below(10) {
        0 => Fate::Rejected,
        1 => Fate::Cancelled,
        _ => Fate::Talk,
    };
    let mut acts =
        vec![(start + Duration::from_secs(8), Act::Ring), (start + Duration::from_secs(33), Act::Ring)];
    let talk = milliseconds(random, 500, 6_000);
    match fate {
        Fate::Rejected => acts.push((start + decided, Act::Reject)),
        Fate::Cancelled => acts.push((start + milliseconds(random, 0, 30_000), Act::HangUp { alice: true })),
        Fate::Talk => {
            acts.push((start + decided, Act::Accept));
            // A 2xx and its ACK may be lost again and again, until the callee gives up after 32 s.
            let established = start + decided + Duration::from_secs(33);
            for alice in [true, false] {
                if random.chance(0.3) {
                    let from = milliseconds(random, 0, 2_000);
                    acts.push((established + from, Act::Hold { alice }));
                    acts.push((established + from + milliseconds(random, 0, 2_000), Act::Resume { alice }));
                }
            }
            if random.chance(0.3) {
                acts.push((established + milliseconds(random, 0, 1_000), Act::Digits));
            }
            let end = established + talk;
            let (alice, bob) = (random.chance(0.6), random.chance(0.5));
            if alice || !bob {
                acts.push((end, Act::HangUp { alice: true }));
            }
            if bob {
                acts.push((end, Act::HangUp { alice: false }));
            }
        }
    }
    acts.sort_by_key(|(at, _)| *at);
    (fate, acts)
}

fn play(act: Act, now: Now, alice: &mut Phone, bob: &mut Phone) {
    let who = |is_alice: bool, alice: &'_ mut Phone, bob: &'_ mut Phone, action: &dyn Fn(&mut Phone)| {
        action(if is_alice { alice } else { bob });
    };
    let ended = |phone: &Phone| phone.told.ended > 0;
    match act {
        Act::Ring => decide(bob, &|bob, session| bob.agent.ring(now, session, StatusCode::RINGING)),
        Act::Accept => decide(bob, &|bob, session| bob.agent.accept(now, session)),
        Act::Reject => decide(bob, &|bob, session| bob.agent.reject(now, session, StatusCode::BUSY_HERE)),
        Act::Hold { alice: is_alice } => who(is_alice, alice, bob, &|phone| {
            if let Some(session) = phone.session.filter(|_| !ended(phone)) {
                phone.agent.hold(now, session);
                phone.told.holding = Some(now.monotonic);
            }
        }),
        Act::Resume { alice: is_alice } => who(is_alice, alice, bob, &|phone| {
            if let Some(session) = phone.session.filter(|_| !ended(phone)) {
                phone.agent.resume(now, session);
            }
        }),
        Act::Digits => {
            if let Some(media) = alice.media() {
                // The peer may not take any: then nothing is sent.
                alice.told.pressed = media.send_digits(DIGITS).is_ok().then_some(now.monotonic);
            }
        }
        Act::HangUp { alice: is_alice } => who(is_alice, alice, bob, &|phone| {
            if let Some(session) = phone.session.filter(|_| !ended(phone)) {
                phone.agent.hang_up(now, session);
            }
        }),
    }
}

/// Bob does something about the call, if it reached him and is not over.
fn decide(bob: &mut Phone, action: &dyn Fn(&mut Phone, SessionId)) {
    if let Some(session) = bob.session.filter(|_| bob.told.ended == 0) {
        action(bob, session);
    }
}

/// Whether a call went on for so long after something happened, at both ends.
fn lasted(since: Option<Instant>, long: Duration, told: [&Told; 2]) -> bool {
    since.is_some_and(|since| {
        told.iter().all(|told| told.over.is_some_and(|over| over.saturating_duration_since(since) >= long))
    })
}

impl Outcome {
    /// What is wrong with the call, if anything.
    ///
    /// # Errors
    /// One line for people.
    pub fn check(&self) -> Result<(), String> {
        let (alice, bob) = (&self.alice, &self.bob);
        if alice.told.ended != 1 {
            return Err(format!("alice was told {} times that the call ended", alice.told.ended));
        }
        if bob.told.rings && bob.told.ended != 1 {
            return Err(format!("bob was told {} times that the call ended", bob.told.ended));
        }
        for (name, phone) in [("alice", alice), ("bob", bob)] {
            if phone.told.after_end > 0 {
                return Err(format!("{name} was told {} things after the end", phone.told.after_end));
            }
            if phone.agent.live() > 0 {
                return Err(format!("{name} keeps {} transactions, dialogs or sessions", phone.agent.live()));
            }
        }
        match self.fate {
            Fate::Talk => self.check_talk(),
            Fate::Rejected => match &alice.told.cause {
                Some(EndCause::Rejected { status, .. }) if status.code() == 486 => Ok(()),
                // The ringing was over before anybody decided.
                cause => Err(format!("bob refused, and alice was told {cause:?}")),
            },
            Fate::Cancelled => match (&alice.told.cause, &bob.told.cause) {
                (Some(EndCause::LocalHangUp), None | Some(EndCause::Cancelled)) => Ok(()),
                // The CANCEL got lost: bob's phone rings until it gives up, or the INVITE came too late for it.
                (Some(EndCause::LocalHangUp), Some(_)) if self.weather.loss > 0.0 => Ok(()),
                causes => Err(format!("alice gave up, and the two were told {causes:?}")),
            },
        }
    }

    fn check_talk(&self) -> Result<(), String> {
        let (alice, bob) = (&self.alice.told, &self.bob.told);
        // At 30 % loss the network swallows every INVITE, every response or every ACK of a call once in some thousand
        // calls. That must be all that keeps a call from being established.
        let swallowed = !bob.rings || alice.heard == 0 || bob.acks == 0;
        if swallowed {
            let told = |cause: &Option<EndCause>| {
                matches!(
                    cause,
                    Some(EndCause::TimedOut | EndCause::RemoteHangUp | EndCause::ProtocolFailed { .. })
                )
            };
            let bob_knows = !bob.rings || told(&bob.cause);
            return if self.weather.loss > 0.15 && told(&alice.cause) && bob_knows {
                Ok(())
            } else {
                Err(format!("nothing arrived, and the two were told {:?} and {:?}", alice.cause, bob.cause))
            };
        }
        if alice.established.is_none() || bob.established.is_none() {
            return Err(format!("the call was not established: {:?}, {:?}", alice.cause, bob.cause));
        }
        let fits = |cause: &Option<EndCause>| {
            matches!(
                cause,
                Some(EndCause::LocalHangUp | EndCause::RemoteHangUp | EndCause::ProtocolFailed { .. })
            )
        };
        if !fits(&alice.cause) || !fits(&bob.cause) {
            return Err(format!("the call ended by {:?} and {:?}", alice.cause, bob.cause));
        }
        self.check_audio()?;
        self.check_digits()?;
        self.check_hold()
    }

    /// Half a minute is kept for the establishment, so both talk for long in any weather, and what the network does not lose is
    /// heard, but for what is sent to somebody who has hung up already.
    fn check_audio(&self) -> Result<(), String> {
        let (alice, bob) = (&self.alice.told, &self.bob.told);
        if alice.timed_out || bob.timed_out {
            return Err("somebody was taken to be gone who was there".to_owned());
        }
        for (from, to) in [(alice, bob), (bob, alice)] {
            #[expect(clippy::cast_precision_loss, reason = "some thousand packets")]
            let arriving = from.sent as f64 * (1.0 - self.weather.loss);
            #[expect(clippy::cast_precision_loss, reason = "some thousand packets")]
            if from.sent < 1_000 || (to.received as f64) < arriving / 1.5 {
                return Err(format!("only {} of {} audio packets arrived", to.received, from.sent));
            }
        }
        Ok(())
    }

    /// Key presses arrive once and in their order; all of them, if there was time and nobody held.
    fn check_digits(&self) -> Result<(), String> {
        let (alice, bob) = (&self.alice.told, &self.bob.told);
        let mut pressed = DIGITS.chars();
        if !bob.digits.chars().all(|digit| pressed.any(|other| other == digit)) {
            return Err(format!("alice pressed {DIGITS}, bob heard {:?}", bob.digits));
        }
        let held = alice.holding.or(bob.holding).is_some();
        let in_time = lasted(alice.pressed, Duration::from_secs(2), [alice, bob]);
        if in_time && !held && bob.digits != DIGITS {
            return Err(format!("alice pressed {DIGITS}, bob heard only {:?}", bob.digits));
        }
        Ok(())
    }

    /// In weather in which a request gets through at once or soon, whoever is held is told so, unless both hold at a time.
    fn check_hold(&self) -> Result<(), String> {
        let (alice, bob) = (&self.alice.told, &self.bob.told);
        for (holder, held) in [(alice, bob), (bob, alice)] {
            let in_time = lasted(holder.holding, Duration::from_secs(3), [alice, bob]);
            if self.weather.loss < 0.05 && in_time && held.holding.is_none() && held.holds == 0 {
                return Err("nobody was told of a hold".to_owned());
            }
        }
        Ok(())
    }
}
