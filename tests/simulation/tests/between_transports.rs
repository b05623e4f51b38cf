//! Calls through the switch between any two transports, and over connections that get lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "a test fails by panicking, and caller and callee are two"
)]

use std::time::Duration;

use rvoip_sans_io::Protocol;
use rvoip_simulation::star::{LISTENS, Star};

const ALICE: usize = 0;
const BOB: usize = 1;

fn registered(transports: [Protocol; 2]) -> Star {
    let mut star = Star::new(1, transports).unwrap();
    star.register();
    for (user, phone) in ["alice", "bob"].iter().zip(&star.phones) {
        assert!(phone.told.registered, "{:#?}", star.ladder);
        assert_eq!(star.switch.bindings(user).len(), 1);
    }
    star
}

/// One calls, the other answers.
fn talking(star: &mut Star, caller: usize) {
    star.call(caller).unwrap();
    let called = 1 - caller;
    assert!(star.phones[called].told.rings, "{:#?}", star.ladder);
    star.with(called, |phone, now| phone.agent.accept(now, phone.session.unwrap()));
    let established = star.phones.iter().all(|phone| phone.told.established.is_some());
    assert!(established, "{:#?}", star.ladder);
}

fn held_and_taken_back(star: &mut Star, by: usize) {
    star.with(by, |phone, now| phone.agent.hold(now, phone.session.unwrap()));
    assert!(star.phones[1 - by].told.held, "{:#?}", star.ladder);
    star.with(by, |phone, now| phone.agent.resume(now, phone.session.unwrap()));
    assert!(!star.phones[1 - by].told.held, "{:#?}", star.ladder);
}

fn hung_up(star: &mut Star, by: usize) {
    star.with(by, |phone, now| phone.agent.hang_up(now, phone.session.unwrap()));
    for phone in &star.phones {
        assert_eq!(phone.told.ended, 1, "{:#?}", star.ladder);
    }
    star.pass(Duration::from_secs(100));
    assert_eq!(star.live(), 0, "{:#?}", star.ladder);
}

#[test]
fn phones_of_any_two_transports_call_hold_and_hang_up_from_either_side() {
    for (first, _) in LISTENS {
        for (second, _) in LISTENS {
            for (caller, ends) in [(ALICE, ALICE), (ALICE, BOB), (BOB, ALICE), (BOB, BOB)] {
                let mut star = registered([first, second]);
                talking(&mut star, caller);
                held_and_taken_back(&mut star, ALICE);
                held_and_taken_back(&mut star, BOB);
                hung_up(&mut star, ends);
            }
        }
    }
}

#[test]
fn a_call_goes_on_when_its_connection_is_lost_and_there_is_another() {
    for protocol in [Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss] {
        for (acts, ends) in [(ALICE, ALICE), (BOB, BOB), (ALICE, BOB), (BOB, ALICE)] {
            let mut star = registered([Protocol::Udp, protocol]);
            talking(&mut star, ALICE);
            star.cut(BOB, true);
            assert!(star.switch.bindings("bob").is_empty(), "{protocol}");
            star.pass(Duration::from_secs(10));
            assert_eq!(star.switch.bindings("bob").len(), 1, "{protocol}: {:#?}", star.ladder);
            held_and_taken_back(&mut star, acts);
            hung_up(&mut star, ends);
        }
    }
}

#[test]
fn a_phone_whose_connection_is_lost_is_called_again_once_it_registered() {
    let mut star = registered([Protocol::Udp, Protocol::Wss]);
    star.cut(BOB, false);
    star.call(ALICE).unwrap();
    assert_eq!(star.phones[ALICE].told.ended, 1, "{:#?}", star.ladder);
    assert!(star.ladder.iter().any(|line| line.ends_with("SIP/2.0 430 Flow Failed")));
    star.heal();
    star.pass(Duration::from_secs(200));
    assert_eq!(star.switch.bindings("bob").len(), 1, "{:#?}", star.ladder);
    star.phones[ALICE].told = rvoip_simulation::phone::Told::default();
    talking(&mut star, ALICE);
    hung_up(&mut star, BOB);
}
