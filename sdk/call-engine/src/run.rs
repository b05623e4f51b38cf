//! A switch on real sockets.

use std::net::SocketAddr;

use rvoip_driver::{
    FlowOpened, Hub, LaunchError, Listener, NativeIo, Protocol, TlsError, TransportConfig, Transports,
    WireTap, clock, launch,
};
use thiserror::Error;

use crate::{Listen, Switch, SwitchCommand, SwitchConfig, SwitchError, SwitchReply};

/// A switch could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be bound.
    #[error("{address} cannot be used for {protocol}: {reason}")]
    Bind {
        /// For what.
        protocol: Protocol,
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

/// Starts a switch that listens so. The transports' settings have the certificate for TLS and secure WebSocket, the
/// authorities that those whom the switch connects to are checked against, and the pages that may connect.
///
/// # Errors
/// An address cannot be bound, or a certificate cannot be used.
pub fn start(
    config: SwitchConfig,
    listens: Vec<Listen>,
    transports: TransportConfig,
    tap: Option<WireTap>,
) -> Result<RunningSwitch, StartError> {
    let (hub, driving) = Hub::new(Switch::new(config, clock::random()));
    let setup = move || {
        let mut transports = Transports::new(transports).map_err(StartError::Tls)?;
        let mut bound = Vec::new();
        for listen in listens {
            bound.push(opened(&mut transports, &bound, listen)?);
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

/// Binds one address.
fn opened(
    transports: &mut Transports,
    before: &[FlowOpened],
    Listen { protocol, address }: Listen,
) -> Result<FlowOpened, StartError> {
    let refused = |reason| StartError::Bind { protocol, address, reason };
    if protocol == Protocol::Udp {
        return transports.bind_udp(address).map_err(refused);
    }
    let beside = before.iter().find(|other| other.protocol == Protocol::Udp);
    if let Some(beside) = beside.filter(|_| protocol == Protocol::Tcp && address.port() == 0) {
        let same = SocketAddr::new(address.ip(), beside.local.port());
        if let Ok(opened) = transports.listen(protocol, same) {
            return Ok(opened);
        }
    }
    transports.listen(protocol, address).map_err(refused)
}

impl RunningSwitch {
    /// Where the switch listens, in the order in which it was asked to.
    ///
    /// # Errors
    /// The switch is closed or failed.
    pub async fn listens(&self) -> Result<Vec<Listen>, SwitchError> {
        match self.hub.submit(SwitchCommand::Listens).await? {
            SwitchReply::Listens(listens) => Ok(listens),
            SwitchReply::Bindings(_) | SwitchReply::Done => Ok(Vec::new()),
        }
    }

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
            SwitchReply::Listens(_) | SwitchReply::Done => Ok(Vec::new()),
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
