//! The blocks of a deflate stream (RFC 1951): where each begins and ends, packed and unpacked, without unpacking it.
//!
//! A cell that is written into a sheet of several hundred megabytes changes one block or two. All others can stay packed as they
//! are: what stands in a block refers back to at most 32 kB before it. Only their place in a byte may have to be shifted.

use std::ops::Range;

use super::bits::{AHEAD, BitReader, Broken};

/// How far back a block may refer, in bytes.
pub(super) const WINDOW: u64 = 32 << 10;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Its bits in the packed stream, from its header on.
    pub bits: Range<u64>,
    /// What it unpacks to, in bytes from the begin.
    pub bytes: Range<u64>,
    /// Its content begins at a full byte, so that it can't be shifted.
    pub stored: bool,
    /// The stream ends with it.
    pub last: bool,
}

/// Goes through the blocks of a stream.
pub(super) struct Blocks<'a> {
    bits: BitReader<'a>,
    /// The codes of blocks that bring none of their own.
    fixed: Option<(Code, Code)>,
    unpacked: u64,
    ended: bool,
}

impl<'a> Blocks<'a> {
    pub fn new(packed: &'a [u8]) -> Self {
        Self { bits: BitReader::new(packed), fixed: fixed().ok(), unpacked: 0, ended: false }
    }

    fn block(&mut self) -> Result<Block, Broken> {
        let (from, begin) = (self.bits.position(), self.unpacked);
        let last = self.bits.take(1)? == 1;
        let kind = self.bits.take(2)?;
        match kind {
            0 => self.unpacked += self.bits.skip_stored()?,
            1 => {
                let (literals, distances) = self.fixed.as_ref().ok_or(Broken)?;
                self.unpacked += skip_codes(&mut self.bits, literals, distances)?;
            }
            2 => {
                let (literals, distances) = dynamic(&mut self.bits)?;
                self.unpacked += skip_codes(&mut self.bits, &literals, &distances)?;
            }
            _ => return Err(Broken),
        }
        Ok(Block { bits: from..self.bits.position(), bytes: begin..self.unpacked, stored: kind == 0, last })
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.block();
        self.ended = block.as_ref().map_or(true, |b| b.last);
        Some(block)
    }
}

/// Base and extra bits of each length code from 257 on.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// The order in which the lengths of the code length codes stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

fn fixed() -> Result<(Code, Code), Broken> {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    Ok((Code::new(&lengths)?, Code::new(&[5; 30])?))
}

/// Reads the codes that a block begins with.
fn dynamic(bits: &mut BitReader<'_>) -> Result<(Code, Code), Broken> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut lengths = [0; 19];
    for &at in &ORDER[..count] {
        lengths[at] = bits.take(3)? as u8;
    }
    let code = Code::new(&lengths)?;
    let mut lengths = [0_u8; 288 + 32];
    let mut at = 0;
    while at < literals + distances {
        let symbol = code.read(bits)?;
        let (length, times) = match symbol {
            0..=15 => (symbol as u8, 1),
            16 => (*lengths[..at].last().ok_or(Broken)?, 3 + bits.take(2)? as usize),
            17 => (0, 3 + bits.take(3)? as usize),
            _ => (0, 11 + bits.take(7)? as usize),
        };
        lengths.get_mut(at..at + times).ok_or(Broken)?.fill(length);
        at += times;
    }
    if at > literals + distances {
        return Err(Broken);
    }
    Ok((Code::new(&lengths[..literals])?, Code::new(&lengths[literals..at])?))
}

/// Goes to the block's end; gives how many bytes it unpacks to.
fn skip_codes(bits: &mut BitReader<'_>, literals: &Code, distances: &Code) -> Result<u64, Broken> {
    let mut unpacked = 0;
    loop {
        match literals.read(bits)? {
            0..=255 => unpacked += 1,
            256 => return Ok(unpacked),
            symbol => {
                let &(base, extra) = LENGTHS.get(usize::from(symbol) - 257).ok_or(Broken)?;
                unpacked += u64::from(base) + bits.take(u32::from(extra))?;
                let extra = match distances.read(bits)? {
                    0..=3 => 0,
                    symbol @ 4..=29 => u32::from(symbol) / 2 - 1,
                    _ => return Err(Broken),
                };
                bits.take(extra)?;
            }
        }
    }
}

const LONGEST: usize = AHEAD as usize;
/// Codes up to this length are found at once.
const SHORT: u32 = 10;

/// A canonical prefix code.
struct Code {
    /// By the next bits: symbol × 16 + length; 0 where the code is longer.
    short: [u16; 1 << SHORT],
    /// How many codes each length has, and the symbols in the order of their codes.
    counts: [u16; LONGEST + 1],
    symbols: [u16; 288],
}

impl Code {
    fn new(lengths: &[u8]) -> Result<Self, Broken> {
        let mut code = Self { short: [0; 1 << SHORT], counts: [0; LONGEST + 1], symbols: [0; 288] };
        for &length in lengths {
            code.counts[usize::from(length)] += 1;
        }
        code.counts[0] = 0;
        let (mut places, mut next) = ([0_u16; LONGEST + 2], [0_u32; LONGEST + 2]);
        for length in 1..=LONGEST {
            places[length + 1] = places[length] + code.counts[length];
            next[length + 1] = (next[length] + u32::from(code.counts[length])) << 1;
            // More codes than there is room for.
            if next[length] + u32::from(code.counts[length]) > 1 << length {
                return Err(Broken);
            }
        }
        for (symbol, &length) in (0_u16..).zip(lengths).filter(|(_, length)| **length > 0) {
            let (length, bits) = (usize::from(length), u32::from(length));
            code.symbols[usize::from(places[length])] = symbol;
            places[length] += 1;
            if bits <= SHORT {
                let from = next[length].reverse_bits() >> (32 - bits);
                for at in (from as usize..1 << SHORT).step_by(1 << bits) {
                    code.short[at] = symbol << 4 | u16::from(length as u8);
                }
            }
            next[length] += 1;
        }
        Ok(code)
    }

    #[inline]
    fn read(&self, bits: &mut BitReader<'_>) -> Result<u16, Broken> {
        let ahead = bits.ahead();
        let entry = self.short[(ahead & ((1 << SHORT) - 1)) as usize];
        if entry != 0 {
            bits.take(u32::from(entry & 15))?;
            return Ok(entry >> 4);
        }
        // Bit by bit, as the canonical order has it.
        let (mut code, mut first, mut index) = (0_i32, 0_i32, 0_i32);
        for length in 1..=LONGEST {
            code |= (ahead >> (length - 1) & 1) as i32;
            let count = i32::from(self.counts[length]);
            if code - count < first {
                bits.take(length as u32)?;
                return usize::try_from(index + (code - first)).ok().and_then(|at| self.symbols.get(at)).copied().ok_or(Broken);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Broken)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use flate2::read::DeflateDecoder;
    use flate2::write::DeflateEncoder;
    use flate2::{Compress, Compression, FlushCompress};

    use super::super::bits::BitWriter;
    use super::*;

    fn text() -> Vec<u8> {
        let line = |n: u32| format!("<c r=\"B{n}\"><v>{}</v></c>質問", n.wrapping_mul(2_654_435_761) >> 9);
        (0..40_000).map(line).collect::<String>().into_bytes()
    }

    fn packed(level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&text()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn blocks_join_and_can_be_shifted() {
        for level in [0, 1, 6, 9] {
            let stream = packed(level);
            let blocks: Vec<Block> = Blocks::new(&stream).collect::<Result<_, _>>().unwrap();
            assert!(blocks.len() > 1 || level == 1, "{level}");
            assert!(blocks.windows(2).all(|w| w[0].bits.end == w[1].bits.start && w[0].bytes.end == w[1].bytes.start));
            let last = blocks.last().unwrap();
            assert_eq!((last.bytes.end, last.bits.end.div_ceil(8), last.last), (text().len() as u64, stream.len() as u64, true));
            if level == 0 {
                assert!(blocks.iter().all(|b| b.stored));
                continue;
            }
            // Behind three bits of an empty block's header and seven of its end, everything stands two bits further on.
            let mut out = Vec::new();
            let mut writer = BitWriter::new(&mut out);
            writer.put(0b010, 10);
            for block in &blocks {
                writer.copy(&stream, block.bits.clone());
            }
            writer.flush();
            assert!(unpacked(&out) == text(), "{level}");
        }
    }

    #[test]
    fn packers_output_goes_between_blocks() {
        let stream = packed(6);
        let blocks: Vec<Block> = Blocks::new(&stream).collect::<Result<_, _>>().unwrap();
        let mut out = Vec::new();
        let mut writer = BitWriter::new(&mut out);
        writer.copy(&stream, blocks[0].bits.clone());
        let into = writer.align();
        into.reserve(1 << 10);
        Compress::new(Compression::fast(), false).compress_vec(b"between", into, FlushCompress::Sync).unwrap();
        let at = usize::try_from(blocks[0].bytes.end).unwrap();
        assert!(unpacked_prefix(&out, at + 7) == [&text()[..at], b"between"].concat());
    }

    fn unpacked_prefix(bytes: &[u8], length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        DeflateDecoder::new(bytes).read_exact(&mut out).unwrap();
        out
    }

    #[test]
    fn broken_streams_end() {
        let stream = packed(6);
        for at in (0..2_000).chain([stream.len() - 1]) {
            assert!(Blocks::new(&stream[..at]).any(|b| b.is_err()), "{at}");
        }
        for at in 0..2_000 {
            let mut other = stream.clone();
            other[at] ^= 1 << (at % 8);
            let _ = Blocks::new(&other).take(1_000).count();
        }
    }
}
