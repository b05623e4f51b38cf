//! The sockets of a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rvoip_driver::{FlowOpened, NativeIo, NativeMedia, TlsError, TransportConfig, Transports, WireTap};

use crate::agent::Agent;
use crate::{Bind, ClientConfig, Error, ErrorKind, Result, TlsConfig, TransportKind};

pub(crate) fn io(config: &ClientConfig, tap: Option<WireTap>) -> Result<NativeIo<Agent>> {
    let tls = read(&config.tls)?;
    let mut transports = Transports::new(TransportConfig { tls, ..TransportConfig::default() })
        .map_err(|error| refuse_tls(&config.tls, &error))?;
    let mut bound = Vec::new();
    for bind in &config.binds {
        bound.push(bind_one(&mut transports, *bind)?);
    }
    if config.binds.is_empty() {
        let any = |ip: IpAddr| Bind { transport: TransportKind::Udp, address: SocketAddr::new(ip, 0) };
        bound.push(bind_one(&mut transports, any(Ipv4Addr::UNSPECIFIED.into()))?);
        // A machine without IPv6 does without.
        bound.extend(bind_one(&mut transports, any(Ipv6Addr::UNSPECIFIED.into())).ok());
    }
    let media = NativeMedia::new()
        .map_err(|error| ErrorKind::Internal.error(format!("the media thread cannot be started: {error}")))?;
    Ok(NativeIo::new(transports, bound, Some(Box::new(media)), tap))
}

fn bind_one(transports: &mut Transports, Bind { transport, address }: Bind) -> Result<FlowOpened> {
    let protocol = transport.protocol();
    let opened = if transport == TransportKind::Udp {
        transports.bind_udp(address)
    } else {
        transports.listen(protocol, address)
    };
    opened.map_err(|error| {
        let reason = if error.kind() == std::io::ErrorKind::AddrInUse {
            "it is taken".to_owned()
        } else {
            error.to_string()
        };
        ErrorKind::BindFailed.error(format!("{protocol} at {address} cannot be used: {reason}"))
    })
}

/// Reads the files of certificates.
fn read(config: &TlsConfig) -> Result<rvoip_driver::TlsConfig> {
    let file = |path: &Option<String>| {
        let Some(path) = path else { return Ok(None) };
        std::fs::read(path)
            .map(Some)
            .map_err(|error| ErrorKind::InvalidArgument.error(format!("{path} cannot be read: {error}")))
    };
    Ok(rvoip_driver::TlsConfig {
        ca: file(&config.ca)?,
        certificate: file(&config.certificate)?,
        key: file(&config.key)?,
        insecure: config.insecure,
    })
}

/// Names the file that cannot be used.
fn refuse_tls(config: &TlsConfig, error: &TlsError) -> Error {
    let (path, reason) = match error {
        TlsError::Ca(reason) => (&config.ca, reason),
        TlsError::Certificate(reason) => (&config.certificate, reason),
        TlsError::Key(reason) => (&config.key, reason),
        TlsError::Unusable(_) | _ => return ErrorKind::InvalidArgument.error(error.to_string()),
    };
    match path {
        Some(path) => ErrorKind::InvalidArgument.error(format!("{path} cannot be used: {reason}")),
        None => ErrorKind::InvalidArgument.error(error.to_string()),
    }
}
