//! A program that ends without closing its client.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use rvoip::{Call, Cause, Client, Event, TransportKind};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

async fn client() -> (Client, String) {
    let client =
        Client::builder().bind(TransportKind::Udp, "127.0.0.1:0".parse().unwrap()).build().await.unwrap();
    let listening =
        client.events().take_events().into_iter().find_map(|event| {
            if let Event::Listening { address, .. } = event { Some(address) } else { None }
        });
    (client, listening.unwrap())
}

/// Answers the first call.
async fn answering(client: &Client) -> Call {
    let mut events = client.events();
    while let Some(event) = events.next().await {
        if let Event::IncomingCall { call, .. } = event {
            let call = client.call(call);
            call.answer().await.unwrap();
            return call;
        }
    }
    panic!("the client is closed")
}

#[test]
fn a_runtime_that_ends_with_a_call_hangs_up() {
    let there = Runtime::new().unwrap();
    let (bob, address) = there.block_on(client());
    for mut runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let here = runtime.enable_all().build().unwrap();
        let called = there.spawn({
            let bob = bob.clone();
            async move { answering(&bob).await }
        });
        // Handles that live on, as those in a static do.
        let (_alice, _call) = here.block_on(async {
            let (alice, _) = client().await;
            let account = alice.account("sip:alice@127.0.0.1").add().await.unwrap();
            let call = account.call(&format!("sip:bob@{address}")).await.unwrap();
            call.answered().await.unwrap();
            (alice, call)
        });
        let call = there.block_on(called).unwrap();
        drop(here);
        let cause = there.block_on(async { timeout(Duration::from_secs(10), call.ended()).await });
        assert_eq!(cause.unwrap().unwrap(), Cause::RemoteHangUp);
    }
}
