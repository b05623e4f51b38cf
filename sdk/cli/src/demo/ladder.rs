//! Draws SIP messages as a ladder: a column a party, an arrow a message.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// A message that was seen on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) text: String,
}

/// A party of the ladder and the addresses that it speaks from.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) name: &'static str,
    pub(crate) addresses: Vec<SocketAddr>,
}

/// Width of the space between two columns.
const GAP: usize = 34;

/// Draws the ladder; messages of others are left out.
pub(crate) fn draw(parties: &[Party], seen: &[Seen]) -> String {
    let column = |address: SocketAddr| parties.iter().position(|party| party.addresses.contains(&address));
    let mut ladder = String::from("          ");
    for party in parties {
        let _ = write!(ladder, "{:<width$}", party.name, width = GAP + 1);
    }
    let mut ladder = ladder.trim_end().to_owned();
    ladder.push('\n');
    for message in seen {
        let (Some(from), Some(to)) = (column(message.from), column(message.to)) else { continue };
        if from != to {
            ladder.push_str(&arrow(message, from, to, parties.len()));
        }
    }
    ladder
}

fn arrow(message: &Seen, from: usize, to: usize, parties: usize) -> String {
    let (left, right) = (from.min(to), from.max(to));
    let label = label(&message.text);
    let span = (right - left) * (GAP + 1) - 1;
    let dashes = |count: usize| "-".repeat(count);
    let body = if from < to {
        format!("{label:-<width$}>", width = span - 1)
    } else {
        format!("<{label:-<width$}", width = span - 1)
    };
    let body = if body.chars().count() > span { dashes(span) } else { body };
    let mut line = format!("{:>8.3}  ", message.at.as_secs_f64());
    for index in 0..parties {
        line.push('|');
        if index == left {
            line.push_str(&body);
        } else if index < left || index >= right {
            line.push_str(&" ".repeat(GAP));
        }
    }
    format!("{}\n", line.trim_end())
}

/// What an arrow says: the method or the status, its method, and whether there is a description.
fn label(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let word = match first.strip_prefix("SIP/2.0 ") {
        Some(status) => status,
        None => first.split(' ').next().unwrap_or_default(),
    };
    let field = |name: &str| {
        text.lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value.trim())
    };
    let method = field("CSeq").and_then(|cseq| cseq.split_whitespace().nth(1)).unwrap_or_default();
    let mut label = format!(" {word}");
    if method != word {
        let _ = write!(label, " ({method})");
    }
    if field("Content-Type").is_some_and(|kind| kind.starts_with("application/sdp")) {
        label.push_str(" +SDP");
    }
    label.push(' ');
    let short: String = label.chars().take(GAP - 2).collect();
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_arrows_between_columns() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let parties = [
            Party { name: "alice", addresses: vec![address(1)] },
            Party { name: "server", addresses: vec![address(2)] },
            Party { name: "bob", addresses: vec![address(3)] },
        ];
        let message = |ms, from, to, text: &str| Seen {
            at: Duration::from_millis(ms),
            from: address(from),
            to: address(to),
            text: text.to_owned(),
        };
        let drawn = draw(
            &parties,
            &[
                message(
                    1,
                    1,
                    2,
                    "INVITE sip:bob@x SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n",
                ),
                message(2, 2, 3, "INVITE sip:bob@y SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n"),
                message(3, 3, 2, "SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n"),
                message(4, 9, 2, "SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n"),
            ],
        );
        let lines: Vec<_> = drawn.lines().collect();
        assert_eq!(lines.len(), 4, "{drawn}");
        assert_eq!(lines[1], format!("   0.001  | INVITE +SDP {}>|{}|", "-".repeat(20), " ".repeat(34)));
        assert_eq!(lines[2], format!("   0.002  |{}| INVITE {}>|", " ".repeat(34), "-".repeat(25)));
        assert_eq!(
            lines[3],
            format!("   0.003  |{}|< 180 Ringing (INVITE) {}|", " ".repeat(34), "-".repeat(11))
        );
    }
}
