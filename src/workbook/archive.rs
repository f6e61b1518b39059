//! The zip container of a workbook: where each entry stands, and what it unpacks to.
//!
//! Kept by hand, since no zip library tells where its numbers stand, and `repack` must leave them as they are. The layout is
//! PKWARE's APPNOTE 6.3.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;

use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::read::ReadError;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
pub(super) const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Flag bits: encrypted; sizes and checksum behind the data; the name is UTF-8.
const ENCRYPTED: u16 = 1;
pub(super) const DESCRIPTOR: u16 = 1 << 3;
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
    pub flags: u16,
    pub method: u16,
    /// The checksum of its unpacked bytes.
    pub crc: u32,
    /// Its local header's begin, and its record in the directory.
    pub header: usize,
    pub record: Range<usize>,
    /// Where the directory says where its local header is: a place, and whether it is 8 bytes (zip64) or 4.
    pub offset_at: (usize, bool),
}

/// The directory of a zip file.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    pub bytes: &'a [u8],
    pub entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    pub directory: Range<usize>,
    /// The end record, and zip64's.
    pub end: usize,
    pub end_64: Option<usize>,
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
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

impl Archive<'_> {
    /// The unpacked bytes of an entry that is just what the directory says of it; `None` for any other.
    pub fn read_whole(&self, entry: &Entry) -> Option<Vec<u8>> {
        let data = self.bytes.get(entry.data.clone())?;
        let size = usize::try_from(entry.size).ok()?;
        let bytes = match entry.method {
            STORED => data.to_vec(),
            DEFLATED => {
                // With a byte to spare, the end of the stream is met, too.
                let mut bytes = Vec::with_capacity(size + 1);
                let end = Decompress::new(false).decompress_vec(data, &mut bytes, FlushDecompress::Finish).ok()?;
                (end == Status::StreamEnd).then_some(bytes)?
            }
            _ => return None,
        };
        (bytes.len() == size && crc32fast::hash(&bytes) == entry.crc).then_some(bytes)
    }
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
