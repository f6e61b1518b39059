//! The zip container of a workbook: where each entry stands, and how entries are replaced with all others left to the byte.
//!
//! Kept by hand, since no zip library tells where its numbers stand: here an entry that does not change keeps its local
//! header, extra fields, compressed bytes and data descriptor as they are, and only offsets in the directory move. The
//! result is checked by the `zip` crate (`check`). The layout is PKWARE's APPNOTE 6.3.

use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Write as _};
use std::ops::Range;

use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use flate2::{Compression, write::DeflateEncoder};

use super::read::ReadError;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Flag bits: encrypted; sizes and checksum behind the data; the name is UTF-8.
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;

/// One entry, by its places in the file's bytes.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name with `/` between folders (some writers put `\`) and none in front.
    pub name: String,
    /// Its bytes in the file.
    pub data: Range<usize>,
    /// The size it claims to unpack to.
    pub size: u64,
    flags: u16,
    method: u16,
    /// The checksum of its unpacked bytes.
    pub crc: u32,
    header: usize,
    record: Range<usize>,
    /// Where the directory says where its local header is: a place, and whether it is 8 bytes (zip64) or 4.
    offset_at: (usize, bool),
}

/// The directory of a zip file.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    pub bytes: &'a [u8],
    pub entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    directory: Range<usize>,
    end: usize,
    end_64: Option<usize>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn size(number: impl TryInto<usize>) -> Option<usize> {
    number.try_into().ok()
}

impl<'a> Archive<'a> {
    /// Reads the directory; at most `max_entries`.
    pub fn open(bytes: &'a [u8], max_entries: usize) -> Result<Self, ReadError> {
        let archive = Self::read_directory(bytes, max_entries)?.ok_or(ReadError::Damaged)?;
        if let Some(entry) = archive.entries.iter().find(|e| e.flags & ENCRYPTED != 0) {
            return Err(ReadError::EncryptedPart(entry.name.clone()));
        }
        Ok(archive)
    }

    fn read_directory(bytes: &'a [u8], max_entries: usize) -> Result<Option<Self>, ReadError> {
        let Some((end, end_64, directory, count)) = find_directory(bytes) else { return Ok(None) };
        if count > max_entries as u64 {
            return Err(ReadError::TooManyParts { limit: max_entries });
        }
        let mut archive = Self { bytes, entries: Vec::new(), by_name: HashMap::new(), directory, end, end_64 };
        let mut at = archive.directory.start;
        while at < archive.directory.end && bytes[at..].starts_with(CENTRAL) {
            if archive.entries.len() == max_entries {
                return Err(ReadError::TooManyParts { limit: max_entries });
            }
            let Some(entry) = read_record(bytes, at) else { return Ok(None) };
            at = entry.record.end;
            if !entry.name.ends_with('/') && archive.by_name.insert(entry.name.to_lowercase(), archive.entries.len()).is_some() {
                return Err(ReadError::TwiceInPackage(entry.name));
            }
            archive.entries.push(entry);
        }
        // A directory without the zip64 records counts its entries in 16 bits.
        let counted = archive.entries.len() as u64;
        let all = at <= archive.directory.end && (count == counted || (archive.end_64.is_none() && count == counted & 0xFFFF));
        Ok(all.then_some(archive))
    }

    /// The entry of that name, whatever its letters' case.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(&name.to_lowercase()).map(|&i| &self.entries[i])
    }

    /// The name of an entry as it stands in the directory.
    pub fn raw_name(&self, entry: &Entry) -> &'a [u8] {
        let record = self.bytes.get(entry.record.clone()).unwrap_or_default();
        record.get(46..46 + usize::from(u16_at(record, 28).unwrap_or(0))).unwrap_or_default()
    }

    /// The unpacked bytes of an entry; its checksum is held against them at the end.
    pub fn read(&self, entry: &Entry) -> Result<EntryReader<'a>, ReadError> {
        let data = self.bytes.get(entry.data.clone()).ok_or(ReadError::Damaged)?;
        let source = match entry.method {
            STORED => Source::Stored(data),
            DEFLATED => Source::Deflated(DeflateDecoder::new(data)),
            _ => return Err(ReadError::OddCompression(entry.name.clone())),
        };
        Ok(EntryReader { source, crc: Hasher::new(), expected: entry.crc })
    }

    /// The file with the named entries' contents replaced, or removed where there is none; everything else stays.
    ///
    /// Contents are (the position in `entries`, what writes the new unpacked bytes).
    pub fn replace(&self, replacements: &mut [(usize, Option<Content<'_>>)]) -> io::Result<Vec<u8>> {
        let bytes = self.bytes;
        replacements.sort_by_key(|(i, _)| self.entries[*i].header);
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16 + (1 << 12));
        // What was replaced: which entry, where its bytes ended, and its new numbers.
        let mut done: Vec<(usize, usize, Option<Numbers>)> = Vec::new();
        let mut position = 0;
        for (index, content) in replacements {
            let entry = &self.entries[*index];
            let until = self.end_of(entry);
            if entry.header < position || until > self.directory.start {
                return Err(io::Error::other("ZIPの部品が重なっています"));
            }
            out.extend_from_slice(&bytes[position..entry.header]);
            let numbers = match content {
                Some(content) => Some(self.append(&mut out, entry, content)?),
                None => None,
            };
            done.push((*index, until, numbers));
            position = until;
        }
        out.extend_from_slice(&bytes[position..self.directory.start]);
        self.append_directory(&mut out, &done)?;
        Ok(out)
    }

    /// Behind the entry's data, and its data descriptor where there is one.
    fn end_of(&self, entry: &Entry) -> usize {
        let mut end = entry.data.end;
        if entry.flags & DESCRIPTOR != 0 {
            let next = self.entries.iter().map(|e| e.header).filter(|&h| h >= end).min().unwrap_or(self.directory.start);
            // With or without signature, 32 or 64 bits; a larger gap is something else and stays.
            if matches!(next - end, 12 | 16 | 20 | 24) {
                end = next;
            }
        }
        end
    }

    fn append(&self, out: &mut Vec<u8>, entry: &Entry, content: &mut Content<'_>) -> io::Result<Numbers> {
        let old = &self.bytes[entry.header..entry.data.start];
        let begin = out.len();
        out.extend_from_slice(old);
        // The extra fields stay but for zip64's: nothing here is that large.
        let name_end = 30 + usize::from(u16_at(old, 26).unwrap_or(0));
        let extra = without_zip64(old.get(name_end..).unwrap_or_default());
        out.truncate(begin + name_end);
        out.extend_from_slice(&extra);
        put16(out, begin + 28, extra.len())?;
        let data = out.len();
        let mut counted = Counted { crc: Hasher::new(), size: 0 };
        if entry.method == STORED {
            content(&mut Tee { counted: &mut counted, out: &mut *out })?;
        } else {
            // Excel itself packs with the fastest level.
            let mut encoder = DeflateEncoder::new(&mut *out, Compression::fast());
            let mut buffered = BufWriter::with_capacity(64 << 10, Tee { counted: &mut counted, out: &mut encoder });
            content(&mut buffered)?;
            buffered.flush()?;
            drop(buffered);
            encoder.finish()?;
        }
        let numbers = Numbers { crc: counted.crc.finalize(), packed: out.len() - data, size: counted.size };
        put16(out, begin + 6, usize::from(entry.flags & !DESCRIPTOR))?;
        put32(out, begin + 14, numbers.crc as usize)?;
        put32(out, begin + 18, numbers.packed)?;
        put32(out, begin + 22, numbers.size)?;
        Ok(numbers)
    }

    fn append_directory(&self, out: &mut Vec<u8>, done: &[(usize, usize, Option<Numbers>)]) -> io::Result<()> {
        let bytes = self.bytes;
        // By how much what stands behind a replaced entry has moved.
        let mut shifts: Vec<(usize, isize)> = Vec::new();
        let mut shift = 0_isize;
        for (index, until, numbers) in done {
            let entry = &self.entries[*index];
            let new_length = numbers.as_ref().map_or(0, |n| n.length(entry, bytes));
            shift += new_length.cast_signed() - (until - entry.header).cast_signed();
            shifts.push((*until, shift));
        }
        let moved = |place: usize| shifts.iter().rev().find(|(from, _)| place >= *from).map_or(0, |(_, by)| *by);
        let begin = out.len();
        let mut position = self.directory.start;
        let mut removed = 0_usize;
        for (index, entry) in self.entries.iter().enumerate() {
            let replaced = done.iter().find(|(i, ..)| *i == index).map(|(.., numbers)| numbers);
            out.extend_from_slice(&bytes[position..entry.record.start]);
            position = entry.record.end;
            match replaced {
                None => {
                    let at = out.len();
                    out.extend_from_slice(&bytes[entry.record.clone()]);
                    let (place, wide) = entry.offset_at;
                    add(out, at + (place - entry.record.start), wide, moved(entry.header))?;
                }
                Some(None) => removed += 1,
                Some(Some(numbers)) => append_record(out, entry, bytes, numbers, moved(entry.header))?,
            }
        }
        out.extend_from_slice(&bytes[position..self.directory.end]);
        let length = out.len() - begin;
        let behind = moved(self.directory.start);
        let grown = length.cast_signed() - self.directory.len().cast_signed();
        let tail = out.len();
        out.extend_from_slice(&bytes[self.directory.end..]);
        let removed = -removed.cast_signed();
        let place = |at: usize| tail + (at - self.directory.end);
        if let Some(end_64) = self.end_64 {
            for (at, by) in [(24, removed), (32, removed), (40, grown), (48, behind)] {
                add(out, place(end_64) + at, true, by)?;
            }
            add(out, place(self.end) - 20 + 8, true, behind + grown)?;
        }
        // Numbers that only the zip64 record holds are all ones here.
        for (at, by) in [(8, removed), (10, removed)] {
            if let Some(old) = u16_at(out, place(self.end) + at).filter(|&n| n != u16::MAX) {
                put16(out, place(self.end) + at, usize::from(old).saturating_add_signed(by))?;
            }
        }
        for (at, by) in [(12, grown), (16, behind)] {
            add(out, place(self.end) + at, false, by)?;
        }
        Ok(())
    }
}

/// Writes the new unpacked bytes of an entry.
pub(super) type Content<'c> = Box<dyn FnMut(&mut dyn io::Write) -> io::Result<()> + 'c>;

/// What the headers say of an entry.
#[derive(Debug)]
struct Numbers {
    crc: u32,
    packed: usize,
    size: usize,
}

impl Numbers {
    /// Local header and data.
    fn length(&self, entry: &Entry, bytes: &[u8]) -> usize {
        let old = &bytes[entry.header..entry.data.start];
        let name_end = 30 + usize::from(u16_at(old, 26).unwrap_or(0));
        name_end + without_zip64(old.get(name_end..).unwrap_or_default()).len() + self.packed
    }
}

struct Counted {
    crc: Hasher,
    size: usize,
}

struct Tee<'t, W> {
    counted: &'t mut Counted,
    out: W,
}

impl<W: io::Write> io::Write for Tee<'_, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buf)?;
        self.counted.crc.update(&buf[..n]);
        self.counted.size += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn put16(out: &mut [u8], at: usize, value: usize) -> io::Result<()> {
    let value = u16::try_from(value).map_err(io::Error::other)?;
    out[at..at + 2].copy_from_slice(&value.to_le_bytes());
    Ok(())
}

fn put32(out: &mut [u8], at: usize, value: usize) -> io::Result<()> {
    let value = u32::try_from(value).map_err(io::Error::other)?;
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Ok(())
}

/// Adds to a number of 4 or 8 bytes; one that is all ones says that the number stands elsewhere, and stays.
fn add(out: &mut [u8], at: usize, wide: bool, by: isize) -> io::Result<()> {
    let broken = || io::Error::other("ZIPの目次が壊れています");
    if wide {
        let old = u64_at(out, at).ok_or_else(broken)?;
        let new = old.checked_add_signed(by as i64).ok_or_else(broken)?;
        out[at..at + 8].copy_from_slice(&new.to_le_bytes());
    } else {
        let old = u32_at(out, at).ok_or_else(broken)?;
        if old != u32::MAX {
            let new = (old as usize).checked_add_signed(by).ok_or_else(broken)?;
            put32(out, at, new)?;
        }
    }
    Ok(())
}

fn append_record(out: &mut Vec<u8>, entry: &Entry, bytes: &[u8], numbers: &Numbers, moved: isize) -> io::Result<()> {
    let old = &bytes[entry.record.clone()];
    let (name, extra) = (usize::from(u16_at(old, 28).unwrap_or(0)), usize::from(u16_at(old, 30).unwrap_or(0)));
    let kept = without_zip64(old.get(46 + name..46 + name + extra).unwrap_or_default());
    let begin = out.len();
    out.extend_from_slice(&old[..46 + name]);
    out.extend_from_slice(&kept);
    out.extend_from_slice(old.get(46 + name + extra..).unwrap_or_default());
    put16(out, begin + 8, usize::from(entry.flags & !DESCRIPTOR))?;
    put32(out, begin + 16, numbers.crc as usize)?;
    put32(out, begin + 20, numbers.packed)?;
    put32(out, begin + 24, numbers.size)?;
    put16(out, begin + 30, kept.len())?;
    let header = entry.header.checked_add_signed(moved).ok_or_else(|| io::Error::other("ZIPの目次が壊れています"))?;
    put32(out, begin + 42, header)
}

/// Extra fields but for zip64's.
fn without_zip64(mut extra: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = (4 + usize::from(length)).min(extra.len());
        if id != 1 {
            kept.extend_from_slice(&extra[..end]);
        }
        extra = &extra[end..];
    }
    kept.extend_from_slice(extra);
    kept
}

/// The end record, zip64's, the directory's place, and how many entries it says it has.
type Directory = (usize, Option<usize>, Range<usize>, u64);

fn find_directory(bytes: &[u8]) -> Option<Directory> {
    let from = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
    let end = from + memchr::memmem::rfind(&bytes[from..], END)?;
    u16_at(bytes, end + 20)?;
    let (mut count, mut length, mut offset) =
        (u64::from(u16_at(bytes, end + 10)?), u64::from(u32_at(bytes, end + 12)?), u64::from(u32_at(bytes, end + 16)?));
    let mut end_64 = None;
    if let Some(locator) = end.checked_sub(20).filter(|&at| bytes[at..].starts_with(LOCATOR_64)) {
        let at = size(u64_at(bytes, locator + 8)?)?;
        if !bytes.get(at..locator)?.starts_with(END_64) {
            return None;
        }
        (count, length, offset) = (u64_at(bytes, at + 32)?, u64_at(bytes, at + 40)?, u64_at(bytes, at + 48)?);
        end_64 = Some(at);
    }
    let start = size(offset)?;
    let directory = start..start.checked_add(size(length)?)?;
    (directory.end <= end_64.unwrap_or(end)).then_some((end, end_64, directory, count))
}

fn read_record(bytes: &[u8], at: usize) -> Option<Entry> {
    let record = bytes.get(at..)?;
    let (flags, method, crc) = (u16_at(record, 8)?, u16_at(record, 10)?, u32_at(record, 16)?);
    let (mut packed, mut unpacked) = (u64::from(u32_at(record, 20)?), u64::from(u32_at(record, 24)?));
    let lengths: Vec<usize> = [28, 30, 32].iter().map(|&p| u16_at(record, p).map(usize::from)).collect::<Option<_>>()?;
    let mut offset = u64::from(u32_at(record, 42)?);
    let mut offset_at = (at + 42, false);
    let name = record.get(46..46 + lengths[0])?;
    let extra_at = 46 + lengths[0];
    let extra_end = extra_at + lengths[1];
    record.get(extra_at..extra_end)?;
    let mut field = extra_at;
    while field + 4 <= extra_end {
        let (id, length) = (u16_at(record, field)?, u16_at(record, field + 2)?);
        if id == 1 {
            // Only the numbers that are all ones in the record stand here, in this order.
            let mut number_at = field + 4;
            for number in [&mut unpacked, &mut packed] {
                if *number == u64::from(u32::MAX) {
                    *number = u64_at(record, number_at)?;
                    number_at += 8;
                }
            }
            if offset == u64::from(u32::MAX) {
                offset = u64_at(record, number_at)?;
                offset_at = (at + number_at, true);
            }
        }
        field += 4 + usize::from(length);
    }
    let header = size(offset)?;
    if !bytes.get(header..)?.starts_with(LOCAL) {
        return None;
    }
    let start = header + 30 + usize::from(u16_at(bytes, header + 26)?) + usize::from(u16_at(bytes, header + 28)?);
    let data = start..start.checked_add(size(packed)?)?;
    if data.end > bytes.len() {
        return None;
    }
    let name = match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) if flags & UTF8 != 0 => return None,
        Err(_) => name.iter().map(|&b| char::from(b)).collect(),
    };
    let name = name.replace('\\', "/").trim_start_matches('/').to_owned();
    let record = at..at + extra_at + lengths[1] + lengths[2];
    (record.end <= bytes.len()).then_some(Entry { name, data, size: unpacked, flags, method, crc, header, record, offset_at })
}

enum Source<'a> {
    Stored(&'a [u8]),
    Deflated(DeflateDecoder<&'a [u8]>),
}

/// Unpacks an entry.
pub(super) struct EntryReader<'a> {
    source: Source<'a>,
    crc: Hasher,
    expected: u32,
}

impl Read for EntryReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.source {
            Source::Stored(bytes) => bytes.read(buf)?,
            Source::Deflated(decoder) => decoder.read(buf)?,
        };
        self.crc.update(&buf[..n]);
        if n == 0 && !buf.is_empty() && self.crc.clone().finalize() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "チェックサムが合いません"));
        }
        Ok(n)
    }
}
