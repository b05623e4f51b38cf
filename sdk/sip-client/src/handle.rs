//! What all handles share: the way to the agent, and how a client starts.

use rvoip_driver::{Hosted, Hub, Platform, Refusal, WireTap};

use crate::agent::Agent;
use crate::command::{AccountCommand, CallCommand, Command, Reply};
use crate::events::{Events, Scope};
use crate::usable::usable;
use crate::verb::{Take, Verb};
use crate::{ClientConfig, Error, ErrorKind, Event, Result};

/// The way to the agent. When the last one is dropped the client closes.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    hub: Hub<Agent>,
}

impl Handle {
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn start(config: ClientConfig, tap: Option<WireTap>, _platform: Platform) -> Result<Self> {
        use rvoip_driver::{LaunchError, clock, launch};

        usable(&config)?;
        let (hub, driving) = Hub::new(Agent::new(config.clone(), clock::random()));
        launch(driving, move || crate::native::io(&config, tap)).map_err(|error| match error {
            LaunchError::Setup(error) => error,
            error @ (LaunchError::Runtime(_) | _) => ErrorKind::Internal.error(error.to_string()),
        })?;
        Ok(Self { hub })
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn start(config: ClientConfig, tap: Option<WireTap>, platform: Platform) -> Result<Self> {
        use rvoip_driver::{WebIo, WebMedia, clock, launch};

        usable(&config)?;
        if !config.binds.is_empty() {
            return Err(ErrorKind::Unsupported.error("a page cannot listen on an address"));
        }
        let Some(platform) = platform else {
            return Err(ErrorKind::InvalidArgument.error("a client in a page needs a media platform"));
        };
        let (hub, driving) = Hub::new(Agent::new(config, clock::random()));
        launch(driving, WebIo::new(Box::new(WebMedia::new(platform)), tap));
        Ok(Self { hub })
    }

    /// A handle to an agent that runs already.
    #[cfg(feature = "harness")]
    pub(crate) fn of(hub: Hub<Agent>) -> Self {
        Self { hub }
    }

    /// A command as a future; `take` takes out of its reply what it is for.
    pub(crate) fn verb<T>(&self, command: Command, take: Take<T>) -> Verb<T> {
        Verb::new(self.clone(), self.hub.submit(command), take)
    }

    /// Reads something of the agent; nothing once it failed.
    pub(crate) fn read<T: Default>(&self, read: impl FnOnce(&Agent) -> T) -> T {
        self.hub.read(read).unwrap_or_default()
    }

    pub(crate) fn listen(&self, scope: Scope) -> Events {
        Events::new(self.hub.listen(move |event| scope.covers(event)))
    }
}

/// A reply that does not belong to its command: a fault of this library.
pub(crate) fn unexpected(reply: &Reply) -> Error {
    ErrorKind::Internal.error(format!("unexpected reply: {reply:?}"))
}

impl Hosted for Agent {
    fn snapshot(&self, lost: bool) -> Vec<Event> {
        Agent::snapshot(self, lost)
    }

    fn lagged(missed: u32) -> Event {
        Event::Lagged { missed }
    }

    fn coalescing(event: &Event) -> Option<u64> {
        match event {
            // One queue place for each kind of figures of each call.
            Event::StatisticsUpdated { call, .. } => Some(u64::from(call.0) << 1),
            Event::LevelsUpdated { call, .. } => Some(u64::from(call.0) << 1 | 1),
            Event::Listening { .. }
            | Event::RegistrationChanged { .. }
            | Event::IncomingCall { .. }
            | Event::CallStateChanged { .. }
            | Event::HoldChanged { .. }
            | Event::AudioReceived { .. }
            | Event::DigitReceived { .. }
            | Event::PlaybackFinished { .. }
            | Event::RecordingFinished { .. }
            | Event::MessageReceived { .. }
            | Event::Recovering { .. }
            | Event::Recovered { .. }
            | Event::Lagged { .. }
            | Event::ClientClosed { .. } => None,
        }
    }

    fn most_commands(&self) -> usize {
        Agent::most_commands(self)
    }

    fn is_always_taken(command: &Command) -> bool {
        match command {
            Command::Close => true,
            Command::AddAccount { .. } => false,
            Command::Account(_, command) => {
                matches!(command, AccountCommand::Unregister | AccountCommand::Remove)
            }
            Command::Call(_, command) => {
                matches!(command, CallCommand::HangUp | CallCommand::Answer | CallCommand::Reject(_))
            }
        }
    }

    fn refused(refusal: Refusal) -> Error {
        match refusal {
            Refusal::Busy => ErrorKind::Busy.error("too many commands are waiting"),
            Refusal::Closed => ErrorKind::Closed.error("the client is closed"),
            Refusal::Internal(reason) => ErrorKind::Internal.error(reason),
        }
    }

    fn failed(reason: &str) -> Event {
        Event::ClientClosed { reason: Some(reason.to_owned()) }
    }
}
