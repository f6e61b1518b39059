//! Bits of a deflate stream, the lowest of each byte first (RFC 1951, 3.1.1), read and copied.

use std::ops::Range;

/// The stream is cut off or makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// How many bits are at hand after [`BitReader::ahead`].
pub(super) const AHEAD: u32 = 15;

/// Reads bits.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte to be taken into `held`.
    at: usize,
    held: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, count: 0 }
    }

    pub fn position(&self) -> u64 {
        self.at as u64 * 8 - u64::from(self.count)
    }

    /// Holds at least 56 bits, where there are as many.
    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            self.held |= u64::from_le_bytes(*next) << self.count;
            let taken = (63 - self.count) / 8;
            self.at += taken as usize;
            self.count += taken * 8;
            return;
        }
        while let Some(&byte) = self.bytes.get(self.at).filter(|_| self.count <= 56) {
            self.held |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    /// The next bits, at least [`AHEAD`] of them; zeros behind the end.
    #[inline]
    pub fn ahead(&mut self) -> u64 {
        if self.count < AHEAD {
            self.fill();
        }
        self.held
    }

    /// The next bits, at most 13 of them.
    #[inline]
    pub fn take(&mut self, count: u32) -> Result<u64, Broken> {
        if self.count < count {
            self.fill();
        }
        let taken = self.held & ((1 << count) - 1);
        self.count = self.count.checked_sub(count).ok_or(Broken)?;
        self.held >>= count;
        Ok(taken)
    }

    /// Goes behind a stored block's content; gives its length.
    pub fn skip_stored(&mut self) -> Result<u64, Broken> {
        let at = usize::try_from(self.position().div_ceil(8)).map_err(|_| Broken)?;
        let [a, b, c, d] = *self.bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Broken)?;
        let length = u16::from_le_bytes([a, b]);
        let end = at + 4 + usize::from(length);
        if length != !u16::from_le_bytes([c, d]) || end > self.bytes.len() {
            return Err(Broken);
        }
        *self = Self { at: end, ..Self::new(self.bytes) };
        Ok(u64::from(length))
    }
}

/// Puts bits behind what stands in a vector.
pub(super) struct BitWriter<'o> {
    out: &'o mut Vec<u8>,
    held: u64,
    count: u32,
}

impl<'o> BitWriter<'o> {
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, held: 0, count: 0 }
    }

    /// At most 32 bits.
    pub fn put(&mut self, bits: u64, count: u32) {
        self.held |= (bits & ((1 << count) - 1)) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// Copies a stretch of bits.
    pub fn copy(&mut self, from: &[u8], bits: Range<u64>) {
        let mut reader = BitReader { at: (bits.start / 8) as usize, ..BitReader::new(from) };
        let mut left = bits.end - bits.start;
        reader.fill();
        reader.held >>= bits.start % 8;
        reader.count = reader.count.saturating_sub((bits.start % 8) as u32);
        while left > 0 {
            reader.fill();
            let count = left.min(32) as u32;
            self.put(reader.held, count);
            reader.held >>= count;
            reader.count = reader.count.saturating_sub(count);
            left -= u64::from(count);
        }
    }

    /// Goes on at a full byte, by an empty stored block where it has to.
    pub fn align(&mut self) -> &mut Vec<u8> {
        if !self.count.is_multiple_of(8) {
            self.put(0, 3);
            self.put(0, (8 - self.count % 8) % 8);
            self.put(0xFFFF_0000, 32);
        }
        self.flush()
    }

    /// Fills the last byte up.
    pub fn flush(&mut self) -> &mut Vec<u8> {
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
        (self.held, self.count) = (0, 0);
        self.out
    }
}
