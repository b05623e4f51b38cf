//! Source descriptions (RFC 3550 section 6.5).

/// The chunks of a source description; ends early at one that is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdesChunks<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) left: u8,
}

/// The description of one source (RFC 3550 section 6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdesChunk<'a> {
    /// The source.
    pub ssrc: u32,
    /// What is said of it.
    pub items: SdesItems<'a>,
}

impl<'a> SdesChunk<'a> {
    /// The canonical name of the source (RFC 3550 section 6.5.1).
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items.clone().find(|item| item.kind == SdesItem::CNAME).map(|item| item.text)
    }
}

/// One item of a description (RFC 3550 section 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// The type of the item, 1 (CNAME) to 255.
    pub kind: u8,
    /// The text, at most 255 octets, meant to be UTF-8.
    pub text: &'a [u8],
}

impl SdesItem<'_> {
    /// The type of the canonical name (RFC 3550 section 6.5.1).
    pub const CNAME: u8 = 1;
}

impl<'a> Iterator for SdesChunks<'a> {
    type Item = SdesChunk<'a>;

    fn next(&mut self) -> Option<SdesChunk<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (ssrc, rest) = std::mem::take(&mut self.body).split_first_chunk::<4>()?;
        let mut items = SdesItems(rest);
        let used = loop {
            match items.0.first() {
                Some(0) => break rest.len() - items.0.len(),
                Some(_) => {
                    items.next()?;
                }
                None => return None,
            }
        };
        let chunk = SdesChunk { ssrc: u32::from_be_bytes(*ssrc), items: SdesItems(rest.get(..used)?) };
        // The list ends with one or more null octets, up to the next multiple of four.
        self.body = rest.get((used + 1).next_multiple_of(4)..).unwrap_or_default();
        Some(chunk)
    }
}

/// The items of one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdesItems<'a>(&'a [u8]);

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    fn next(&mut self) -> Option<SdesItem<'a>> {
        let (head, rest) = std::mem::take(&mut self.0).split_first_chunk::<2>()?;
        let [kind, length] = *head;
        let (text, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(SdesItem { kind, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_their_items_are_read() {
        let body = [
            0, 0, 0, 1, 1, 3, b'a', b'@', b'b', 2, 0, 0, // items end on the third octet of a word
            0, 0, 0, 2, 1, 2, b'c', b'd', 0, 0, 0,
            0, // items end with a word: a whole word of nulls follows
            0, 0, 0, 3, 0, 0, 0, 0,
        ];
        let chunks: Vec<_> = SdesChunks { body: &body, left: 3 }.collect();
        assert_eq!(chunks.iter().map(|chunk| chunk.ssrc).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(chunks[0].cname(), Some(&b"a@b"[..]));
        assert_eq!(chunks[0].items.clone().count(), 2);
        assert_eq!(chunks[1].cname(), Some(&b"cd"[..]));
        assert_eq!(chunks[2].cname(), None);
    }

    #[test]
    fn an_unfinished_chunk_ends_the_list() {
        let body = [0, 0, 0, 1, 1, 1, b'a', 0, 0, 0, 0, 2, 1, 9, b'x', 0];
        assert_eq!(SdesChunks { body: &body, left: 31 }.count(), 1);
        assert_eq!(SdesChunks { body: &[0, 0, 0, 1, 1, 2, b'a', b'b'], left: 1 }.count(), 0);
        assert_eq!(SdesChunks { body: &[0, 0, 0, 1, 0, 0, 0, 0], left: 0 }.count(), 0);
    }
}
