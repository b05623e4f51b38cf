//! Commands on standard input, one a line.

use std::path::PathBuf;

use rvoip::CallKey;

/// What a line asks for; a line may begin with the number of the call that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) call: Option<CallKey>,
    pub(crate) verb: Verb,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Call(String),
    Answer,
    Reject(u16),
    Hold,
    Resume,
    Mute,
    Unmute,
    Dtmf(String),
    Play(PathBuf),
    Record(PathBuf),
    StopPlaying,
    StopRecording,
    Reinvite,
    Message(String),
    HangUp,
    Quit,
}

/// Reads a line; an empty one is nothing.
pub(crate) fn parse(line: &str) -> Option<Result<Line, String>> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (call, line) = match first.parse::<u32>() {
        Ok(number) => (Some(CallKey(number)), rest.trim()),
        Err(_) => (None, line),
    };
    Some(verb(line).map(|verb| Line { call, verb }))
}

fn verb(line: &str) -> Result<Verb, String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let needed =
        |what: &str| if rest.is_empty() { Err(format!("{word} needs {what}")) } else { Ok(rest.to_owned()) };
    Ok(match word {
        "call" => Verb::Call(needed("a URI")?),
        "answer" => Verb::Answer,
        "reject" if rest.is_empty() => Verb::Reject(603),
        "reject" => match rest.parse() {
            Ok(status @ 300..=699) => Verb::Reject(status),
            _ => return Err("reject takes a status from 300 to 699".to_owned()),
        },
        "hold" => Verb::Hold,
        "resume" => Verb::Resume,
        "mute" => Verb::Mute,
        "unmute" => Verb::Unmute,
        "dtmf" => Verb::Dtmf(needed("digits")?),
        "play" => Verb::Play(needed("a file")?.into()),
        "record" => Verb::Record(needed("a file")?.into()),
        "stop-playing" => Verb::StopPlaying,
        "stop-recording" => Verb::StopRecording,
        "reinvite" => Verb::Reinvite,
        "message" => Verb::Message(needed("a text")?),
        "hangup" => Verb::HangUp,
        "quit" => Verb::Quit,
        _ => return Err(format!("unknown command {word:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let read =
            |line: &str| parse(line).map(|line| line.map(|line| (line.call.map(|call| call.0), line.verb)));
        assert_eq!(read("  "), None);
        assert_eq!(read("3 hold"), Some(Ok((Some(3), Verb::Hold))));
        assert_eq!(read("dtmf 123#"), Some(Ok((None, Verb::Dtmf("123#".to_owned())))));
        assert_eq!(read("message hello  there"), Some(Ok((None, Verb::Message("hello  there".to_owned())))));
        assert_eq!(read("reject 486"), Some(Ok((None, Verb::Reject(486)))));
        assert_eq!(read("reject"), Some(Ok((None, Verb::Reject(603)))));
        for wrong in ["reject 200", "dtmf", "dance", "7", "7 play"] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
    }
}
