//! Entries of a zip file replaced, with all others left to the byte: an entry that does not change keeps its local header, extra
//! fields, packed bytes and data descriptor as they are, and only offsets in the directory move.
//!
//! The result is checked by the `zip` crate (`check`).

use std::io;

use super::archive::{Archive, DESCRIPTOR, Entry, u16_at, u32_at, u64_at};
use super::packing::{Content, pack};

impl Archive<'_> {
    /// The file with the named entries' contents replaced, or removed where there is none; everything else stays.
    ///
    /// Contents are (the position in `entries`, what it is to unpack to).
    pub fn replace(&self, mut replacements: Vec<(usize, Option<Content<'_>>)>) -> io::Result<Vec<u8>> {
        let bytes = self.bytes;
        replacements.sort_by_key(|(i, _)| self.entries[*i].header);
        let small: usize = replacements.iter().filter_map(|(_, content)| content.as_ref()?.small()).sum();
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16 + (1 << 12) + small);
        // What was replaced: which entry, where its bytes ended, and its new numbers.
        let mut done: Vec<(usize, usize, Option<Numbers>)> = Vec::new();
        let mut position = 0;
        for (index, content) in replacements {
            let entry = &self.entries[index];
            let until = self.end_of(entry);
            if entry.header < position || until > self.directory.start {
                return Err(io::Error::other("ZIPの部品が重なっています"));
            }
            out.extend_from_slice(&bytes[position..entry.header]);
            let numbers = match content {
                Some(content) => Some(self.append(&mut out, entry, content)?),
                None => None,
            };
            done.push((index, until, numbers));
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

    fn append(&self, out: &mut Vec<u8>, entry: &Entry, content: Content<'_>) -> io::Result<Numbers> {
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
        let (method, sum) = pack(entry, &self.bytes[entry.data.clone()], content, out)?;
        let size = usize::try_from(sum.size).map_err(io::Error::other)?;
        let numbers = Numbers { crc: sum.crc(), packed: out.len() - data, size, method };
        put16(out, begin + 6, usize::from(entry.flags & !DESCRIPTOR))?;
        put16(out, begin + 8, usize::from(numbers.method))?;
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

/// What the headers say of an entry.
#[derive(Debug)]
struct Numbers {
    crc: u32,
    packed: usize,
    size: usize,
    method: u16,
}

impl Numbers {
    /// Local header and data.
    fn length(&self, entry: &Entry, bytes: &[u8]) -> usize {
        let old = &bytes[entry.header..entry.data.start];
        let name_end = 30 + usize::from(u16_at(old, 26).unwrap_or(0));
        name_end + without_zip64(old.get(name_end..).unwrap_or_default()).len() + self.packed
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
    put16(out, begin + 10, usize::from(numbers.method))?;
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
