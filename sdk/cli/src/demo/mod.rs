//! `rvoip demo`: a server and two phones on this machine, and a call with speech over real sockets.

mod check;
mod ladder;
mod stage;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rvoip::{Call, CallState, CallStatistics, Client, ErrorKind, Event, Events, Result, TransportKind};
use serde::Serialize;

use crate::Exit;
use crate::args::DemoArgs;
use crate::output::{Output, line};
use check::Verdict;
use stage::Stage;

/// The key presses that alice sends.
const DIGITS: &str = "1492#*0";

/// What the demo found, for `--json`.
#[derive(Serialize)]
struct Report {
    #[serde(rename = "type")]
    kind: &'static str,
    passed: bool,
    digits: String,
    recordings: Vec<PathBuf>,
    heard: Vec<Verdict>,
    statistics: Vec<CallStatistics>,
}

/// Runs the demo.
pub(crate) async fn run(args: &DemoArgs, output: Output) -> Result<Exit> {
    let clock = Clock::start();
    let folder = folder(args)?;
    let say = |text: &str| {
        if !output.json {
            line(&format!("{:>6.2} s  {text}", clock.elapsed().as_secs_f64()));
        }
    };

    let stage =
        Stage::build([args.transport_a, args.transport_b].map(TransportKind::from), &folder, &say).await?;
    let (alice, bob) = (stage.alice.client.events(), stage.bob.client.events());
    let mut phones = Phones { alice, bob };

    let outgoing = stage.alice.account.call(&stage.bob.uri).await?;
    say("alice calls bob");
    let incoming = phones.bob_rings(&stage.bob.client).await?;
    say("bob's phone rings");
    incoming.answer().await?;
    outgoing.answered().await?;
    say("bob answered; both record, and both speak");

    let [at_alice, at_bob] =
        ["demo-heard-by-alice.wav", "demo-heard-by-bob.wav"].map(|name| folder.join(name));
    outgoing.record(at_alice.clone()).await?;
    incoming.record(at_bob.clone()).await?;
    let speech = || rvoip::AudioSource::Bytes { wav: stage::SPEECH.to_vec(), repeat: false };
    let (alice_spoke, bob_spoke) = tokio::join!(outgoing.play(speech()), incoming.play(speech()));
    alice_spoke?;
    bob_spoke?;
    settle().await;
    outgoing.stop_recording().await?;
    incoming.stop_recording().await?;
    say("both have spoken");

    outgoing.hold().await?;
    phones.bob_is(CallState::OnHold).await?;
    say("alice put bob on hold");
    tokio::time::sleep(Duration::from_secs(1)).await;
    outgoing.resume().await?;
    phones.bob_is(CallState::Connected).await?;
    say("and took him back");

    outgoing.send_dtmf(DIGITS).await?;
    let count = u32::try_from(DIGITS.len()).unwrap_or(u32::MAX);
    let digits = incoming.collect_digits(count, Duration::from_secs(3)).await?;
    say(&format!("alice pressed {DIGITS}, bob's side heard {digits}"));

    outgoing.hang_up().await?;
    let statistics = phones.both_ended().await?;
    say("alice hung up");
    let parties = stage.parties().await?;
    stage.close().await?;
    let seen = stage.seen();

    let recordings = vec![at_alice, at_bob];
    let heard = check::all(&recordings)?;
    let passed = digits == DIGITS && heard.iter().all(Verdict::passed);
    let report = Report { kind: "demo", passed, digits, recordings, heard, statistics };
    if output.json {
        output.fact("", &report);
    } else {
        line(&format!("\n{}", ladder::draw(&parties, &seen)));
        print(&report);
    }
    Ok(if passed { Exit::Done } else { Exit::Refused })
}

/// What the two phones tell.
struct Phones {
    alice: Events,
    bob: Events,
}

impl Phones {
    async fn bob_rings(&mut self, client: &Client) -> Result<Call> {
        let found = |event: Event| {
            if let Event::IncomingCall { call, .. } = event { Some(client.call(call)) } else { None }
        };
        expect(&mut self.bob, "bob's phone to ring", found).await
    }

    async fn bob_is(&mut self, wanted: CallState) -> Result<()> {
        let found = |event: Event| {
            matches!(event, Event::CallStateChanged { state, .. } if state == wanted).then_some(())
        };
        expect(&mut self.bob, "bob's call to change", found).await
    }

    /// The last figures of both sides.
    async fn both_ended(&mut self) -> Result<Vec<CallStatistics>> {
        let mut all = Vec::with_capacity(2);
        for (events, what) in [(&mut self.alice, "alice's call to end"), (&mut self.bob, "bob's call to end")]
        {
            let mut ended = false;
            let last = |event: Event| {
                ended |= matches!(event, Event::CallStateChanged { state: CallState::Ended, .. });
                if let Event::StatisticsUpdated { statistics, .. } = event {
                    Some(statistics).filter(|_| ended)
                } else {
                    None
                }
            };
            all.push(expect(events, what, last).await?);
        }
        Ok(all)
    }
}

/// Waits for an event, not for ever.
async fn expect<T>(events: &mut Events, what: &str, mut found: impl FnMut(Event) -> Option<T>) -> Result<T> {
    let waiting = async {
        loop {
            match events.next().await {
                Some(event) => {
                    if let Some(value) = found(event) {
                        return Ok(value);
                    }
                }
                None => return Err(ErrorKind::Closed.error("a phone closed")),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.error(format!("waited 10 s for {what}"))))
}

/// What was sent last is still in the other side's jitter buffer.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

fn folder(args: &DemoArgs) -> Result<PathBuf> {
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("rvoip-demo-{}", std::process::id())));
    std::fs::create_dir_all(&folder)
        .map_err(|error| ErrorKind::FileFailed.error(format!("{}: {error}", folder.display())))?;
    Ok(folder)
}

fn print(report: &Report) {
    line("who    packets  lost  loss    jitter    round trip  MOS   heard the other's speech");
    for ((who, statistics), heard) in ["alice", "bob"].iter().zip(&report.statistics).zip(&report.heard) {
        let received = &statistics.received;
        let optional = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        line(&format!(
            "{who:<5}  {:>7}  {:>4}  {:>4.1} %  {:>5.1} ms  {:>7} ms  {:>4}  {}",
            received.packets,
            received.lost,
            received.loss * 100.0,
            received.jitter_ms,
            optional(statistics.round_trip_ms, 1),
            optional(received.mos, 2),
            heard,
        ));
    }
    for recording in &report.recordings {
        line(&format!("recording: {}", display(recording)));
    }
    line(if report.passed { "the demo passed" } else { "the demo FAILED" });
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Time since the demo began, for people.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "shown to people, decides nothing")]
        Self(Instant::now())
    }

    fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
