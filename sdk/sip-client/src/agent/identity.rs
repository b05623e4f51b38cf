//! Reading what a caller wrote: URIs, and the settings of an account.

use std::time::Duration;

use rvoip_session_core::{Credentials, Identity};
use rvoip_sip_core::{NameAddrBuf, Password, UriBuf};

use super::websocket;
use crate::{AccountConfig, ErrorKind, Result, TransportKind};

/// Reads a URI that a caller gave; `sip:` may be left out before `user@host`.
pub(super) fn uri(text: &str) -> Result<UriBuf> {
    let text = text.trim();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let is_known =
        |scheme: &str| ["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let uri = match (scheme, text.split_once('@')) {
        (Some(scheme), _) if is_known(scheme) => UriBuf::parse(text),
        // A colon before the host would be that of another scheme.
        (_, Some((user, _))) if !user.contains(':') => UriBuf::parse(&format!("sip:{text}")),
        (Some(_), _) => return refuse(format!("{text} is no SIP URI, such as sip:bob@example.com")),
        (None, _) => UriBuf::parse(text),
    };
    uri.or_else(|error| refuse(format!("not a SIP URI: {error}")))
}

fn refuse<T>(reason: String) -> Result<T> {
    Err(ErrorKind::InvalidArgument.error(reason))
}

/// Who an account is, and its address of record as a URI.
pub(super) fn identity(config: &AccountConfig) -> Result<(Identity, String)> {
    let aor = NameAddrBuf::parse(config.address.trim()).map_err(|error| {
        ErrorKind::InvalidArgument.error(format!("the account is not a SIP address: {error}"))
    })?;
    let parsed = aor.as_name_addr();
    let Some(sip) = parsed.uri.as_sip() else {
        return refuse("the account is not a sip: or sips: address".to_owned());
    };
    let user = sip.user_unescaped().filter(|user| !user.is_empty()).unwrap_or("phone".into());
    let address = parsed.uri.to_string();
    let optional = |text: &Option<String>| text.as_deref().map(uri).transpose();
    let server = config.outbound_proxy.as_deref().and_then(websocket::server).transpose()?;
    let identity = Identity {
        credentials: config.password.as_ref().map(|password| Credentials {
            username: config.auth_user.clone().unwrap_or_else(|| user.to_string()),
            password: Password::new(password.clone()),
        }),
        registrar: optional(&config.registrar)?,
        outbound_proxy: if server.is_some() { None } else { optional(&config.outbound_proxy)? },
        server,
        contact_user: user.to_string(),
        expires: Duration::from_secs(if config.expires == 0 { 600 } else { u64::from(config.expires) }),
        protocol: config.transport.map(TransportKind::protocol),
        aor,
    };
    Ok((identity, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_left_out_and_no_other_is_taken() {
        for (text, read) in [
            ("bob@example.com", "sip:bob@example.com"),
            ("sipgate@example.com", "sip:sipgate@example.com"),
            (" sips:bob@example.com ", "sips:bob@example.com"),
            ("SIP:192.0.2.1:5070", "SIP:192.0.2.1:5070"),
            ("sip:bob:secret@example.com", "sip:bob:secret@example.com"),
            ("tel:+12015550123", "tel:+12015550123"),
        ] {
            assert_eq!(uri(text).unwrap().to_string(), read, "{text}");
        }
        for bad in
            ["", "bob", "http://example.com", "localhost:5060", "mailto:bob@example.com", "sip:", "a b@c"]
        {
            let error = uri(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bad}");
        }
    }
}
