//! Calls between two phones: ladders, in good and in bad weather.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

mod phones;

use std::time::Duration;

use phones::Wire;
use rvoip_session_core::{EndCause, FailureKind, MediaAnswer, UserAgentEvent};
use rvoip_sip_core::StatusCode;

#[test]
fn a_call_rings_is_answered_and_hung_up_by_the_caller() {
    let mut wire = Wire::new();
    let (a, _) = wire.connect();
    assert_eq!(wire.take_ladder(), ["a INVITE", "b 180", "b 200", "a ACK"]);
    assert_eq!(wire.alice.asked, ["offer sendrecv", "remote"]);
    assert_eq!(wire.bob.asked, ["answer sendrecv"]);
    wire.alice.agent.hang_up(wire.now, a);
    wire.settle();
    assert_eq!(wire.take_ladder(), ["a BYE", "b 200"]);
    assert_eq!(wire.alice.ended(), Some(&EndCause::LocalHangUp));
    assert_eq!(wire.bob.ended(), Some(&EndCause::RemoteHangUp));
    wire.assert_nothing_lives();
}

#[test]
fn the_called_party_hangs_up() {
    let mut wire = Wire::new();
    let (_, b) = wire.connect();
    wire.bob.agent.hang_up(wire.now, b);
    wire.settle();
    assert_eq!(wire.alice.ended(), Some(&EndCause::RemoteHangUp));
    assert_eq!(wire.bob.ended(), Some(&EndCause::LocalHangUp));
    wire.assert_nothing_lives();
}

#[test]
fn both_hang_up_at_once() {
    let mut wire = Wire::new();
    let (a, b) = wire.connect();
    wire.alice.agent.hang_up(wire.now, a);
    wire.bob.agent.hang_up(wire.now, b);
    wire.settle();
    let ends = |events: &[UserAgentEvent]| {
        events.iter().filter(|event| matches!(event, UserAgentEvent::Ended { .. })).count()
    };
    assert_eq!((ends(&wire.alice.events), ends(&wire.bob.events)), (1, 1));
    wire.assert_nothing_lives();
}

#[test]
fn a_call_is_refused() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.bob.agent.reject(wire.now, wire.bob.incoming(), StatusCode::BUSY_HERE);
    wire.settle();
    assert_eq!(wire.take_ladder(), ["a INVITE", "b 486", "a ACK"]);
    let refused = EndCause::Rejected { status: StatusCode::BUSY_HERE, reason: "Busy Here".to_owned() };
    assert_eq!(wire.alice.ended(), Some(&refused));
    assert_eq!(wire.bob.ended(), Some(&refused));
    wire.assert_nothing_lives();
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    let a = wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.bob.agent.ring(wire.now, wire.bob.incoming(), StatusCode::RINGING);
    wire.settle();
    wire.alice.agent.hang_up(wire.now, a);
    wire.settle();
    assert_eq!(wire.take_ladder(), ["a INVITE", "b 180", "a CANCEL", "b 200", "b 487", "a ACK"]);
    assert_eq!(wire.alice.ended(), Some(&EndCause::LocalHangUp));
    assert_eq!(wire.bob.ended(), Some(&EndCause::Cancelled));
    wire.assert_nothing_lives();
}

#[test]
fn a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    let a = wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    let b = wire.bob.incoming();
    wire.bob.agent.ring(wire.now, b, StatusCode::RINGING);
    wire.settle();
    wire.lose = Box::new(|_, text| text.starts_with("CANCEL"));
    wire.alice.agent.hang_up(wire.now, a);
    wire.bob.agent.accept(wire.now, b);
    wire.settle();
    assert_eq!(wire.alice.ended(), Some(&EndCause::LocalHangUp));
    assert_eq!(wire.bob.ended(), Some(&EndCause::RemoteHangUp));
    wire.lose = Box::new(|_, _| false);
    wire.assert_nothing_lives();
}

#[test]
fn hanging_up_before_anything_came_back_ends_for_the_user_in_five_seconds() {
    let mut wire = Wire::new();
    wire.lose = Box::new(|_, _| true);
    let to = wire.bob.uri();
    let a = wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.alice.agent.hang_up(wire.now, a);
    wire.wait(Duration::from_secs(4));
    assert_eq!(wire.alice.ended(), None);
    wire.wait(Duration::from_secs(2));
    assert_eq!(wire.alice.ended(), Some(&EndCause::LocalHangUp));
    wire.assert_nothing_lives();
    assert_eq!(wire.alice.events.len(), 1, "nothing is told after the end");
}

#[test]
fn nobody_answers_at_all() {
    let mut wire = Wire::new();
    wire.lose = Box::new(|_, _| true);
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.wait(Duration::from_secs(33));
    assert_eq!(wire.alice.ended(), Some(&EndCause::TimedOut));
    wire.assert_nothing_lives();
}

#[test]
fn a_phone_that_rings_for_ever_is_given_up() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.bob.agent.ring(wire.now, wire.bob.incoming(), StatusCode::RINGING);
    wire.wait(Duration::from_secs(181));
    assert_eq!(wire.alice.ended(), Some(&EndCause::TimedOut));
    assert!(wire.bob.ended().is_some());
    wire.assert_nothing_lives();
}

#[test]
fn a_lost_ack_makes_the_2xx_come_again_and_is_sent_again() {
    let mut wire = Wire::new();
    let mut acks = 0;
    wire.lose = Box::new(move |_, text| {
        acks += u32::from(text.starts_with("ACK"));
        text.starts_with("ACK") && acks < 3
    });
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    let b = wire.bob.incoming();
    wire.bob.agent.accept(wire.now, b);
    wire.wait(Duration::from_secs(3));
    assert!(wire.bob.events.contains(&UserAgentEvent::Established { session: b }));
    assert_eq!(wire.take_ladder(), ["a INVITE", "b 200", "a ACK", "b 200", "a ACK", "b 200", "a ACK"]);
    wire.bob.agent.hang_up(wire.now, b);
    wire.assert_nothing_lives();
}

#[test]
fn an_ack_that_never_comes_ends_the_call_with_a_bye() {
    let mut wire = Wire::new();
    wire.lose = Box::new(|_, text| text.starts_with("ACK"));
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.bob.agent.accept(wire.now, wire.bob.incoming());
    wire.wait(Duration::from_secs(33));
    assert!(matches!(wire.bob.ended(), Some(EndCause::ProtocolFailed { .. })));
    assert_eq!(wire.alice.ended(), Some(&EndCause::RemoteHangUp));
    wire.assert_nothing_lives();
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_waits_for_it() {
    let mut wire = Wire::new();
    wire.lose = Box::new(|_, text| text.starts_with("ACK"));
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    let b = wire.bob.incoming();
    wire.bob.agent.accept(wire.now, b);
    wire.settle();
    wire.bob.agent.hang_up(wire.now, b);
    wire.settle();
    assert!(!wire.ladder.contains(&"b BYE".to_owned()));
    wire.lose = Box::new(|_, _| false);
    wire.wait(Duration::from_secs(1));
    assert!(wire.ladder.contains(&"b BYE".to_owned()));
    assert_eq!(wire.bob.ended(), Some(&EndCause::LocalHangUp));
    wire.assert_nothing_lives();
}

#[test]
fn hold_and_resume_are_told_on_both_sides() {
    let mut wire = Wire::new();
    let (a, b) = wire.connect();
    wire.alice.take_events();
    wire.bob.take_events();
    wire.alice.agent.hold(wire.now, a);
    wire.settle();
    assert_eq!(
        wire.alice.take_events(),
        [
            UserAgentEvent::HoldChanged { session: a, local: true, remote: false },
            UserAgentEvent::Modified { session: a }
        ]
    );
    assert_eq!(
        wire.bob.take_events(),
        [UserAgentEvent::HoldChanged { session: b, local: false, remote: true }]
    );
    wire.bob.agent.hold(wire.now, b);
    wire.settle();
    assert!(wire.alice.take_events().contains(&UserAgentEvent::HoldChanged {
        session: a,
        local: true,
        remote: true
    }));
    wire.alice.agent.resume(wire.now, a);
    wire.bob.agent.resume(wire.now, b);
    wire.wait(Duration::from_secs(10));
    let both = UserAgentEvent::HoldChanged { session: a, local: false, remote: false };
    assert_eq!(
        wire.alice.events.iter().rev().find(|event| matches!(event, UserAgentEvent::HoldChanged { .. })),
        Some(&both)
    );
    wire.alice.agent.hang_up(wire.now, a);
    wire.assert_nothing_lives();
}

#[test]
fn two_re_invites_at_once_are_refused_and_both_come_through_later() {
    let mut wire = Wire::new();
    let (a, b) = wire.connect();
    wire.take_ladder();
    // Both offers are written before either message moves.
    wire.alice.media.push_back(None);
    wire.bob.media.push_back(None);
    wire.alice.agent.reinvite(wire.now, a);
    wire.bob.agent.reinvite(wire.now, b);
    wire.settle();
    let (open_a, open_b) = (wire.alice.open.remove(0), wire.bob.open.remove(0));
    let (offer_a, offer_b) = (
        wire.alice.description(rvoip_session_core::Direction::SendRecv),
        wire.bob.description(rvoip_session_core::Direction::SendRecv),
    );
    wire.alice.agent.media_answered(wire.now, open_a, MediaAnswer::Description(offer_a));
    wire.bob.agent.media_answered(wire.now, open_b, MediaAnswer::Description(offer_b));
    wire.settle();
    assert!(wire.ladder.iter().any(|line| line.ends_with("491")), "{:?}", wire.ladder);
    wire.wait(Duration::from_secs(10));
    assert!(wire.alice.events.contains(&UserAgentEvent::Modified { session: a }));
    assert!(wire.bob.events.contains(&UserAgentEvent::Modified { session: b }));
    wire.alice.agent.hang_up(wire.now, a);
    wire.assert_nothing_lives();
}

#[test]
fn a_change_that_is_refused_leaves_the_call_as_it_was() {
    let mut wire = Wire::new();
    let (a, b) = wire.connect();
    let status = StatusCode::NOT_ACCEPTABLE_HERE;
    wire.bob.media.push_back(Some(MediaAnswer::Refused { status, reason: "no codec".to_owned() }));
    wire.alice.agent.reinvite(wire.now, a);
    wire.settle();
    let failed = wire.alice.events.iter().find_map(|event| match event {
        UserAgentEvent::ModifyFailed { failure, .. } => Some(failure.clone()),
        _ => None,
    });
    assert_eq!(
        failed.map(|failure| (failure.kind, failure.status)),
        Some((FailureKind::Rejected, Some(488)))
    );
    assert_eq!(wire.alice.asked.last().map(String::as_str), Some("rollback"));
    wire.bob.agent.hang_up(wire.now, b);
    wire.assert_nothing_lives();
}

#[test]
fn an_incoming_call_whose_media_is_refused_gets_488() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    let status = StatusCode::NOT_ACCEPTABLE_HERE;
    wire.bob.media.push_back(Some(MediaAnswer::Refused { status, reason: "no codec".to_owned() }));
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    wire.bob.agent.accept(wire.now, wire.bob.incoming());
    wire.settle();
    assert!(matches!(wire.alice.ended(), Some(EndCause::Rejected { status, .. }) if status.code() == 488));
    assert_eq!(wire.bob.ended(), Some(&EndCause::MediaRefused { reason: "no codec".to_owned() }));
    wire.assert_nothing_lives();
}

#[test]
fn an_answer_that_our_media_refuses_ends_the_call_with_a_bye() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    let status = StatusCode::NOT_ACCEPTABLE_HERE;
    wire.alice.media.push_back(Some(MediaAnswer::Refused { status, reason: "bad answer".to_owned() }));
    wire.bob.agent.accept(wire.now, wire.bob.incoming());
    wire.settle();
    assert_eq!(wire.alice.ended(), Some(&EndCause::MediaRefused { reason: "bad answer".to_owned() }));
    assert_eq!(wire.bob.ended(), Some(&EndCause::RemoteHangUp));
    wire.assert_nothing_lives();
}

#[test]
fn an_offer_in_the_2xx_is_answered_in_the_ack() {
    let mut wire = Wire::new();
    let to = wire.bob.uri();
    let a = wire.alice.agent.invite_without_offer(wire.now, wire.alice.identity, &to);
    wire.settle();
    let b = wire.bob.incoming();
    wire.bob.agent.accept(wire.now, b);
    wire.settle();
    assert_eq!(wire.bob.asked, ["offer sendrecv", "remote"]);
    assert_eq!(wire.alice.asked, ["answer sendrecv"]);
    let ack = wire.messages.iter().find(|text| text.starts_with("ACK")).unwrap();
    assert!(ack.contains("application/sdp"));
    assert!(wire.alice.events.contains(&UserAgentEvent::Established { session: a }));
    assert!(wire.bob.events.contains(&UserAgentEvent::Established { session: b }));
    wire.bob.agent.hang_up(wire.now, b);
    wire.assert_nothing_lives();
}

#[test]
fn a_call_survives_heavy_loss_and_leaves_nothing_behind() {
    for seed in 0..200_u64 {
        let mut wire = Wire::new();
        let mut random = rvoip_sans_io::Random::from_number(seed);
        wire.lose = Box::new(move |_, _| random.chance(0.3));
        let to = wire.bob.uri();
        let a = wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
        wire.wait(Duration::from_secs(8));
        let rings =
            wire.bob.events.iter().any(|event| matches!(event, UserAgentEvent::InviteReceived { .. }));
        if rings {
            let b = wire.bob.incoming();
            wire.bob.agent.ring(wire.now, b, StatusCode::RINGING);
            wire.wait(Duration::from_secs(1));
            wire.bob.agent.accept(wire.now, b);
        }
        wire.wait(Duration::from_secs(10));
        wire.alice.agent.hang_up(wire.now, a);
        wire.wait(Duration::from_secs(200));
        assert!(wire.alice.ended().is_some(), "seed {seed}");
        assert!(!rings || wire.bob.ended().is_some(), "seed {seed}");
        wire.assert_nothing_lives();
    }
}
