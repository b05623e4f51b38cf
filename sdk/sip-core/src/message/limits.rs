//! What a message may cost at most.

/// The limits that a message is held to while it is read, before anything is allocated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message, start line to the body's end. Default 65,536; more than 4 GiB is never read.
    pub message_size: usize,
    /// Bytes of the start line. Default 8,192.
    pub start_line: usize,
    /// Bytes of one header with its name and folds. Default 16,384.
    pub header_line: usize,
    /// Header fields of a message. Default 256.
    pub headers: usize,
    /// Parts of one multipart body. Default 64.
    pub parts: usize,
    /// How deep multipart bodies may nest. Default 4.
    pub nesting: usize,
}

impl Limits {
    /// No limits but those of the representation: for what this crate itself wrote, of which every part was either given by
    /// the caller or read within limits.
    pub(crate) const NONE: Self = Self {
        message_size: usize::MAX,
        start_line: usize::MAX,
        header_line: usize::MAX,
        headers: usize::MAX,
        parts: usize::MAX,
        nesting: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 65_536,
            start_line: 8_192,
            header_line: 16_384,
            headers: 256,
            parts: 64,
            nesting: 4,
        }
    }
}
