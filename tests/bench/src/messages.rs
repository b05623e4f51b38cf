//! Parse, typed read and serialise of one message.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rvoip_hostile::memory::allocations;
use rvoip_sip_core::header::{CSeq, CallId, Contact, From, To, Via};
use rvoip_sip_core::{Header, Message};

use crate::Figure;

/// How often each thing is done in a round; the best of five rounds counts.
const RUNS: u32 = 200_000;

pub(crate) fn measure(bytes: &[u8]) -> Result<Vec<Figure>> {
    read(bytes)?;
    ensure!(serialise(bytes)? > bytes.len(), "the pushed Via is missing");
    Ok(vec![
        time("parse", || read(black_box(bytes)).is_ok()),
        time("parse+serialise", || serialise(black_box(bytes)).is_ok()),
    ])
}

/// Parses, and reads six headers as their types.
fn read(bytes: &[u8]) -> Result<()> {
    let message = Message::parse(bytes)?;
    let mut hops = 0;
    for via in message.get_all::<Via<'_>>() {
        black_box(&via?);
        hops += 1;
    }
    ensure!(hops == 4, "{hops} Via in place of 4");
    let from = message.get::<From<'_>>().context("From")??;
    let to = message.get::<To<'_>>().context("To")??;
    let call_id = message.get::<CallId<'_>>().context("Call-ID")??;
    let cseq = message.get::<CSeq>().context("CSeq")??;
    let contact = message.get::<Contact<'_>>().context("Contact")??;
    black_box((&from, &to, &call_id, &cseq, &contact));
    Ok(())
}

/// Parses, pushes a Via as a proxy does, and makes the bytes to send.
fn serialise(bytes: &[u8]) -> Result<usize> {
    let message = Message::parse(bytes)?;
    let via = Via::decode("SIP/2.0/UDP proxy.example.com;branch=z9hG4bKabc")?;
    let edited = message.edit().push_front(&via).finish()?;
    Ok(black_box(edited.as_bytes()).len())
}

fn time(what: &str, mut once: impl FnMut() -> bool) -> Figure {
    let mut best = f64::INFINITY;
    let mut allocated = 0;
    for _ in 0..5 {
        let before = allocations();
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let start = Instant::now();
        for _ in 0..RUNS {
            assert!(once(), "{what} failed");
        }
        best = best.min(start.elapsed().as_secs_f64());
        allocated = allocations() - before;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few millions at most")]
    let allocations = allocated as f64 / f64::from(RUNS);
    Figure { what: what.to_owned(), nanoseconds: best / f64::from(RUNS) * 1e9, allocations }
}
