//! The encoding of an XML part: nearly always UTF-8, but XML (and Excel) also take UTF-16 and what the declaration names.

use encoding_rs::Encoding;

/// An encoding other than UTF-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Charset {
    /// UTF-16, little-endian or not, with a byte order mark or without.
    Utf16 { little: bool, mark: bool },
    /// One that the XML declaration names.
    Named(&'static Encoding),
}

const MARK: char = '\u{feff}';

/// What the first bytes of a part say; `None` for UTF-8.
pub(super) fn sniff(head: &[u8]) -> Option<Charset> {
    match head {
        [0xFF, 0xFE, ..] => return Some(Charset::Utf16 { little: true, mark: true }),
        [0xFE, 0xFF, ..] => return Some(Charset::Utf16 { little: false, mark: true }),
        [b'<', 0, ..] => return Some(Charset::Utf16 { little: true, mark: false }),
        [0, b'<', ..] => return Some(Charset::Utf16 { little: false, mark: false }),
        _ => {}
    }
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memmem::find(declaration, b"?>")?];
    let label = &declaration[memchr::memmem::find(declaration, b"encoding")? + b"encoding".len()..];
    let label = label.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, label) = label.split_first()?;
    let label = &label[..memchr::memchr(*quote, label)?];
    // A part in one-byte characters that says UTF-16 is mislabelled; Excel reads it as UTF-8.
    let named = Encoding::for_label(label).filter(|e| e.is_ascii_compatible() && *e != encoding_rs::UTF_8)?;
    Some(Charset::Named(named))
}

impl Charset {
    /// The text; `None` where the bytes are none in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf16 { little, mark } => {
                let bytes = if mark { bytes.get(2..)? } else { bytes };
                let (pairs, rest) = bytes.as_chunks::<2>();
                let unit = |&pair: &[u8; 2]| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
                let text = char::decode_utf16(pairs.iter().map(unit)).collect::<Result<String, _>>().ok();
                text.filter(|_| rest.is_empty())
            }
            Self::Named(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into),
        }
    }

    /// XML text that any encoding of this kind can hold: where it may lack a character, a reference stands for it.
    pub fn portable(self, xml: &str) -> String {
        match self {
            Self::Utf16 { .. } => xml.to_owned(),
            Self::Named(_) => xml
                .chars()
                .map(|c| if c.is_ascii() { String::from(c) } else { format!("&#{};", u32::from(c)) })
                .collect(),
        }
    }

    /// The bytes of a text.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf16 { little, mark } => {
                let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
                let units = mark.then_some(MARK as u16).into_iter().chain(text.encode_utf16());
                units.flat_map(bytes).collect()
            }
            Self::Named(encoding) => encoding.encode(text).0.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let xml = "<a>あ😀é</a>";
        for (little, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            let charset = Charset::Utf16 { little, mark };
            let bytes = charset.encode(xml);
            assert_eq!(sniff(&bytes), Some(charset));
            assert_eq!(charset.decode(&bytes).unwrap(), xml);
        }
        let head = b"<?xml version='1.0' encoding = \"ISO-8859-1\"?><a/>";
        let latin = sniff(head).unwrap();
        assert_eq!(latin.encode(&latin.decode(b"\xe9").unwrap()), b"\xe9");
        assert_eq!(latin.portable("aあ"), "a&#12354;");
        assert_eq!(sniff(b"<?xml version='1.0' encoding='utf-8'?>"), None);
        assert_eq!(sniff(b"<worksheet encoding='Shift_JIS'/>"), None);
    }
}
