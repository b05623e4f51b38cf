//! Names and values that have a plain form in every language.

use std::net::SocketAddr;
use std::path::PathBuf;

use rvoip::{AccountKey, CallKey, ErrorKind};

uniffi::custom_type!(
    /// Names an account. Never reused within a client.
    AccountKey, u32, { remote, lower: |key| key.0, try_lift: |number| Ok(AccountKey(number)) }
);
uniffi::custom_type!(
    /// Names a call. Never reused within a client. (The SIP header field Call-ID is something else.)
    CallKey, u32, { remote, lower: |key| key.0, try_lift: |number| Ok(CallKey(number)) }
);
uniffi::custom_type!(
    /// An address and a port, such as `127.0.0.1:5060` or `[::1]:5060`.
    SocketAddr, String, {
        remote,
        lower: |address| address.to_string(),
        try_lift: |text| text.parse().map_err(|_| no_address(&text).into()),
    }
);
/// The error of the verb that was given it, so that its caller gets that and none of uniffi's own.
fn no_address(text: &str) -> rvoip::Error {
    ErrorKind::InvalidArgument.error(format!("{text:?} is no address and port"))
}

uniffi::custom_type!(
    /// The path of a file.
    PathBuf, String, {
        remote,
        lower: |path| path.to_string_lossy().into_owned(),
        try_lift: |text| Ok(PathBuf::from(text)),
    }
);

/// First and last port.
pub type PortRange = (u16, u16);

/// First and last port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Ports {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

uniffi::custom_type!(
    /// First and last port.
    PortRange, Ports, {
        remote,
        lower: |range| Ports { first: range.0, last: range.1 },
        try_lift: |ports| Ok((ports.first, ports.last)),
    }
);

/// Audio: 16-bit samples, 8,000 a second, one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples(pub Vec<i16>);

// As bytes, because a sequence of numbers crosses the boundary one by one and boxed.
uniffi::custom_type!(
    /// Audio: 16-bit samples, 8,000 a second, one channel.
    Samples, Vec<u8>, {
        lower: |samples| samples.0.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        try_lift: |bytes| Ok(Samples(bytes.as_chunks().0.iter().copied().map(i16::from_le_bytes).collect())),
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    type There<T> = <T as uniffi::Lower<crate::UniFfiTag>>::FfiType;

    fn there<T: uniffi::Lower<crate::UniFfiTag>>(value: T) -> There<T> {
        T::lower(value)
    }

    #[test]
    fn samples_come_back_as_they_went() {
        let samples = Samples(vec![0, 1, -1, i16::MIN, i16::MAX]);
        let lowered = there(samples.clone());
        assert_eq!(<Samples as uniffi::Lift<crate::UniFfiTag>>::try_lift(lowered).unwrap(), samples);
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let lowered = there("nonsense".to_owned());
        let refused = <SocketAddr as uniffi::Lift<crate::UniFfiTag>>::try_lift(lowered).unwrap_err();
        let error: rvoip::Error = refused.downcast().unwrap();
        assert_eq!(error, ErrorKind::InvalidArgument.error("\"nonsense\" is no address and port"));
        let lowered = there("[::1]:5060".to_owned());
        let address = <SocketAddr as uniffi::Lift<crate::UniFfiTag>>::try_lift(lowered).unwrap();
        assert_eq!(address.port(), 5060);
    }
}
