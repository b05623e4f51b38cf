//! Taking secrets out of messages, in one place.

/// What stands for a secret.
const HIDDEN: &str = "…";

/// Parameters that, with the rest of the line, would let anybody try passwords (RFC 7616 §3.4, §3.5).
const PROOFS: [&str; 2] = ["response", "rspauth"];

/// SDP lines that hold keys and passwords (RFC 4568, RFC 8839, RFC 4567, RFC 8866 §5.12).
const SECRET_LINES: [&str; 4] = ["a=crypto:", "a=ice-pwd:", "a=key-mgmt:", "k="];

/// A message as text, without what would let a reader of logs in: the proof in credentials, keys and passwords of media,
/// and what people wrote to each other.
///
/// ```
/// let text = rvoip_driver::redact(b"MESSAGE sip:b SIP/2.0\r\nAuthorization: Digest response=\"5d\"\r\n\r\nsecret");
/// assert_eq!(text, "MESSAGE sip:b SIP/2.0\r\nAuthorization: Digest response=\"…\"\r\n\r\n(6 bytes)");
/// ```
pub fn redact(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    // Line ends may come before the start line, and a peer may write bare LFs: both are read, so both are looked through.
    let message = text.trim_start_matches(['\r', '\n']);
    let mut rest = message;
    while let Some((field, after)) = next_field(rest) {
        rest = after;
        redact_field(field, &mut clean);
        if field.trim_end_matches(['\r', '\n']).is_empty() {
            redact_body(message.starts_with("MESSAGE "), rest, &mut clean);
            break;
        }
    }
    clean
}

/// Splits off one line with the lines that continue it (RFC 3261 §7.3.1).
fn next_field(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let continues = line.starts_with([' ', '\t']);
        if end > 0 && !continues {
            break;
        }
        end += line.len();
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            break;
        }
    }
    text.split_at_checked(end)
}

fn redact_field(field: &str, clean: &mut String) {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    let name = name.trim();
    let is = |names: [&str; 2]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    if is(["Authorization", "Proxy-Authorization"]) {
        let scheme = value.split_whitespace().next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case("Digest") {
            redact_parameters(name, value, clean);
        } else {
            hide_value(name, scheme, value, clean);
        }
    } else if is(["Authentication-Info", "Proxy-Authentication-Info"]) {
        redact_parameters(name, value, clean);
    } else {
        clean.push_str(field);
    }
}

/// Hides a value whole, but for its first word.
fn hide_value(name: &str, word: &str, value: &str, clean: &mut String) {
    clean.push_str(name);
    clean.push_str(": ");
    if !word.is_empty() && word.len() < value.trim().len() {
        clean.push_str(word);
        clean.push(' ');
    }
    clean.push_str(HIDDEN);
    clean.push_str(value.get(value.trim_end().len()..).unwrap_or_default());
}

fn redact_parameters(name: &str, value: &str, clean: &mut String) {
    let redacted = without_proofs(value);
    if redacted.as_deref().is_some_and(|text| !shows_proof(text)) {
        clean.push_str(name);
        clean.push(':');
        clean.push_str(&redacted.unwrap_or_default());
    } else {
        // It breaks the grammar, so that nobody can say what in it is the secret.
        hide_value(name, "Digest", value, clean);
    }
}

/// The value with its proofs hidden; `None` if a quoted string does not end.
fn without_proofs(value: &str) -> Option<String> {
    let mut clean = String::with_capacity(value.len());
    let mut word = String::new();
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                clean.push('"');
                copy_quoted(&mut letters, &mut clean)?;
            }
            '=' if PROOFS.iter().any(|proof| word.eq_ignore_ascii_case(proof)) => {
                clean.push('=');
                while let Some(space) = letters.next_if(char::is_ascii_whitespace) {
                    clean.push(space);
                }
                if letters.next_if_eq(&'"').is_some() {
                    copy_quoted(&mut letters, &mut String::new())?;
                } else {
                    while letters.next_if(|letter| *letter != ',' && !letter.is_ascii_whitespace()).is_some()
                    {
                    }
                }
                clean.push('"');
                clean.push_str(HIDDEN);
                clean.push('"');
                word.clear();
            }
            _ => {
                // White space may stand before the equals sign: it ends a word only when another one begins.
                let begins = letter.is_ascii_alphanumeric()
                    && clean.ends_with(|last: char| last.is_ascii_whitespace() || last == ',');
                if begins || letter == ',' {
                    word.clear();
                }
                if !letter.is_ascii_whitespace() && letter != ',' {
                    word.push(letter);
                }
                clean.push(letter);
            }
        }
    }
    Some(clean)
}

/// Copies a quoted string to its end.
fn copy_quoted(letters: &mut impl Iterator<Item = char>, to: &mut String) -> Option<()> {
    loop {
        let letter = letters.next()?;
        to.push(letter);
        match letter {
            '"' => return Some(()),
            '\\' => to.push(letters.next()?),
            _ => {}
        }
    }
}

/// Whether anything that looks like a proof is left, wherever it stands.
fn shows_proof(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    PROOFS.iter().any(|proof| {
        lower.split(proof).skip(1).any(|after| {
            let value = after.trim_start().strip_prefix('=').map(str::trim_start);
            value.is_some_and(|value| !value.trim_start_matches('"').starts_with(HIDDEN))
        })
    })
}

fn redact_body(is_instant_message: bool, body: &str, clean: &mut String) {
    if is_instant_message {
        if !body.is_empty() {
            clean.push('(');
            clean.push_str(&body.len().to_string());
            clean.push_str(" bytes)");
        }
        return;
    }
    for line in body.split_inclusive('\n') {
        let secret = SECRET_LINES.iter().find_map(|secret| {
            line.split_at_checked(secret.len()).filter(|(start, _)| start.eq_ignore_ascii_case(secret))
        });
        match secret {
            Some((start, value)) => {
                clean.push_str(start);
                clean.push_str(HIDDEN);
                clean.push_str(value.get(value.trim_end().len()..).unwrap_or_default());
            }
            None => clean.push_str(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let message = "INVITE sip:b SIP/2.0\r\nProxy-Authorization: Digest username=\"a\", response=\"0123\", nc=1\r\n\
             Authorization: Digest response=0123,nc=1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\
             a=crypto:1 AES inline:KEY\r\na=ice-pwd:PASSWORD\r\na=sendrecv\r\n";
        let text = redact(message.as_bytes());
        for secret in ["0123", "KEY", "PASSWORD"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("username=\"a\", response=\"…\", nc=1\r\n"), "{text}");
        assert!(text.contains("Digest response=\"…\",nc=1\r\n"), "{text}");
        assert!(text.ends_with("a=crypto:…\r\na=ice-pwd:…\r\na=sendrecv\r\n"), "{text}");
    }

    #[test]
    fn every_way_to_write_credentials_is_known() {
        for value in [
            "Digest response=\"SECRET\"",
            "Digest\r\n response=\"SECRET\"",
            "Digest username=\"a\",\r\n\tresponse = \"SECRET\"",
            "Digest username=\"response=x\", response=\"SECRET\"",
            "Digest username=\"a\\\"\", RESPONSE=SECRET, nc=1",
            "Digest nc=1,response=SECRET",
            "Digest username=\"a, response=\"SECRET\"",
            "Digest response=\"SECRET",
            "Digest rspauth=\"SECRET\"",
            "digest realm=\"x\"response=\"SECRET\"",
            "Basic SECRET",
            "Bearer SECRET",
            "SECRET",
        ] {
            for name in ["Authorization", "proxy-authorization", "Authorization "] {
                for end in ["\r\n", "\n"] {
                    let text = format!("{end}BYE sip:b SIP/2.0{end}{name}: {value}{end}Via: x{end}{end}");
                    let clean = redact(text.as_bytes());
                    assert!(!clean.contains("SECRET"), "{text:?} gives {clean:?}");
                    assert!(clean.ends_with(&format!("{end}Via: x{end}{end}")), "{clean:?}");
                }
            }
        }
        let info =
            redact(b"SIP/2.0 200 OK\r\nProxy-Authentication-Info: qop=auth, rspauth=\"77\", nc=1\r\n\r\n");
        assert!(info.contains("qop=auth, rspauth=\"…\", nc=1\r\n"), "{info}");
    }

    #[test]
    fn bodies_behind_bare_line_feeds_are_looked_through() {
        assert_eq!(
            redact(b"MESSAGE sip:b SIP/2.0\nVia: x\n\nhello"),
            "MESSAGE sip:b SIP/2.0\nVia: x\n\n(5 bytes)"
        );
        let sdp = redact(b"SIP/2.0 200 OK\n\nv=0\nA=Crypto:1 KEY\nk=clear:KEY\na=x");
        assert_eq!(sdp, "SIP/2.0 200 OK\n\nv=0\nA=Crypto:…\nk=…\na=x");
    }

    #[test]
    fn what_holds_no_secret_is_unchanged() {
        for text in [
            "",
            "x",
            "BYE sip:b SIP/2.0\r\nSubject: response=1\r\n folded\r\n\r\nbody: a=ice\r\n\r\nmore",
            "BYE sip:b SIP/2.0\r\nAuthorization: Digest username=\"a\", realm=\"b\"\r\n\r\n",
            "MESSAGE sip:b SIP/2.0\r\n\r\n",
        ] {
            assert_eq!(redact(text.as_bytes()), text);
        }
        assert_eq!(redact(b"\xff"), "\u{fffd}");
    }
}
