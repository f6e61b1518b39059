//! The colours that cell formats name: plain ones, the theme's, those of the old palette.

use super::package::Package;
use super::token::Token;

/// White: a cell painted with it looks as if it were not.
pub(super) const WHITE: u32 = 0xFF_FFFF;

/// What Excel paints with where a workbook brings no theme of its own, in the order of the theme's part.
const OFFICE: [u32; 12] = [
    0x00_0000, 0xFF_FFFF, 0x44_546A, 0xE7_E6E6, 0x44_72C4, 0xED_7D31, 0xA5_A5A5, 0xFF_C000, 0x5B_9BD5, 0x70_AD47, 0x05_63C1, 0x95_4F72,
];

/// The palette of Excel 97 (ECMA-376, 18.8.27), without the eight that stand twice at its beginning.
const INDEXED: [u32; 56] = [
    0x00_0000, 0xFF_FFFF, 0xFF_0000, 0x00_FF00, 0x00_00FF, 0xFF_FF00, 0xFF_00FF, 0x00_FFFF, 0x80_0000, 0x00_8000, 0x00_0080, 0x80_8000,
    0x80_0080, 0x00_8080, 0xC0_C0C0, 0x80_8080, 0x99_99FF, 0x99_3366, 0xFF_FFCC, 0xCC_FFFF, 0x66_0066, 0xFF_8080, 0x00_66CC, 0xCC_CCFF,
    0x00_0080, 0xFF_00FF, 0xFF_FF00, 0x00_FFFF, 0x80_0080, 0x80_0000, 0x00_8080, 0x00_00FF, 0x00_CCFF, 0xCC_FFFF, 0xCC_FFCC, 0xFF_FF99,
    0x99_CCFF, 0xFF_99CC, 0xCC_99FF, 0xFF_CC99, 0x33_66FF, 0x33_CCCC, 0x99_CC00, 0xFF_CC00, 0xFF_9900, 0xFF_6600, 0x66_6699, 0x96_9696,
    0x00_3366, 0x33_9966, 0x00_3300, 0x33_3300, 0x99_3300, 0x99_3366, 0x33_3399, 0x33_3333,
];

/// The theme's colours: dark 1, light 1, dark 2, light 2, six accents, two for links.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme([u32; 12]);

impl Theme {
    /// The workbook's own, else Excel's.
    pub fn read(package: &Package<'_>) -> Self {
        let mut theme = Self(OFFICE);
        let path = package.relationships.iter().find(|r| r.kind.ends_with("/theme")).map(|r| r.target.as_str());
        // What is wrong with a theme costs its colours and nothing else.
        let Some(Ok(part)) = path.and_then(|p| package.find(p)).map(|entry| package.load(entry)) else { return theme };
        let mut tokens = part.tokens();
        let mut at = None;
        while let Ok(Some(token)) = tokens.next() {
            if !token.opens() {
                continue;
            }
            let names: [&[u8]; 12] =
                [b"dk1", b"lt1", b"dk2", b"lt2", b"accent1", b"accent2", b"accent3", b"accent4", b"accent5", b"accent6", b"hlink", b"folHlink"];
            match token.local() {
                b"fontScheme" => break,
                b"srgbClr" | b"sysClr" => {
                    let named = token.raw_attribute("lastClr").or_else(|| token.raw_attribute("val")).and_then(hex);
                    if let (Some(at), Some(rgb)) = (at.take(), named) {
                        theme.0[at] = rgb;
                    }
                }
                name => at = names.iter().position(|n| *n == name).or(at),
            }
        }
        theme
    }

    /// The colour that an element names, 0xRRGGBB; `None` where it names none.
    pub fn colour(&self, token: &Token<'_>) -> Option<u32> {
        if let Some(rgb) = token.raw_attribute("rgb") {
            return Some(hex(&rgb[rgb.len().saturating_sub(6)..]).unwrap_or(0));
        }
        let tint = token.raw_attribute("tint").and_then(|t| std::str::from_utf8(t).ok()?.trim().parse().ok()).unwrap_or(0.0);
        if let Some(index) = token.number("theme") {
            // Excel counts light before dark (ECMA-376, 18.8.3, as Excel reads it).
            let at = match index {
                0 => 1,
                1 => 0,
                2 => 3,
                3 => 2,
                other => other as usize,
            };
            return Some(tinted(self.0.get(at).copied().unwrap_or(0), tint));
        }
        let index = token.number("indexed")? as usize;
        // 64 and 65 are the system's ink and paper.
        let plain = match index {
            65 => WHITE,
            0..8 => INDEXED[index],
            _ => INDEXED.get(index - 8).copied().unwrap_or(0),
        };
        Some(tinted(plain, tint))
    }
}

/// Lighter for a tint above zero, darker below it (ECMA-376, 18.8.19), channel by channel: near enough to look at.
fn tinted(rgb: u32, tint: f64) -> u32 {
    let channel = |shift: u32| {
        let value = f64::from(rgb >> shift & 0xFF);
        let value = if tint < 0.0 { value * (1.0 + tint.max(-1.0)) } else { value + (255.0 - value) * tint.min(1.0) };
        (value.round() as u32) << shift
    };
    channel(16) | channel(8) | channel(0)
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tints_go_to_white_and_to_black() {
        assert_eq!(tinted(0x44_72C4, 0.0), 0x44_72C4);
        assert_eq!(tinted(0x44_72C4, 1.0), WHITE);
        assert_eq!(tinted(0x44_72C4, -1.0), 0);
        assert_eq!(tinted(0x44_72C4, 0.8), 0xDA_E3F3);
        assert_eq!(tinted(WHITE, -0.15), 0xD9_D9D9);
    }
}
