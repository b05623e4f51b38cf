//! What happens when a machine is so busy that a thread does not run for some time.

use std::time::Duration;

use rvoip_media_core::Source;
use rvoip_media_core::tone::Tone;
use rvoip_sdp_core::Direction;

use crate::net::{Net, Serves, Thread};
use crate::{clip, likeness, voice};

const EVERY: Duration = Duration::from_millis(700);

/// A call on a loopback, in which both speak for eight seconds.
fn talking(seed: u64) -> Net {
    let mut net = Net::new(seed);
    net.delay = 0;
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.alice.session.set_source(clip(&voice("alice")));
    net.bob.session.set_source(clip(&voice("bob")));
    net
}

#[test]
fn who_share_a_thread_that_stalls_hear_each_other_as_if_it_had_not() {
    for (seed, stall) in [(1, (30, 60)), (2, (60, 200)), (3, (100, 400)), (4, (300, 900))] {
        let mut net = talking(seed);
        let mut thread = [Thread::new(Serves::Both, EVERY, stall)];
        net.run_on(&mut thread, Duration::from_secs(9));
        assert!(thread[0].stalls >= 5, "{}", thread[0].stalls);
        for (end, said, unsaid) in [(&net.alice, "bob", "alice"), (&net.bob, "alice", "bob")] {
            let heard = likeness(&voice(said), &end.heard);
            assert!(heard.correlation > 0.98 && heard.covered > 0.98, "{stall:?}: {heard:?}");
            assert!(likeness(&voice(unsaid), &end.heard).is_unheard());
            let received = end.session.statistics().received;
            assert_eq!((received.lost, received.late, received.discarded), (0, 0, 0), "{stall:?}");
            assert!(received.delay < Duration::from_millis(65), "{stall:?}: {received:?}");
            assert!(received.jitter < Duration::from_millis(5), "{stall:?}: {received:?}");
        }
    }
}

#[test]
fn who_stalls_hears_all_that_has_come_meanwhile() {
    for (seed, stall) in [(1, (50, 100)), (2, (100, 300)), (3, (500, 900))] {
        let mut net = talking(seed);
        net.delay = 20;
        let mut threads = [Thread::new(Serves::Alice, EVERY, stall), Thread::prompt(Serves::Bob)];
        net.run_on(&mut threads, Duration::from_secs(9));
        assert!(threads[0].stalls >= 5, "{}", threads[0].stalls);
        let heard = likeness(&voice("bob"), &net.alice.heard);
        assert!(heard.correlation > 0.98 && heard.covered > 0.98, "{stall:?}: {heard:?}");
        let received = net.alice.session.statistics().received;
        assert_eq!((received.lost, received.late), (0, 0), "{stall:?}");
        assert!(received.delay < Duration::from_millis(65), "{stall:?}: {received:?}");
    }
}

#[test]
fn who_stalled_whenever_and_however_long_hears_the_other_again() {
    for seed in 0..60 {
        let mut net = Net::new(seed);
        net.agree(Direction::SendRecv, Direction::SendRecv);
        for end in [&mut net.alice, &mut net.bob] {
            end.session.set_source(Source::Tone(Tone::continuous(&[440.0], -10.0)));
        }
        let every = Duration::from_millis(50 + 20 * seed);
        let mut threads =
            [Thread::new(Serves::Alice, every, (20, 1_500)), Thread::new(Serves::Bob, every, (20, 1_500))];
        net.run_on(&mut threads, Duration::from_secs(8));
        net.run_on(&mut [Thread::prompt(Serves::Alice), Thread::prompt(Serves::Bob)], Duration::from_secs(4));
        for end in [&net.alice, &net.bob] {
            let last = end.heard.rchunks(800).take(20);
            let loud = last.filter(|piece| piece.iter().any(|sample| sample.unsigned_abs() > 3_000)).count();
            assert!(loud >= 19, "seed {seed}: {loud} of 20, {:?}", end.session.statistics().received);
        }
    }
}

#[test]
fn an_echo_on_a_thread_that_stalls_gives_back_all_of_it() {
    let mut net = talking(1);
    net.bob.session.set_source(Source::Echo);
    let mut thread = [Thread::new(Serves::Both, EVERY, (100, 300))];
    net.run_on(&mut thread, Duration::from_secs(9));
    let heard = likeness(&voice("alice"), &net.alice.heard);
    assert!(heard.correlation > 0.97 && heard.covered > 0.97, "{heard:?}");
}

#[test]
fn a_peer_is_not_taken_for_silent_because_we_did_not_listen() {
    let mut net = talking(1);
    let mut thread = [Thread::new(Serves::Both, Duration::from_secs(1), (31_000, 40_000))];
    net.run_on(&mut thread, Duration::from_secs(300));
    assert!(thread[0].stalls >= 5);
    let timed_out = rvoip_media_core::MediaEvent::TimedOut;
    assert!(!net.alice.events.contains(&timed_out) && !net.bob.events.contains(&timed_out));
}
