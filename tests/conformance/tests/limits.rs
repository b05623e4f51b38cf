//! What can still be asked when as many commands wait as may.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rvoip::harness::Harness;
use rvoip::{Account, Cause, Client, ClientConfig, ErrorKind, Verb};

fn poll<T>(verb: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    Pin::new(verb).poll(&mut Context::from_waker(Waker::noop()))
}

fn at_once<T>(mut verb: Verb<T>) -> rvoip::Result<T> {
    match poll(&mut verb) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it should be complete at once"),
    }
}

/// A client with an account, a call that rings here, and as many commands as may wait.
struct Full {
    client: Client,
    alice: Account,
    waiting: Vec<Verb<Cause>>,
}

fn full(harness: &Harness, max_calls: u32) -> rvoip::Result<Full> {
    let config = ClientConfig { max_calls, ..ClientConfig::default() };
    let client = harness.client(config)?;
    let alice = at_once(client.account("sip:alice@example.com").add())?;
    harness.peer(r#"{"request": "INVITE", "client": 1, "sdp": "sendrecv"}"#)?;
    harness.peer(r#"{"expect": 180, "to": "INVITE"}"#)?;
    let call = client.calls().remove(0);
    let mut waiting = Vec::new();
    loop {
        let mut verb = call.ended();
        match poll(&mut verb) {
            Poll::Pending => waiting.push(verb),
            Poll::Ready(refused) => {
                assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Busy));
                return Ok(Full { client, alice, waiting });
            }
        }
    }
}

#[test]
fn the_limit_grows_with_the_calls_that_may_live() {
    for (max_calls, most) in [(1, 1_024), (1_000, 8_000)] {
        assert_eq!(full(&Harness::new(1), max_calls).unwrap().waiting.len(), most);
    }
}

#[test]
fn what_ends_something_and_an_answer_are_taken_at_the_limit() {
    let harness = Harness::new(1);
    let Full { client, alice, waiting } = full(&harness, 1).unwrap();
    let call = client.calls().remove(0);
    assert_eq!(at_once(call.mute(true)).unwrap_err().kind(), ErrorKind::Busy);
    let mut answering = call.answer();
    assert!(poll(&mut answering).is_pending());
    harness.peer(r#"{"expect": 200, "to": "INVITE"}"#).unwrap();
    harness.peer(r#"{"request": "ACK"}"#).unwrap();
    assert_eq!(poll(&mut answering), Poll::Ready(Ok(())));
    assert_eq!(at_once(alice.unregister()), Ok(()));
    assert_eq!(at_once(alice.remove()), Ok(()));
    let mut hanging_up = call.hang_up();
    assert!(poll(&mut hanging_up).is_pending());
    let mut closing = Box::pin(client.close());
    assert!(poll(&mut closing).is_pending());
    harness.peer(r#"{"expect": "BYE"}"#).unwrap();
    harness.peer(r#"{"respond": 200}"#).unwrap();
    harness.advance(Duration::ZERO).unwrap();
    assert_eq!(poll(&mut hanging_up), Poll::Ready(Ok(())));
    assert_eq!(poll(&mut closing), Poll::Ready(Ok(())));
    assert!(waiting.into_iter().map(at_once).all(|ended| ended == Ok(Cause::LocalHangUp)));
}

#[test]
fn a_moment_without_end_is_an_error_and_many_moments_are_none() {
    let harness = Harness::new(1);
    let client = harness.client(ClientConfig::default()).unwrap();
    let alice = at_once(client.account("sip:alice@example.com").add()).unwrap();
    harness.peer(r#"{"turns": 8}"#).unwrap();
    let mut registering = alice.register();
    assert!(poll(&mut registering).is_pending());
    // Each of the moments at which it is sent again has turns of its own.
    harness.advance(Duration::from_secs(31)).unwrap();
    harness.peer(r#"{"expect": "REGISTER"}"#).unwrap();
    harness.peer(r#"{"again": "REGISTER", "count": 9}"#).unwrap();
    harness.peer(r#"{"turns": 0}"#).unwrap();
    let failed = harness.advance(Duration::from_secs(1)).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Internal);
    harness.peer(r#"{"turns": 8}"#).unwrap();
    harness.advance(Duration::from_secs(1)).unwrap();
    assert!(poll(&mut registering).is_ready());
}
