//! The new bytes of a part, packed.
//!
//! A small part is stored as it is, as every reader of packages takes it (ISO/IEC 29500-2; APPNOTE 6.3, 4.4.5). For a sheet of
//! 300 answers, packing it and unpacking it for the check would take half as long again as all else about filling it, and make
//! a file of 34 kB out of one of 154 kB, that is mailed once.
//!
//! A large part is not packed anew as a whole: the blocks of its deflate stream that hold no patch, and refer back to none, stay
//! packed as they are (`blocks`).

use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::archive::{Entry, STORED};
use super::bits::BitWriter;
use super::blocks::{Blocks, WINDOW};
use super::patch::{Patch, apply, most_spliced, splice_onto, spliced};

/// A part up to this size is stored as it is.
const SMALL: usize = 256 << 10;

/// What an entry is to unpack to.
pub(super) enum Content<'c> {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What it unpacks to now, with patches.
    Spliced(&'c [u8], &'c [Patch]),
    /// The same, read from the begin: for a part too large to be at hand.
    Patched(Box<dyn Read + 'c>, &'c [Patch]),
}

impl Content<'_> {
    /// The most bytes that they are, where they are few.
    pub fn small(&self) -> Option<usize> {
        let most = match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Spliced(before, patches) => most_spliced(before, patches),
            Self::Patched(..) => return None,
        };
        (most <= SMALL).then_some(most)
    }
}

/// Checksum and number of bytes that went by.
#[derive(Default)]
pub(super) struct Sum {
    hasher: Hasher,
    pub size: u64,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    pub fn crc(&self) -> u32 {
        self.hasher.clone().finalize()
    }
}

/// Puts the packed `content` of an entry, whose packed bytes were `old`, behind `out`; gives how it is packed.
pub(super) fn pack(entry: &Entry, old: &[u8], content: Content<'_>, out: &mut Vec<u8>) -> io::Result<(u16, Sum)> {
    let mut sum = Sum::default();
    let method = if content.small().is_some() { STORED } else { entry.method };
    let misfit = || io::Error::from(io::ErrorKind::InvalidInput);
    match content {
        Content::Spliced(before, patches) if method == STORED => {
            let begin = out.len();
            splice_onto(out, before, patches).ok_or_else(misfit)?;
            sum.add(&out[begin..]);
        }
        Content::Bytes(bytes) if method == STORED => Tee { sum: &mut sum, out }.write_all(&bytes)?,
        Content::Patched(source, patches) if method == STORED => apply(source, 0, patches, &mut Tee { sum: &mut sum, out })?,
        Content::Spliced(before, patches) => {
            let bytes = spliced(before, patches).ok_or_else(misfit)?;
            return pack(entry, old, Content::Bytes(bytes), out);
        }
        Content::Bytes(bytes) => {
            sum.add(&bytes);
            Packer::new(out).run(&bytes, FlushCompress::Finish)?;
        }
        Content::Patched(source, patches) => match touched(old, patches) {
            Some(touched) => sum = pack_touched(entry, old, &touched, source, patches, out)?,
            None => {
                let mut packer = Packer::new(out);
                splice_into(&mut packer, &mut sum, source, 0, patches)?;
                packer.run(&[], FlushCompress::Finish)?;
            }
        },
    }
    Ok((method, sum))
}

fn splice_into(packer: &mut Packer<'_>, sum: &mut Sum, source: impl Read, from: u64, patches: &[Patch]) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(64 << 10, Tee { sum, out: packer });
    apply(source, from, patches, &mut buffered)?;
    buffered.flush()
}

/// Blocks side by side that have to be packed anew.
struct Region {
    bits: Range<u64>,
    bytes: Range<u64>,
    /// The stream ends with it.
    last: bool,
}

/// What of a stream has to be packed anew, where the stream ends, and how long it is unpacked.
struct Touched {
    regions: Vec<Region>,
    end: u64,
    size: u64,
}

/// Which blocks have to be packed anew; `None` where it is better to pack all of it.
fn touched(old: &[u8], patches: &[Patch]) -> Option<Touched> {
    let mut touched = Touched { regions: Vec::new(), end: 0, size: 0 };
    let mut coming = patches;
    // No packer makes blocks that small, and so many of them.
    let mut left = old.len() / 64;
    for block in Blocks::new(old) {
        let block = block.ok()?;
        left = left.checked_sub(1)?;
        while coming.first().is_some_and(|p| p.span.end + WINDOW <= block.bytes.start) {
            coming = &coming[1..];
        }
        (touched.end, touched.size) = (block.bits.end, block.bytes.end);
        let changes = coming.first().is_some_and(|p| p.span.start < block.bytes.end || block.last);
        // What is stored can't be shifted by bits.
        if !changes && !block.stored {
            continue;
        }
        match touched.regions.last_mut().filter(|r| r.bits.end == block.bits.start) {
            Some(region) => {
                (region.bits.end, region.bytes.end, region.last) = (block.bits.end, block.bytes.end, block.last);
            }
            None => touched.regions.push(Region { bits: block.bits, bytes: block.bytes, last: block.last }),
        }
    }
    Some(touched)
}

/// Packs the touched regions anew, and copies the blocks between them.
fn pack_touched(
    entry: &Entry,
    old: &[u8],
    touched: &Touched,
    source: impl Read,
    mut patches: &[Patch],
    out: &mut Vec<u8>,
) -> io::Result<Sum> {
    let mut source = Summed { sum: Sum::default(), source };
    let mut sum = Sum::default();
    let mut writer = BitWriter::new(out);
    let (mut bit, mut position) = (0, 0);
    for region in &touched.regions {
        writer.copy(old, bit..region.bits.start);
        let between =
            io::copy(&mut source.by_ref().take(region.bytes.start - position), &mut Tee { sum: &mut sum, out: io::sink() })?;
        if between != region.bytes.start - position {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let inside = patches.partition_point(|p| p.span.start < region.bytes.end || region.last);
        let mut packer = Packer::new(writer.align());
        let content = source.by_ref().take(region.bytes.end - region.bytes.start);
        splice_into(&mut packer, &mut sum, content, region.bytes.start, &patches[..inside])?;
        packer.run(&[], if region.last { FlushCompress::Finish } else { FlushCompress::Sync })?;
        patches = &patches[inside..];
        (bit, position) = (region.bits.end, region.bytes.end);
    }
    writer.copy(old, bit..touched.end);
    writer.flush();
    // The checksum of what follows the last region comes from that of the whole.
    let left = touched.size.checked_sub(source.sum.size).ok_or(io::ErrorKind::InvalidData)?;
    let mut before = source.sum.hasher;
    before.combine(&Hasher::new_with_initial_len(0, left));
    sum.hasher.combine(&Hasher::new_with_initial_len(entry.crc ^ before.finalize(), left));
    sum.size += left;
    Ok(sum)
}

/// Packs as Excel itself does: with the fastest level.
struct Packer<'o> {
    compress: Compress,
    out: &'o mut Vec<u8>,
}

impl<'o> Packer<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        Self { compress: Compress::new(Compression::fast(), false), out }
    }

    fn run(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.out.reserve(32 << 10);
            let before = self.compress.total_in();
            let status = self.compress.compress_vec(bytes, self.out, flush).map_err(io::Error::other)?;
            bytes = &bytes[usize::try_from(self.compress.total_in() - before).map_err(io::Error::other)?..];
            // Where there is room left, nothing more is to come.
            let done = bytes.is_empty() && self.out.len() < self.out.capacity() && flush != FlushCompress::Finish;
            if done || status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}

impl Write for Packer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.run(bytes, FlushCompress::None)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sums up what is written.
struct Tee<'t, W> {
    sum: &'t mut Sum,
    out: W,
}

impl<W: Write> Write for Tee<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.sum.add(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Sums up what is read.
struct Summed<R> {
    sum: Sum,
    source: R,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.sum.add(&buf[..n]);
        Ok(n)
    }
}
