//! Flow tokens (RFC 5626 §5.2): what a route of ours says of the hop behind it, signed, so that nothing is remembered of
//! calls, and nobody has requests sent anywhere that no call or registration led to.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use rvoip_driver::{FlowId, Protocol, Random};
use rvoip_transaction_core::Source;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes of a signature.
const SIGNATURE: usize = 10;

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// The hop is at the end of a flow.
    Flow(Source),
    /// The hop is what the next route, or else the request URI, names.
    Routed,
}

/// A token that we did not write, or not for this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forged;

/// Writes and reads tokens. Those of an earlier run of the switch are forged.
#[derive(Debug)]
pub(crate) struct FlowTokens {
    secret: [u8; 32],
}

impl FlowTokens {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        Self { secret }
    }

    /// The token of a flow and the peer at its end.
    pub(crate) fn of_flow(&self, source: Source) -> String {
        let protocol = match source.protocol {
            Protocol::Udp => 'u',
            Protocol::Tcp => 't',
            Protocol::Tls => 's',
            Protocol::Ws => 'w',
            Protocol::Wss => 'x',
        };
        let address = match source.address.ip() {
            IpAddr::V4(address) => format!("{:08x}", address.to_bits()),
            IpAddr::V6(address) => format!("{:032x}", address.to_bits()),
        };
        // The highest bit of a flow's name is set in most: it goes to the end, so that the number is short.
        let flow = source.flow.to_bits().rotate_left(1);
        self.signed(&format!("{protocol}{flow:x}.{address}{:04x}", source.address.port()), "")
    }

    /// The token of a hop that is found by its name, for the requests of one call.
    pub(crate) fn of_call(&self, call_id: &str) -> String {
        self.signed("r", call_id)
    }

    /// Reads a token, for a request of that call; `None` if the text is none.
    pub(crate) fn read(&self, text: &str, call_id: &str) -> Option<Result<Hop, Forged>> {
        let (said, signature) = text.rsplit_once('.')?;
        let hop = if said == "r" { Hop::Routed } else { Hop::Flow(flow(said)?) };
        let call_id = if hop == Hop::Routed { call_id } else { "" };
        let wanted = self.signature(said, call_id);
        let same: bool = wanted.as_bytes().ct_eq(signature.as_bytes()).into();
        Some(if same { Ok(hop) } else { Err(Forged) })
    }

    fn signed(&self, said: &str, call_id: &str) -> String {
        format!("{said}.{}", self.signature(said, call_id))
    }

    fn signature(&self, said: &str, call_id: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(said);
        hash.update("\n");
        hash.update(call_id);
        // The secret once more behind the text, so that nobody can continue the hash.
        hash.update(self.secret);
        hash.finalize().iter().take(SIGNATURE).fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The flow that a token names.
fn flow(said: &str) -> Option<Source> {
    let (name, address) = said.split_once('.')?;
    let (protocol, flow) = name.split_at_checked(1)?;
    let protocol = match protocol {
        "u" => Protocol::Udp,
        "t" => Protocol::Tcp,
        "s" => Protocol::Tls,
        "w" => Protocol::Ws,
        "x" => Protocol::Wss,
        _ => return None,
    };
    let flow = FlowId::from_bits(u64::from_str_radix(flow, 16).ok()?.rotate_right(1));
    let (ip, port) = address.split_at_checked(address.len().checked_sub(4)?)?;
    let ip: IpAddr = match ip.len() {
        8 => std::net::Ipv4Addr::from_bits(u32::from_str_radix(ip, 16).ok()?).into(),
        32 => std::net::Ipv6Addr::from_bits(u128::from_str_radix(ip, 16).ok()?).into(),
        _ => return None,
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Source { flow, protocol, address: SocketAddr::new(ip, port) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Vec<Source> {
        let protocols = [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss];
        let flows = [FlowId::from_platform(7), FlowId::from_machine(1)];
        let addresses = ["192.0.2.1:5060", "[2001:db8::1]:1"];
        protocols
            .into_iter()
            .flat_map(|protocol| flows.map(|flow| (protocol, flow)))
            .flat_map(|(protocol, flow)| {
                addresses.map(|address| Source { flow, protocol, address: address.parse().unwrap() })
            })
            .collect()
    }

    #[test]
    fn a_token_names_its_flow_and_cannot_be_changed() {
        let tokens = FlowTokens::new(&mut Random::from_number(1));
        for source in sources() {
            let token = tokens.of_flow(source);
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{token}");
            assert_eq!(tokens.read(&token, "any call"), Some(Ok(Hop::Flow(source))));
            let other =
                token.replacen(token.get(..1).unwrap(), if token.starts_with('u') { "t" } else { "u" }, 1);
            assert_eq!(tokens.read(&other, ""), Some(Err(Forged)), "{other}");
            let restarted = FlowTokens::new(&mut Random::from_number(2));
            assert_eq!(restarted.read(&token, ""), Some(Err(Forged)));
        }
    }

    #[test]
    fn the_token_of_a_call_is_good_for_that_call_alone() {
        let tokens = FlowTokens::new(&mut Random::from_number(1));
        let token = tokens.of_call("a call");
        assert_eq!(tokens.read(&token, "a call"), Some(Ok(Hop::Routed)));
        assert_eq!(tokens.read(&token, "another"), Some(Err(Forged)));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let tokens = FlowTokens::new(&mut Random::from_number(1));
        for text in [
            "",
            ".",
            "alice",
            "a.b",
            "u1.c0000201.0",
            "q1.c000020113c4.0",
            "uffffffffffffffff1.c000020113c4.0",
            "é.é",
        ] {
            assert_eq!(tokens.read(text, ""), None, "{text}");
        }
    }
}
