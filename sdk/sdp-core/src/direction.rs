//! Who may send media.

use std::fmt;

/// The direction of a stream as seen by the side that describes it (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Media flow both ways; what holds when nothing is said.
    #[default]
    SendRecv,
    /// The describing side sends only.
    SendOnly,
    /// The describing side receives only.
    RecvOnly,
    /// No media flow; RTCP still does.
    Inactive,
}

impl Direction {
    /// Builds a direction from whether the describing side sends and whether it receives.
    pub fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the describing side sends media.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the describing side receives media.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream as seen from the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both directions allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The name of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction an attribute of this name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.name() == name)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{self, Inactive, RecvOnly, SendOnly, SendRecv};

    #[test]
    fn reversing_swaps_the_one_way_directions() {
        assert_eq!(
            [SendRecv, SendOnly, RecvOnly, Inactive].map(Direction::reversed),
            [SendRecv, RecvOnly, SendOnly, Inactive]
        );
    }

    #[test]
    fn and_keeps_what_both_allow() {
        assert_eq!(SendRecv.and(SendOnly), SendOnly);
        assert_eq!(SendOnly.and(RecvOnly), Inactive);
        assert_eq!(RecvOnly.and(RecvOnly), RecvOnly);
        assert_eq!(Inactive.and(SendRecv), Inactive);
    }

    #[test]
    fn names_are_read_back() {
        for direction in [SendRecv, SendOnly, RecvOnly, Inactive] {
            assert_eq!(Direction::from_name(&direction.to_string()), Some(direction));
        }
        assert_eq!(Direction::from_name("SENDRECV"), None);
    }
}
