//! Every transition of every machine, walked and printed as a table.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the table is for people: `cargo test -- --nocapture`")]

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};

use rvoip_transaction_core::machine::{
    Action, InviteClient, InviteServer, NonInviteClient, NonInviteServer, Timer, Transition, invite_client,
    invite_server, non_invite_client, non_invite_server,
};

const TIMERS: [Timer; 15] = [
    Timer::A,
    Timer::B,
    Timer::D,
    Timer::E,
    Timer::F,
    Timer::G,
    Timer::H,
    Timer::I,
    Timer::J,
    Timer::K,
    Timer::L,
    Timer::M,
    Timer::Trying,
    Timer::LateTrying,
    Timer::Cancelled,
];

/// Asks the machine for every pair of state and event; gives the table of what is not absorbed.
fn walk<S: Copy + Debug + PartialEq, E: Copy + Debug>(
    name: &str,
    states: &[S],
    events: &[E],
    start: &[Action],
    step: impl Fn(S, E) -> Transition<S>,
) -> String {
    let mut table = format!("{name} starts with {start:?}\n");
    for state in states {
        for event in events {
            if let Some((next, actions)) = step(*state, *event) {
                let _ = writeln!(table, "{state:?} --{event:?}--> {next:?} {actions:?}");
            }
        }
    }
    println!("{table}");

    // Every state can be reached from the first, and the last absorbs everything.
    let mut reached = vec![states[0]];
    let mut at = 0;
    while let Some(state) = reached.get(at).copied() {
        for event in events {
            if let Some((next, _)) = step(state, *event)
                && !reached.contains(&next)
            {
                reached.push(next);
            }
        }
        at += 1;
    }
    assert_eq!(reached.len(), states.len(), "{name}: some state is never reached");
    let last = states[states.len() - 1];
    assert!(events.iter().all(|event| step(last, *event).is_none()), "{name}: something leaves {last:?}");

    // Every timer that is started is handled in the state that it is started in or led to.
    let fired: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.split_once("--Fired(")?.1.split_once(')').map(|(timer, _)| timer.to_owned()))
        .collect();
    for part in table.split("Start(").skip(1) {
        let timer = part.split(')').next().unwrap_or_default();
        assert!(fired.contains(timer), "{name}: timer {timer} is started and never handled");
    }
    table
}

fn with_timers<E>(events: Vec<E>, fired: impl Fn(Timer) -> E) -> Vec<E> {
    events.into_iter().chain(TIMERS.into_iter().map(fired)).collect()
}

#[test]
fn the_invite_client_follows_figure_5_and_rfc_6026() {
    use invite_client::{Event, State};
    let states = [State::Calling, State::Proceeding, State::Completed, State::Accepted, State::Terminated];
    let events =
        vec![Event::Provisional, Event::Success, Event::Failure, Event::Cancel, Event::TransportError];
    let events = with_timers(events, Event::Fired);
    insta::assert_snapshot!(walk("INVITE client", &states, &events, InviteClient::START, InviteClient::step));
}

#[test]
fn the_non_invite_client_follows_figure_6() {
    use non_invite_client::{Event, State};
    let states = [State::Trying, State::Proceeding, State::Completed, State::Terminated];
    let events = with_timers(vec![Event::Provisional, Event::Final, Event::TransportError], Event::Fired);
    let table = walk("non-INVITE client", &states, &events, NonInviteClient::START, NonInviteClient::step);
    insta::assert_snapshot!(table);
}

#[test]
fn the_invite_server_follows_figure_7_and_rfc_6026() {
    use invite_server::{Event, State};
    let states = [State::Proceeding, State::Completed, State::Accepted, State::Confirmed, State::Terminated];
    let events = vec![
        Event::Request,
        Event::Ack,
        Event::Provisional,
        Event::Success,
        Event::Failure,
        Event::TransportError,
    ];
    let events = with_timers(events, Event::Fired);
    insta::assert_snapshot!(walk("INVITE server", &states, &events, InviteServer::START, InviteServer::step));
}

#[test]
fn the_non_invite_server_follows_figure_8() {
    use non_invite_server::{Event, State};
    let states = [State::Trying, State::Proceeding, State::Completed, State::Terminated];
    let events = vec![Event::Request, Event::Provisional, Event::Final, Event::TransportError];
    let events = with_timers(events, Event::Fired);
    let table = walk("non-INVITE server", &states, &events, NonInviteServer::START, NonInviteServer::step);
    insta::assert_snapshot!(table);
}
