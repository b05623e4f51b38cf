//! Connections that are cut under registrations and calls, once and at random.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::Duration;

use rvoip_sans_io::{Protocol, Random};
use rvoip_session_core::EndCause;
use rvoip_simulation::star::Star;

const ALICE: usize = 0;
const BOB: usize = 1;
const CONNECTED: [Protocol; 4] = [Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss];

fn registered(transports: [Protocol; 2]) -> Star {
    let mut star = Star::new(1, transports).unwrap();
    star.register();
    assert!(star.phones.iter().all(|phone| phone.told.registered), "{:#?}", star.ladder);
    star
}

fn talking(transports: [Protocol; 2]) -> Star {
    let mut star = registered(transports);
    star.call(ALICE).unwrap();
    star.with(BOB, |phone, now| phone.agent.accept(now, phone.session.unwrap()));
    assert!(star.phones.iter().all(|phone| phone.told.established.is_some()), "{:#?}", star.ladder);
    star
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What a phone was told: how often it recovers, recovered, and its call ended.
fn told(star: &Star, phone: usize) -> (u32, u32, u32) {
    let told = &star.phones[phone].told;
    (told.recovering, told.recovered, told.ended)
}

fn hang_up(star: &mut Star, by: usize) {
    star.with(by, |phone, now| phone.agent.hang_up(now, phone.session.unwrap()));
    assert!(star.phones.iter().all(|phone| phone.told.ended == 1), "{:#?}", star.ladder);
    star.pass(seconds(100));
    assert_eq!(star.live(), 0, "{:#?}", star.ladder);
}

fn lines(star: &Star, word: &str) -> usize {
    star.ladder.iter().filter(|line| line.contains(word)).count()
}

#[test]
fn a_registration_follows_its_connection() {
    for protocol in CONNECTED {
        let mut star = registered([protocol, Protocol::Udp]);
        star.cut(ALICE, true);
        star.pass(seconds(2));
        assert_eq!(told(&star, ALICE), (1, 1, 0), "{protocol}: {:#?}", star.ladder);
        assert_eq!(told(&star, BOB), (0, 0, 0));
        assert!(star.phones[ALICE].told.registered);
        assert_eq!(star.switch.bindings("alice").len(), 1);
    }
}

#[test]
fn a_registration_waits_for_a_server_that_is_away_for_ten_seconds() {
    let mut star = registered([Protocol::Wss, Protocol::Udp]);
    star.cut(ALICE, false);
    star.pass(seconds(10));
    assert_eq!(told(&star, ALICE), (1, 0, 0));
    assert!(star.phones[ALICE].told.registered, "nobody is told of each attempt");
    star.heal();
    star.pass(seconds(10));
    assert_eq!(told(&star, ALICE), (1, 1, 0), "{:#?}", star.ladder);
}

#[test]
fn a_registration_fails_when_the_server_stays_away_and_comes_back_when_it_does() {
    let mut star = registered([Protocol::Tcp, Protocol::Udp]);
    star.cut(ALICE, false);
    star.pass(seconds(31));
    assert!(star.phones[ALICE].told.registered);
    star.pass(seconds(3));
    assert!(!star.phones[ALICE].told.registered, "{:#?}", star.ladder);
    star.heal();
    star.pass(seconds(31));
    assert!(star.phones[ALICE].told.registered, "{:#?}", star.ladder);
    star.with(ALICE, |phone, now| phone.agent.unregister(now, phone.identity));
    star.pass(seconds(100));
    assert_eq!(star.live(), 0);
}

#[test]
fn a_call_follows_the_connection_of_the_caller_and_of_the_called() {
    for protocol in CONNECTED {
        for cut in [ALICE, BOB] {
            for ends in [ALICE, BOB] {
                let mut star = talking([protocol, protocol]);
                let before = lines(&star, "INVITE sip:");
                star.cut(cut, true);
                star.pass(seconds(5));
                // The registration and the call.
                assert_eq!(told(&star, cut), (2, 2, 0), "{protocol}: {:#?}", star.ladder);
                assert_eq!(told(&star, 1 - cut), (0, 0, 0));
                assert_eq!(lines(&star, "INVITE sip:"), before + 2, "there and on: {:#?}", star.ladder);
                star.with(1 - cut, |phone, now| phone.agent.hold(now, phone.session.unwrap()));
                assert!(star.phones[cut].told.held, "{:#?}", star.ladder);
                hang_up(&mut star, ends);
            }
        }
    }
}

#[test]
fn both_sides_of_a_call_may_lose_their_connections() {
    let mut star = talking([Protocol::Wss, Protocol::Tls]);
    star.cut(ALICE, false);
    star.cut(BOB, false);
    star.pass(seconds(10));
    star.heal();
    star.pass(seconds(22));
    assert_eq!((told(&star, ALICE), told(&star, BOB)), ((2, 2, 0), (2, 2, 0)), "{:#?}", star.ladder);
    hang_up(&mut star, BOB);
}

#[test]
fn a_call_ends_with_a_cause_when_the_server_stays_away() {
    let mut star = talking([Protocol::Wss, Protocol::Udp]);
    star.cut(ALICE, false);
    star.pass(seconds(31));
    assert_eq!(told(&star, ALICE), (2, 0, 0));
    star.pass(seconds(7));
    assert_eq!(told(&star, ALICE), (2, 0, 1));
    let Some(EndCause::Unreachable { reason }) = &star.phones[ALICE].told.cause else {
        unreachable!("{:?}", star.phones[ALICE].told.cause)
    };
    assert!(reason.contains("lost"), "{reason}");
    star.with(BOB, |phone, now| phone.agent.hang_up(now, phone.session.unwrap()));
    star.pass(seconds(100));
    assert_eq!(star.live(), 0, "{:#?}", star.ladder);
}

#[test]
fn a_call_that_recovers_can_be_hung_up_and_all_be_closed() {
    let mut star = talking([Protocol::Tls, Protocol::Udp]);
    star.cut(ALICE, false);
    star.pass(seconds(3));
    star.with(ALICE, |phone, now| {
        phone.agent.hang_up(now, phone.session.unwrap());
        phone.agent.unregister(now, phone.identity);
    });
    assert_eq!(told(&star, ALICE).2, 1, "{:#?}", star.ladder);
    assert!(!star.phones[ALICE].told.registered);
    star.with(BOB, |phone, now| phone.agent.hang_up(now, phone.session.unwrap()));
    star.pass(seconds(100));
    assert_eq!(star.live(), 0, "{:#?}", star.ladder);
}

#[test]
fn calls_by_datagrams_do_not_notice() {
    for ends in [ALICE, BOB] {
        let mut star = talking([Protocol::Udp, Protocol::Udp]);
        let before = star.ladder.len();
        // With credentials the INVITE is too large for a datagram: it went over a connection that nobody needs any more.
        star.cut(ALICE, false);
        star.pass(seconds(10));
        assert_eq!((told(&star, ALICE), told(&star, BOB)), ((0, 0, 0), (0, 0, 0)));
        let invites = star.ladder.iter().skip(before).filter(|line| line.contains("INVITE")).count();
        assert_eq!(invites, 0);
        star.heal();
        hang_up(&mut star, ends);
    }
}

#[test]
fn a_call_that_rings_when_the_connection_is_cut_ends_there_and_leaves_nothing() {
    for cut in [ALICE, BOB] {
        let mut star = registered([Protocol::Wss, Protocol::Wss]);
        star.call(ALICE).unwrap();
        star.with(BOB, |phone, now| {
            phone.agent.ring(now, phone.session.unwrap(), rvoip_sip_core::StatusCode::RINGING);
        });
        star.cut(cut, true);
        star.pass(seconds(3));
        assert_eq!(told(&star, cut).0, 1, "the registration alone: {:#?}", star.ladder);
        star.pass(seconds(300));
        assert_eq!((told(&star, ALICE).2, told(&star, BOB).2), (1, 1), "{:#?}", star.ladder);
        assert_eq!(star.live(), 0, "{:#?}", star.ladder);
    }
}

#[test]
fn an_accepted_call_whose_called_phone_was_cut_while_it_rang_is_established() {
    let mut star = registered([Protocol::Udp, Protocol::Tcp]);
    star.call(ALICE).unwrap();
    star.cut(BOB, true);
    star.pass(seconds(2));
    star.with(BOB, |phone, now| phone.agent.accept(now, phone.session.unwrap()));
    star.pass(seconds(5));
    // Either it is there, or both know that it is not.
    let [alice, bob] = &star.phones;
    let there = alice.told.established.is_some() && bob.told.established.is_some();
    let gone = alice.told.ended == 1;
    assert!(there || gone, "{:#?}", star.ladder);
    star.pass(seconds(100));
    if there {
        hang_up(&mut star, ALICE);
    }
    star.pass(seconds(200));
    assert_eq!(star.live(), 0, "{:#?}", star.ladder);
}

#[test]
fn random_cuts_leave_nothing_behind() {
    for seed in 0..200 {
        let mut random = Random::from_number(seed);
        let mut any = || CONNECTED[usize::try_from(random.below(4)).unwrap()];
        let mut star = Star::new(seed, [any(), any()]).unwrap();
        star.register();
        let mut cut = |star: &mut Star| {
            for _ in 0..random.below(4) {
                let phone = usize::try_from(random.below(2)).unwrap();
                star.cut(phone, random.below(2) == 0);
                star.pass(Duration::from_millis(random.below(3_000)));
                star.heal();
                star.pass(Duration::from_millis(random.below(500)));
            }
        };
        cut(&mut star);
        star.call(ALICE).unwrap();
        cut(&mut star);
        if star.phones[BOB].told.rings {
            star.with(BOB, |phone, now| phone.agent.accept(now, phone.session.unwrap()));
        }
        cut(&mut star);
        star.pass(seconds(20));
        cut(&mut star);
        for phone in [ALICE, BOB] {
            star.with(phone, |phone, now| {
                if let Some(session) = phone.session {
                    phone.agent.hang_up(now, session);
                }
            });
            cut(&mut star);
        }
        star.pass(seconds(300));
        assert_eq!(star.live(), 0, "seed {seed}: {:#?}", star.ladder);
        for phone in &star.phones {
            assert!(phone.told.ended <= 1 && phone.told.recovered <= phone.told.recovering, "seed {seed}");
            assert!(phone.told.registered, "seed {seed}: {:#?}", star.ladder);
        }
    }
}
