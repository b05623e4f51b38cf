//! Header extensions and their elements (RFC 3550 section 5.3.1, RFC 8285).

/// The header extension of a packet (RFC 3550 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// What the data is; 0xBEDE and 0x1000 to 0x100F are the forms of RFC 8285.
    pub profile: u16,
    /// The data, a multiple of four octets.
    pub data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The elements in the one-byte or two-byte form of RFC 8285 sections 4.2 and 4.3; none for another profile.
    pub fn elements(&self) -> ExtensionElements<'a> {
        match self.profile {
            0xbede => ExtensionElements { data: self.data, form: Form::OneByte },
            0x1000..=0x100f => ExtensionElements { data: self.data, form: Form::TwoByte },
            _ => ExtensionElements { data: &[], form: Form::OneByte },
        }
    }
}

/// One element of a header extension (RFC 8285 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionElement<'a> {
    /// The local identifier: 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    pub id: u8,
    /// The data: 1 to 16 octets in the one-byte form, 0 to 255 in the two-byte form.
    pub data: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
}

/// The elements of a header extension; ends early at an element that reaches beyond the extension.
#[derive(Clone, Debug)]
pub struct ExtensionElements<'a> {
    data: &'a [u8],
    form: Form,
}

impl<'a> Iterator for ExtensionElements<'a> {
    type Item = ExtensionElement<'a>;

    fn next(&mut self) -> Option<ExtensionElement<'a>> {
        loop {
            let (first, rest) = std::mem::take(&mut self.data).split_first()?;
            let (id, length, rest) = match self.form {
                // One octet of padding.
                _ if *first == 0 => {
                    self.data = rest;
                    continue;
                }
                // Identifier 15, and 0 with a length, end the processing of the whole extension (RFC 8285 sections 4.1.2
                // and 4.2).
                Form::OneByte if matches!(first >> 4, 0 | 15) => return None,
                Form::OneByte => (first >> 4, usize::from(first & 0x0f) + 1, rest),
                Form::TwoByte => {
                    let (length, rest) = rest.split_first()?;
                    (*first, usize::from(*length), rest)
                }
            };
            let (data, rest) = rest.split_at_checked(length)?;
            self.data = rest;
            return Some(ExtensionElement { id, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(profile: u16, data: &[u8]) -> Vec<(u8, Vec<u8>)> {
        Extension { profile, data }.elements().map(|element| (element.id, element.data.to_vec())).collect()
    }

    #[test]
    fn the_one_byte_figure_is_read() {
        // RFC 8285 section 4.2: three elements of one, two and four octets with padding between them.
        let data = [0x10, 0xa0, 0x21, 0xb0, 0xb1, 0, 0, 0x33, 0xc0, 0xc1, 0xc2, 0xc3];
        let expected = [(1, vec![0xa0]), (2, vec![0xb0, 0xb1]), (3, vec![0xc0, 0xc1, 0xc2, 0xc3])];
        assert_eq!(elements(0xbede, &data), expected);
    }

    #[test]
    fn the_two_byte_figure_is_read() {
        // RFC 8285 section 4.3: elements of zero, one and four octets.
        let data = [0x10, 0, 0x20, 1, 0xb0, 0, 0x30, 4, 0xc0, 0xc1, 0xc2, 0xc3];
        let expected = [(16, vec![]), (32, vec![0xb0]), (48, vec![0xc0, 0xc1, 0xc2, 0xc3])];
        assert_eq!(elements(0x1000, &data), expected);
        assert_eq!(elements(0x1005, &data), expected);
    }

    #[test]
    fn reading_stops_at_identifier_fifteen_or_zero_and_at_an_overlong_element() {
        assert_eq!(elements(0xbede, &[0x10, 1, 0x01, 2, 3, 0x20, 4, 0]), [(1, vec![1])]);
        assert_eq!(elements(0xbede, &[0x10, 1, 0xf0, 2, 0x20, 3]), [(1, vec![1])]);
        assert_eq!(elements(0xbede, &[0x10, 1, 0x2f, 2]), [(1, vec![1])]);
        assert_eq!(elements(0x1000, &[1, 9, 0]), []);
        assert_eq!(elements(0x1000, &[1]), []);
    }

    #[test]
    fn an_unknown_profile_has_no_elements() {
        assert_eq!(elements(0xabac, &[0x10, 1, 0, 0]), []);
    }
}
