//! Cells in the forms that nearly all cells have, taken whole: `<c r="A1" s="2"/>`, `<c r="A1"><v>1</v></c>` and
//! `<c r="A1" t="inlineStr"><is><t>text</t></is></c>`.
//!
//! A sheet is made of little else, and taking each of these apart token by token is most of the time that going through it
//! takes. Whatever looks any different is left to the tokens, which know all forms; what is taken here, they would take alike.

/// A plain cell: its attributes and its value, still escaped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainCell<'a> {
    /// How many bytes it takes.
    pub length: usize,
    /// Its `r`.
    pub place: Option<&'a [u8]>,
    /// Its `s`.
    pub style: Option<&'a [u8]>,
    /// Its `t`.
    pub kind: Option<&'a [u8]>,
    /// What stands in its `v`, or in the `t` of its `is`.
    pub value: &'a [u8],
}

/// The plain cell that `bytes` begin with, and all of which they hold.
#[inline]
pub(super) fn plain_cell(bytes: &[u8]) -> Option<PlainCell<'_>> {
    let mut cell = PlainCell::default();
    let mut rest = bytes.strip_prefix(b"<c")?;
    loop {
        match rest {
            [b' ', name, b'=', b'"', value @ ..] => {
                // Values are short.
                let length = value.iter().position(|&b| b == b'"')?;
                let place = match name {
                    b'r' => &mut cell.place,
                    b's' => &mut cell.style,
                    b't' => &mut cell.kind,
                    _ => return None,
                };
                if place.replace(&value[..length]).is_some() {
                    return None;
                }
                rest = &value[length + 1..];
            }
            [b'/', b'>', after @ ..] | [b' ', b'/', b'>', after @ ..] => {
                cell.length = bytes.len() - after.len();
                return Some(cell);
            }
            [b'>', after @ ..] => {
                rest = after;
                break;
            }
            _ => return None,
        }
    }
    let (value, after) = if let Some(value) = rest.strip_prefix(b"<v>") {
        until(value, b"</v></c>")?
    } else {
        let inline = rest.strip_prefix(b"<is><t")?;
        let value = inline.strip_prefix(b">").or_else(|| inline.strip_prefix(b" xml:space=\"preserve\">"))?;
        until(value, b"</t></is></c>")?
    };
    cell.value = value;
    cell.length = bytes.len() - after.len();
    Some(cell)
}

/// What stands before the next tags, which must be `close`, and what stands behind them.
// As long as the length is known when compiled, comparing is a matter of two instructions.
#[inline]
fn until<'a, const N: usize>(bytes: &'a [u8], close: &[u8; N]) -> Option<(&'a [u8], &'a [u8])> {
    // Numbers are short.
    let soon = bytes.iter().take(8).position(|&b| b == b'<');
    let (value, rest) = bytes.split_at(soon.or_else(|| memchr::memchr(b'<', bytes))?);
    let (tags, after) = rest.split_first_chunk()?;
    (tags == close).then_some((value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_cells_are_taken() {
        let taken = |xml: &'static str| plain_cell(xml.as_bytes()).map(|c| &xml[..c.length]);
        for (xml, want) in [
            ("<c r=\"A1\" s=\"1\"/><c/>", Some("<c r=\"A1\" s=\"1\"/>")),
            ("<c r=\"A1\" t=\"n\" />", Some("<c r=\"A1\" t=\"n\" />")),
            ("<c/></row>", Some("<c/>")),
            ("<c r=\"A1\"><v>1</v></c></row>", Some("<c r=\"A1\"><v>1</v></c>")),
            ("<c><is><t>a&lt;</t></is></c>", Some("<c><is><t>a&lt;</t></is></c>")),
            ("<c><is><t xml:space=\"preserve\"> </t></is></c>", Some("<c><is><t xml:space=\"preserve\"> </t></is></c>")),
            ("<c r='A1'/>", None),
            ("<c  r=\"A1\"/>", None),
            ("<c r=\"A1\" r=\"A2\"/>", None),
            ("<c r=\"A1\" cm=\"1\"/>", None),
            ("<c r=\"A1\"><f>A2</f><v>1</v></c>", None),
            ("<c r=\"A1\"><v>1<!----></v></c>", None),
            ("<c r=\"A1\"><v>1</v> </c>", None),
            ("<c r=\"A1\"></c>", None),
            ("<c r=\"A1\"><is><r><t>a</t></r></is></c>", None),
            ("<cs/>", None),
            ("<x:c/>", None),
        ] {
            assert_eq!(taken(xml), want, "{xml}");
        }
        let cell = plain_cell(b"<c r=\"B2\" s=\">\" t=\"str\"><v>a</v></c>").unwrap();
        assert_eq!(
            (cell.place, cell.style, cell.kind, cell.value),
            (Some(&b"B2"[..]), Some(&b">"[..]), Some(&b"str"[..]), &b"a"[..])
        );
    }

    #[test]
    fn what_is_cut_off_is_not_taken() {
        for xml in ["<c r=\"A1\" s=\"1\" />", "<c r=\"A1\"><v>1</v></c>", "<c><is><t xml:space=\"preserve\">あ</t></is></c>"] {
            assert!((0..xml.len()).all(|at| plain_cell(&xml.as_bytes()[..at]).is_none()), "{xml}");
        }
    }
}
