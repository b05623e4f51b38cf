//! `rvoip demo`: a server and two phones on this machine, and a call with speech over real sockets.

mod check;
mod ladder;
mod report;
mod speech;
mod stage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rvoip::{Call, CallState, CallStatistics, Client, ErrorKind, Event, Events, Result, TransportKind};
use rvoip_media_core::wav::PcmClip;

use crate::Exit;
use crate::args::DemoArgs;
use crate::output::{Output, line};
use check::Verdict;
use report::Report;
use speech::Speech;
use stage::Stage;

/// The key presses that alice sends.
const DIGITS: &str = "1492#*0";
/// Names that are tried for the folder of the recordings.
const FOLDERS: u32 = 100;

/// Runs the demo.
pub(crate) async fn run(args: &DemoArgs, output: Output) -> Result<Exit> {
    let speech = Speech::recorded()?;
    perform(args, output, &speech, &speech).await
}

/// Has the phones say one thing, and checks that each heard the other: in the demo the same, in a test something else.
async fn perform(args: &DemoArgs, output: Output, said: &Speech, expected: &Speech) -> Result<Exit> {
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

    let recordings = ["demo-heard-by-alice.wav", "demo-heard-by-bob.wav"].map(|name| folder.join(name));
    let [at_alice, at_bob] = &recordings;
    outgoing.record(at_alice.as_path()).await?;
    incoming.record(at_bob.as_path()).await?;
    speak(&outgoing, &said.alice.before_hold, &incoming, &said.bob.before_hold).await?;
    say("both have spoken");

    outgoing.hold().await?;
    phones.bob_is(CallState::OnHold).await?;
    say("alice put bob on hold");
    tokio::time::sleep(Duration::from_secs(1)).await;
    outgoing.resume().await?;
    phones.bob_is(CallState::Connected).await?;
    say("and took him back; both speak again");
    speak(&outgoing, &said.alice.after_resume, &incoming, &said.bob.after_resume).await?;
    outgoing.stop_recording().await?;
    incoming.stop_recording().await?;
    say("both have spoken again");

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

    let heard = check::all(expected, &recordings)?;
    let passed = digits == DIGITS && heard.iter().all(Verdict::passed);
    let seconds = clock.elapsed().as_secs_f64();
    let report = Report { kind: "demo", passed, digits, recordings, heard, statistics, seconds };
    if output.json {
        output.fact("", &report);
    } else {
        line(&format!("\n{}", ladder::draw(&parties, &seen)));
        report.print();
    }
    Ok(if passed { Exit::Done } else { Exit::Refused })
}

/// Both speak at the same time, and what they said arrives.
async fn speak(alice: &Call, first: &PcmClip, bob: &Call, second: &PcmClip) -> Result<()> {
    let (first, second) = tokio::join!(alice.play(speech::source(first)?), bob.play(speech::source(second)?));
    first?;
    second?;
    // What was sent last is still in the other side's jitter buffer.
    tokio::time::sleep(Duration::from_millis(400)).await;
    Ok(())
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

/// Where the recordings go: a new folder, unless one is given. What is there already may be somebody else's.
fn folder(args: &DemoArgs) -> Result<PathBuf> {
    if let Some(folder) = &args.output {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| ErrorKind::FileFailed.error(format!("{}: {error}", folder.display())))?;
        return Ok(folder.clone());
    }
    for number in 1..=FOLDERS {
        let folder = std::env::temp_dir().join(format!("rvoip-demo-{}-{number}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(ErrorKind::FileFailed.error(format!("{}: {error}", folder.display())));
            }
        }
    }
    Err(ErrorKind::FileFailed.error("no new folder can be made for the recordings"))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::args::Transport;
    use speech::Voice;

    fn args(output: Option<PathBuf>) -> DemoArgs {
        DemoArgs { output, transport_a: Transport::Udp, transport_b: Transport::Udp }
    }

    /// A demo in which each phone says three seconds of something.
    async fn demo(said: [&[u8]; 2], expected: [&[u8]; 2]) -> Exit {
        let speech = |[alice, bob]: [&[u8]; 2]| {
            let voice = |wav| Voice::new(wav, Duration::from_millis(1_500)).unwrap();
            Speech { alice: voice(alice), bob: voice(bob) }
        };
        let folder = folder(&args(None)).unwrap();
        let (output, args) = (Output { json: true }, args(Some(folder.clone())));
        let exit = perform(&args, output, &speech(said), &speech(expected)).await.unwrap();
        fs::remove_dir_all(folder).unwrap();
        exit
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_phone_that_hears_something_else_fails_the_demo() {
        let alice: &[u8] = include_bytes!("../../assets/alice.wav");
        let bob: &[u8] = include_bytes!("../../assets/bob.wav");
        let exits = tokio::join!(
            demo([alice, bob], [alice, bob]),
            // Bob says what alice says: that is what a phone that hears itself records.
            demo([alice, alice], [alice, bob]),
        );
        assert_eq!(exits, (Exit::Done, Exit::Refused));
    }

    #[test]
    fn each_demo_has_a_folder_of_its_own() {
        let (first, second) = (folder(&args(None)).unwrap(), folder(&args(None)).unwrap());
        assert_ne!(first, second);
        fs::remove_dir(first).unwrap();
        fs::remove_dir(second).unwrap();
    }
}
