//! Printing a description in the order of RFC 8866 §5.

use std::fmt::{self, Display, Write};

use crate::{
    Attribute, Bandwidth, Connection, MediaDescription, Origin, SessionDescription, TimeDescription,
    UnknownLine,
};

/// Leaves out what would end the line, so that no field can smuggle in another one.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.split(['\r', '\n', '\0']).try_for_each(|part| self.0.write_str(part))
    }
}

fn line(f: &mut fmt::Formatter<'_>, kind: char, value: impl Display) -> fmt::Result {
    write!(OneLine(f), "{kind}={value}")?;
    f.write_str("\r\n")
}

fn lines<T: Display>(
    f: &mut fmt::Formatter<'_>,
    kind: char,
    values: impl IntoIterator<Item = T>,
) -> fmt::Result {
    values.into_iter().try_for_each(|value| line(f, kind, value))
}

fn unknown_lines(f: &mut fmt::Formatter<'_>, unknown: &[UnknownLine]) -> fmt::Result {
    unknown.iter().try_for_each(|unknown| line(f, unknown.kind, &unknown.value))
}

impl Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, 'v', self.version)?;
        line(f, 'o', &self.origin)?;
        line(f, 's', &self.session_name)?;
        lines(f, 'i', &self.information)?;
        lines(f, 'u', &self.uri)?;
        lines(f, 'e', &self.emails)?;
        lines(f, 'p', &self.phones)?;
        lines(f, 'c', &self.connection)?;
        lines(f, 'b', &self.bandwidths)?;
        for time in &self.times {
            line(f, 't', time)?;
            lines(f, 'r', &time.repeats)?;
        }
        lines(f, 'z', &self.time_zones)?;
        lines(f, 'k', &self.key)?;
        lines(f, 'a', &self.attributes)?;
        unknown_lines(f, &self.unknown)?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl Display for MediaDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, 'm', MediaLine(self))?;
        lines(f, 'i', &self.information)?;
        lines::<&Connection>(f, 'c', &self.connections)?;
        lines(f, 'b', &self.bandwidths)?;
        lines(f, 'k', &self.key)?;
        lines(f, 'a', &self.attributes)?;
        unknown_lines(f, &self.unknown)
    }
}

struct MediaLine<'a>(&'a MediaDescription);

impl Display for MediaLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let media = self.0;
        write!(f, "{} {}", media.kind.as_str(), media.port)?;
        if let Some(count) = media.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", media.protocol)?;
        media.formats.iter().try_for_each(|format| write!(f, " {format}"))
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.user_name, self.session_id, self.session_version, self.connection)
    }
}

impl Display for TimeDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.start, self.stop)
    }
}

impl Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

impl Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.value {
            Some(value) => write!(f, ":{value}"),
            None => Ok(()),
        }
    }
}
