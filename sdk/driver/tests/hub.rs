//! The hub with a toy machine: commands, withdrawal, listeners, a panic.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::similar_names,
    clippy::panic,
    reason = "a test fails by panicking, and so does the toy when it is told to"
)]

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::StreamExt as _;
use rvoip_driver::{
    Hosted, Hub, Input, Instant, Io, IoInput, IoOutput, Machine, Now, Output, Refusal, Token, drive,
};

/// Echoes numbers, counts, waits, panics.
#[derive(Default)]
struct Toy {
    count: u32,
    waiting: Vec<Token>,
    withdrawn: Vec<Token>,
    returned: Vec<u32>,
    out: VecDeque<Output<Toy>>,
    timeout: Option<Instant>,
}

#[derive(Debug)]
enum Command {
    Echo(u32),
    Tell(u32),
    Level(u32),
    Wait,
    Release,
    After(Duration),
    Panic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Number(u32),
    Level(u32),
    Count(u32),
    Lagged(u32),
    Failed(String),
}

impl Machine for Toy {
    type Command = Command;
    type Reply = u32;
    type Error = Refusal;
    type Event = Event;
    type MediaRequest = ();
    type MediaReport = ();

    fn handle_input(&mut self, now: Now, input: Input<'_, Self>) {
        match input {
            Input::Command(token, command) => match command {
                Command::Echo(number) => self.out.push_back(Output::Done(token, Ok(number))),
                Command::Tell(number) => {
                    self.count += 1;
                    self.out.push_back(Output::Event(Event::Number(number)));
                    self.out.push_back(Output::Done(token, Ok(number)));
                }
                Command::Level(number) => {
                    self.out.push_back(Output::Event(Event::Level(number)));
                    self.out.push_back(Output::Done(token, Ok(number)));
                }
                Command::Wait => self.waiting.push(token),
                Command::Release => {
                    for waiting in self.waiting.drain(..) {
                        self.out.push_back(Output::Done(waiting, Ok(7)));
                    }
                    self.out.push_back(Output::Done(token, Ok(0)));
                }
                Command::After(duration) => {
                    self.timeout = Some(now.monotonic + duration);
                    self.waiting.push(token);
                }
                Command::Panic => panic!("the toy was told to"),
            },
            Input::Cancel(token) => {
                self.waiting.retain(|waiting| *waiting != token);
                self.withdrawn.push(token);
            }
            Input::Returned(_, reply) => self.returned.push(reply),
            Input::Close => self.out.push_back(Output::Closed),
            Input::Received { .. }
            | Input::FlowOpened(_)
            | Input::FlowFailed { .. }
            | Input::Dns(..)
            | Input::Media(()) => {}
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        if self.timeout.is_some_and(|at| at <= now.monotonic) {
            self.timeout = None;
            for waiting in self.waiting.drain(..) {
                self.out.push_back(Output::Done(waiting, Ok(8)));
            }
        }
    }

    fn poll_output(&mut self) -> Output<Self> {
        self.out.pop_front().unwrap_or(Output::Timeout(self.timeout))
    }
}

impl Hosted for Toy {
    fn snapshot(&self, lost: bool) -> Vec<Event> {
        let last = lost.then_some(Event::Number(self.count));
        last.into_iter().chain([Event::Count(self.count)]).collect()
    }

    fn lagged(missed: u32) -> Event {
        Event::Lagged(missed)
    }

    fn coalescing(event: &Event) -> Option<u64> {
        matches!(event, Event::Level(_)).then_some(1)
    }

    fn most_commands(&self) -> usize {
        1_024
    }

    fn is_always_taken(command: &Command) -> bool {
        matches!(command, Command::Release)
    }

    fn refused(refusal: Refusal) -> Refusal {
        refusal
    }

    fn failed(reason: &str) -> Event {
        Event::Failed(reason.to_owned())
    }
}

/// A platform with nothing but a timer.
struct Nothing(Option<std::pin::Pin<Box<tokio::time::Sleep>>>);

impl Io<Toy> for Nothing {
    fn apply(&mut self, _output: IoOutput<Toy>) {}

    fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<IoInput<Toy>> {
        let Some(at) = timeout else { return Poll::Pending };
        let sleep =
            self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(rvoip_driver::clock::until(at))));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.0 = None;
        Poll::Ready(IoInput::Timeout)
    }
}

#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn commands_complete_at_once_or_later() {
    let (hub, driving) = Hub::new(Toy::default());
    let looping = tokio::spawn(drive(driving, Nothing(None)));
    assert_eq!(hub.submit(Command::Echo(3)).await, Ok(3));
    let (waited, _) = tokio::join!(hub.submit(Command::Wait), async {
        tokio::task::yield_now().await;
        hub.submit(Command::Release).await
    });
    assert_eq!(waited, Ok(7));
    assert_eq!(hub.submit(Command::After(Duration::from_millis(20))).await, Ok(8));
    drop(hub);
    looping.await.unwrap();
}

#[test]
fn a_command_is_submitted_by_the_first_poll_and_withdrawn_by_the_drop() {
    let (hub, _driving) = Hub::new(Toy::default());
    let wakes = Arc::new(Counting::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let unpolled = hub.submit(Command::Wait);
    drop(unpolled);
    assert_eq!(hub.read(|toy| toy.withdrawn.len()), Some(0));
    {
        let mut waiting = pin!(hub.submit(Command::Wait));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        assert_eq!(hub.read(|toy| toy.waiting.len()), Some(1));
    }
    assert_eq!(hub.read(|toy| (toy.waiting.len(), toy.withdrawn.len())), Some((0, 1)));
    let mut waiting = pin!(hub.submit(Command::Wait));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
    assert!(pin!(hub.submit(Command::Release)).poll(&mut cx).is_ready());
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    assert_eq!(waiting.poll(&mut cx), Poll::Ready(Ok(7)));
}

#[test]
fn too_many_open_commands_are_refused() {
    let (hub, _driving) = Hub::new(Toy::default());
    let mut cx = Context::from_waker(Waker::noop());
    let mut open: Vec<_> = (0..1_024).map(|_| Box::pin(hub.submit(Command::Wait))).collect();
    assert!(open.iter_mut().all(|one| one.as_mut().poll(&mut cx).is_pending()));
    assert_eq!(pin!(hub.submit(Command::Echo(1))).poll(&mut cx), Poll::Ready(Err(Refusal::Busy)));
    open.pop();
    assert_eq!(pin!(hub.submit(Command::Echo(1))).poll(&mut cx), Poll::Ready(Ok(1)));
}

#[test]
fn what_ends_something_is_taken_however_many_commands_wait() {
    let (hub, _driving) = Hub::new(Toy::default());
    let mut cx = Context::from_waker(Waker::noop());
    let mut open: Vec<_> = (0..1_024).map(|_| Box::pin(hub.submit(Command::Wait))).collect();
    assert!(open.iter_mut().all(|one| one.as_mut().poll(&mut cx).is_pending()));
    assert_eq!(pin!(hub.submit(Command::Release)).poll(&mut cx), Poll::Ready(Ok(0)));
    assert!(open.iter_mut().all(|one| one.as_mut().poll(&mut cx) == Poll::Ready(Ok(7))));
}

#[test]
fn a_reply_that_nobody_took_goes_back() {
    let (hub, _driving) = Hub::new(Toy::default());
    let mut cx = Context::from_waker(Waker::noop());
    let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(hub.submit(Command::Wait))).collect();
    assert!(waiting.iter_mut().all(|one| one.as_mut().poll(&mut cx).is_pending()));
    assert!(pin!(hub.submit(Command::Release)).poll(&mut cx).is_ready());
    // Both are complete; the one takes its reply, the other goes away without.
    let mut taken = waiting.remove(0);
    assert_eq!(taken.as_mut().poll(&mut cx), Poll::Ready(Ok(7)));
    drop((taken, waiting));
    assert_eq!(hub.read(|toy| (toy.returned.clone(), toy.withdrawn.len())), Some((vec![7], 0)));
}

#[tokio::test]
async fn a_listener_hears_the_present_first_and_only_what_it_wants() {
    let (hub, _driving) = Hub::new(Toy::default());
    hub.submit(Command::Tell(1)).await.unwrap();
    let mut listener = hub.listen(|event| *event != Event::Number(2));
    for number in [2, 3] {
        hub.submit(Command::Tell(number)).await.unwrap();
    }
    listener.ready().await;
    assert_eq!(listener.take_events(), [Event::Count(1), Event::Number(3)]);
    assert_eq!(listener.take_events(), []);
    hub.submit(Command::Tell(4)).await.unwrap();
    assert_eq!(listener.next().await, Some(Event::Number(4)));
}

#[tokio::test]
async fn levels_replace_one_another_and_a_slow_listener_is_told_what_it_lost() {
    let (hub, _driving) = Hub::new(Toy::default());
    let slow = hub.listen(|_| true);
    let other = hub.listen(|event| matches!(event, Event::Level(_)));
    for number in 0..2_000 {
        hub.submit(Command::Level(number)).await.unwrap();
    }
    assert_eq!(slow.take_events(), [Event::Count(0), Event::Level(1_999)]);
    for number in [1, 2] {
        hub.submit(Command::Level(number)).await.unwrap();
        hub.submit(Command::Tell(number)).await.unwrap();
    }
    let told = [Event::Number(1), Event::Level(2), Event::Number(2)];
    assert_eq!(slow.take_events(), told, "the newer one is not told before what came before it");
    for number in 0..2_000 {
        hub.submit(Command::Tell(number)).await.unwrap();
    }
    assert_eq!(slow.take_events(), [Event::Lagged(2_000), Event::Number(2_002), Event::Count(2_002)]);
    hub.submit(Command::Tell(5)).await.unwrap();
    assert_eq!(slow.take_events(), [Event::Number(5)]);
    assert_eq!(other.take_events(), [Event::Level(2)], "the slowness of one is not that of another");
}

#[tokio::test]
async fn a_panic_ends_the_machine_with_an_error_for_all() {
    let (hub, driving) = Hub::new(Toy::default());
    let looping = tokio::spawn(drive(driving, Nothing(None)));
    let mut listener = hub.listen(|event| matches!(event, Event::Failed(_)));
    let waiting = hub.submit(Command::Wait);
    let (waiting, panicked) = tokio::join!(waiting, hub.submit(Command::Panic));
    assert!(matches!(waiting, Err(Refusal::Internal(_))) && matches!(panicked, Err(Refusal::Internal(_))));
    assert!(matches!(listener.next().await, Some(Event::Failed(_))));
    assert_eq!(listener.next().await, None);
    assert!(matches!(hub.submit(Command::Echo(1)).await, Err(Refusal::Internal(_))));
    assert_eq!(hub.read(|toy| toy.count), None);
    looping.await.unwrap();
}

#[tokio::test]
async fn the_last_handle_closes_the_machine() {
    let (hub, driving) = Hub::new(Toy::default());
    let mut listener = hub.listen(|_| true);
    let looping = tokio::spawn(drive(driving, Nothing(None)));
    let second = hub.clone();
    drop(hub);
    assert_eq!(second.submit(Command::Echo(1)).await, Ok(1));
    drop(second);
    looping.await.unwrap();
    assert_eq!(listener.next().await, Some(Event::Count(0)));
    assert_eq!(listener.next().await, None);
}
