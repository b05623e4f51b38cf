//! `RVOIP_MUTANTS` mutated messages among phones and a switch that register, call, hold and lose connections: nothing panics,
//! nothing grows, nothing takes longer than it should, and nothing is left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rvoip_hostile::memory::{Counting, held};
use rvoip_sans_io::{Protocol, Random, work};
use rvoip_session_core::{Body, EndpointConfig, UserAgentConfig};
use rvoip_simulation::phone::Phone;
use rvoip_simulation::seeds;
use rvoip_simulation::star::{Settings, Star};
use rvoip_simulation::wire::Tamper;
use rvoip_sip_core::{Method, StatusCode, UriBuf};
use rvoip_transaction_core::Config;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Mutants between two rests.
const PHASE: u64 = 1_000;
/// Rests of one town. What is held at the last is compared with what was held at the first.
const PHASES: u64 = 4;
/// Bytes by which that may have grown: the switch remembers the nonces of its last minutes until it makes new ones. A leak of
/// 22 bytes a mutant is more.
const GROWTH: isize = 65_536;
/// Transactions of either side, and sessions, that a phone may have at once.
const TRANSACTIONS: usize = 60;
const SESSIONS: usize = 12;
/// With at most this many dialogs each, and one question or request under way.
const FORKS: usize = 16;
/// Steps of parsers that one message, of 65,000 bytes at most, may take with all that follows from it at once.
const STEPS: u64 = 1_000_000;

const TRANSPORTS: [Protocol; 5] = [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss];

/// What nobody says in a call that goes well.
const SEEDS: [&str; 9] = [
    "SIP/2.0 503 Service Unavailable\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
     To: <sip:alice@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nRetry-After: 18446744073709551615\r\n\r\n",
    "SIP/2.0 423 Interval Too Brief\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
     To: <sip:alice@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nMin-Expires: 4294967295\r\n\r\n",
    "SIP/2.0 302 Moved Temporarily\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
     To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:carol@example.com?x=y>, <tel:+1>\r\n\r\n",
    "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
     To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
     WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\", algorithm=SHA-256-sess, stale=true\r\n\r\n",
    "SIP/2.0 491 Request Pending\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
     To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 2 INVITE\r\n\r\n",
    "SUBSCRIBE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
     From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>\r\nCall-ID: s\r\nCSeq: 1 SUBSCRIBE\r\n\
     Event: presence\r\nExpires: 600\r\nContact: <sip:bob@a>\r\nContent-Length: 0\r\n\r\n",
    "REFER sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
     From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>;tag=a\r\nCall-ID: s\r\nCSeq: 1 REFER\r\n\
     Refer-To: <sip:carol@example.com?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>\r\nContact: <sip:bob@a>\r\nContent-Length: 0\r\n\r\n",
    "UPDATE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
     From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>;tag=a\r\nCall-ID: s\r\nCSeq: 4294967295 UPDATE\r\n\
     Contact: <sip:bob@a>\r\nSession-Expires: 90;refresher=uac\r\nContent-Length: 0\r\n\r\n",
    "\r\n\r\n\r\n",
];

/// What is seen of all towns: proof that mutants get further than the parser.
#[derive(Debug, Default)]
struct Seen {
    mutants: AtomicU64,
    registrations: AtomicU64,
    calls: AtomicU64,
    recovered: AtomicU64,
    /// The most that was alive in a phone, the most steps for a message, the most bytes by which a town grew.
    live: AtomicU64,
    steps: AtomicU64,
    growth: AtomicU64,
}

static SEEN: Seen = Seen {
    mutants: AtomicU64::new(0),
    registrations: AtomicU64::new(0),
    calls: AtomicU64::new(0),
    recovered: AtomicU64::new(0),
    live: AtomicU64::new(0),
    steps: AtomicU64::new(0),
    growth: AtomicU64::new(0),
};

/// What the users of the phones do: something now and then.
fn act(star: &mut Star, random: &mut Random) {
    let (index, now) = (usize::from(random.chance(0.5)), star.now);
    let Some(phone) = star.phones.get_mut(index) else { return };
    let pick = random.below(phone.sessions.len().max(1) as u64);
    let session = phone.sessions.iter().copied().nth(usize::try_from(pick).unwrap_or(0));
    let to = if random.chance(0.9) {
        ["sip:bob@example.com", "sip:alice@example.com"]
    } else {
        ["sip:x@nowhere.example"; 2]
    };
    let (Some(Ok(to)), identity) = (to.get(index).map(|to| UriBuf::parse(to)), phone.identity) else {
        return;
    };
    let agent = &mut phone.agent;
    match (random.below(16), session) {
        (0 | 1, _) => {
            let session = if random.chance(0.8) {
                agent.invite(now, identity, &to)
            } else {
                agent.invite_without_offer(now, identity, &to)
            };
            phone.sessions.insert(session);
        }
        (2, _) => agent.register(now, identity),
        (3, _) if random.chance(0.3) => agent.unregister(now, identity),
        (4, _) => {
            let body = Body { content_type: "text/plain".to_owned(), bytes: "hello".into() };
            agent.request(now, identity, Method::Message, &to, Some(body));
        }
        (5, _) => star.cut(index, random.chance(0.7)),
        (6, _) => star.heal(),
        (7 | 8, Some(session)) => agent.ring(now, session, StatusCode::RINGING),
        (9..=11, Some(session)) => agent.accept(now, session),
        (12, Some(session)) => agent.hold(now, session),
        (13, Some(session)) => agent.resume(now, session),
        (14, Some(session)) => agent.reject(now, session, StatusCode::BUSY_HERE),
        (15, Some(session)) => agent.hang_up(now, session),
        _ => {}
    }
}

/// Everybody hangs up and leaves, and nobody tampers any more: then nothing may be left.
fn rest(star: &mut Star) -> Result<(), String> {
    let tamper = star.tamper.take();
    star.heal();
    let now = star.now;
    for phone in &mut star.phones {
        for session in phone.sessions.clone() {
            phone.agent.hang_up(now, session);
        }
        phone.agent.unregister(now, phone.identity);
    }
    // Ringing ends after three minutes, a proxy's branch a little later; registrations of mutants last an hour.
    star.pass(Duration::from_secs(4_000));
    star.tamper = tamper;
    star.ladder.clear();
    for phone in &mut star.phones {
        phone.media.clear();
    }
    let sessions: usize = star.phones.iter().map(|phone| phone.sessions.len()).sum();
    if star.live() > 0 || sessions > 0 {
        let live = |phone: &Phone| phone.agent.live();
        let (phones, switch) = (star.phones.each_ref().map(live), star.switch.live());
        return Err(format!(
            "left at rest: {phones:?} in the phones, {switch} in the switch, {sessions} sessions untold"
        ));
    }
    Ok(())
}

fn town_survives(seed: u64) -> Result<(), String> {
    let mut random = Random::from_number(seed);
    let mut any =
        || TRANSPORTS.get(usize::try_from(random.below(5)).unwrap_or(0)).copied().unwrap_or(Protocol::Udp);
    let transports = [any(), any()];
    let phone = UserAgentConfig {
        transactions: Config {
            server_transactions: TRANSACTIONS,
            client_transactions: TRANSACTIONS,
            ..Config::default()
        },
        endpoint: EndpointConfig { sessions: SESSIONS, ..EndpointConfig::default() },
    };
    let settings = Settings { phone, forwarded: Some(TRANSACTIONS) };
    let mut star = Star::with_settings(seed, transports, &settings).map_err(|error| error.to_string())?;
    star.tamper = Some(Tamper::new(random.fork(), 0.1, SEEDS.map(|text| text.as_bytes().to_vec()).to_vec()));
    let mut first = None;
    for phase in 1..=PHASES {
        star.register();
        while star.tamper.as_ref().is_some_and(|tamper| tamper.mutants < phase * PHASE) {
            if random.chance(0.3) {
                act(&mut star, &mut random);
            }
            let steps = work::of(|| star.intrude(&mut random));
            star.pass(Duration::from_millis(random.below(150)));
            star.ladder.clear();
            SEEN.steps.fetch_max(steps, Ordering::Relaxed);
            if steps > STEPS {
                return Err(format!("a message took {steps} steps"));
            }
            for phone in &star.phones {
                let live = phone.agent.live();
                SEEN.live.fetch_max(live as u64, Ordering::Relaxed);
                if live > 3 * TRANSACTIONS + SESSIONS * (FORKS + 3) {
                    return Err(format!("{live} things are alive in a phone"));
                }
            }
        }
        rest(&mut star).map_err(|reason| format!("phase {phase} over {transports:?}: {reason}"))?;
        let held = held();
        let grown = held - *first.get_or_insert(held);
        SEEN.growth.fetch_max(grown.max(0).unsigned_abs() as u64, Ordering::Relaxed);
        if grown > GROWTH {
            return Err(format!(
                "phase {phase} over {transports:?}: {grown} bytes more are held than after the first"
            ));
        }
    }
    let tamper = star.tamper.map_or(0, |tamper| tamper.mutants);
    SEEN.mutants.fetch_add(tamper, Ordering::Relaxed);
    for phone in &star.phones {
        SEEN.registrations.fetch_add(u64::from(phone.told.registrations), Ordering::Relaxed);
        SEEN.calls.fetch_add(u64::from(phone.told.calls), Ordering::Relaxed);
        SEEN.recovered.fetch_add(u64::from(phone.told.recovered), Ordering::Relaxed);
    }
    Ok(())
}

#[test]
fn a_million_mutants_harm_nobody_and_leave_nothing() {
    if let Some(seed) = seeds::replayed() {
        return seeds::assert_none(
            &Vec::from_iter(town_survives(seed).err().map(|reason| (seed, reason))),
            1,
        );
    }
    let towns = seeds::number("RVOIP_MUTANTS", 1_000_000).div_ceil(PHASE * PHASES);
    let failures = seeds::all(towns, town_survives);
    println!("{towns} towns: {SEEN:?}");
    seeds::assert_none(&failures, towns);
    assert!(SEEN.mutants.load(Ordering::Relaxed) >= towns * PHASE * PHASES);
    for (seen, least) in [(&SEEN.registrations, 20), (&SEEN.calls, 10), (&SEEN.recovered, 1)] {
        assert!(seen.load(Ordering::Relaxed) >= least * towns, "mutants met too little: {SEEN:?}");
    }
}
