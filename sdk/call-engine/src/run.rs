//! A switch on real sockets.

use std::net::SocketAddr;

use rvoip_driver::{
    Hub, LaunchError, Listener, NativeIo, Protocol, TlsError, TransportConfig, Transports, WireTap, clock,
    launch,
};
use thiserror::Error;

use crate::{Switch, SwitchCommand, SwitchConfig, SwitchError, SwitchReply};

/// A switch could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be bound.
    #[error("{address} cannot be used: {reason}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(TlsError),
    /// No runtime could be started.
    #[error("no runtime can be started: {0}")]
    Runtime(std::io::Error),
}

/// A switch that runs. Dropping the last handle stops it.
#[derive(Clone, Debug)]
pub struct RunningSwitch {
    hub: Hub<Switch>,
}

/// Starts a switch on these addresses, over UDP and TCP alike.
///
/// # Errors
/// An address cannot be bound.
pub fn start(
    config: SwitchConfig,
    addresses: Vec<SocketAddr>,
    tap: Option<WireTap>,
) -> Result<RunningSwitch, StartError> {
    let (hub, driving) = Hub::new(Switch::new(config, clock::random()));
    let setup = move || {
        let mut transports = Transports::new(TransportConfig::default()).map_err(StartError::Tls)?;
        let mut bound = Vec::new();
        for address in addresses {
            let refused = |reason| StartError::Bind { address, reason };
            let opened = transports.bind_udp(address).map_err(refused)?;
            let listening = SocketAddr::new(address.ip(), opened.local.port());
            let listening = transports.listen(Protocol::Tcp, listening).map_err(refused)?;
            bound.extend([opened, listening]);
        }
        Ok(NativeIo::new(transports, bound, None, tap))
    };
    launch(driving, setup).map_err(|error| match error {
        LaunchError::Setup(error) => error,
        LaunchError::Runtime(error) => StartError::Runtime(error),
        error => StartError::Runtime(std::io::Error::other(error.to_string())),
    })?;
    Ok(RunningSwitch { hub })
}

impl RunningSwitch {
    /// Listens to what happens; what stands now comes first.
    pub fn events(&self) -> Listener<Switch> {
        self.hub.listen(|_| true)
    }

    /// The contacts of a user, the preferred ones first.
    ///
    /// # Errors
    /// The switch is closed or failed.
    pub async fn bindings(&self, user: impl Into<String>) -> Result<Vec<String>, SwitchError> {
        match self.hub.submit(SwitchCommand::Bindings { user: user.into() }).await? {
            SwitchReply::Bindings(contacts) => Ok(contacts),
            SwitchReply::Done => Ok(Vec::new()),
        }
    }

    /// Stops, and waits until it has.
    ///
    /// # Errors
    /// The switch failed.
    pub async fn close(&self) -> Result<(), SwitchError> {
        match self.hub.submit(SwitchCommand::Close).await {
            Ok(_) | Err(SwitchError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
