//! Patches of a part: stretches of it that are replaced. All else is copied, byte for byte.

use std::io::{self, Read, Write};
use std::ops::Range;

/// A stretch of a part and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub span: Range<u64>,
    pub text: String,
}

/// Puts the bytes of a part with the patches (in order, none overlapping) put in behind `out`; `None` where they do not fit it.
pub(super) fn splice_onto(out: &mut Vec<u8>, before: &[u8], patches: &[Patch]) -> Option<()> {
    let mut position = 0;
    for patch in patches {
        out.extend_from_slice(before.get(position..usize::try_from(patch.span.start).ok()?)?);
        out.extend_from_slice(patch.text.as_bytes());
        position = usize::try_from(patch.span.end).ok()?;
    }
    out.extend_from_slice(before.get(position..)?);
    Some(())
}

/// The bytes of a part with the patches put in.
pub(super) fn spliced(before: &[u8], patches: &[Patch]) -> Option<Vec<u8>> {
    let mut after = Vec::with_capacity(most_spliced(before, patches));
    splice_onto(&mut after, before, patches)?;
    Some(after)
}

/// How long the part is at most with the patches put in.
pub(super) fn most_spliced(before: &[u8], patches: &[Patch]) -> usize {
    before.len() + patches.iter().map(|p| p.text.len()).sum::<usize>()
}

/// Whether `after` is `before` with the patches put in, and nothing else.
pub(super) fn is_spliced(before: &[u8], patches: &[Patch], mut after: &[u8]) -> bool {
    let mut position = 0;
    for patch in patches {
        let place =
            usize::try_from(patch.span.start).ok().zip(usize::try_from(patch.span.end).ok()).filter(|(from, to)| from <= to);
        let kept = place.and_then(|(from, to)| Some((before.get(position..from)?, to)));
        let rest = kept.and_then(|(kept, to)| Some((after.strip_prefix(kept)?.strip_prefix(patch.text.as_bytes())?, to)));
        let Some((rest, to)) = rest else { return false };
        (after, position) = (rest, to);
    }
    before.get(position..) == Some(after)
}

/// Copies `source`, which begins at the part's byte `from`, to `out` with the patches (in order, none overlapping) put in.
pub(super) fn apply(mut source: impl Read, from: u64, patches: &[Patch], out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = vec![0; 32 << 10];
    let mut position = from;
    for patch in patches {
        pass(&mut source, patch.span.start.checked_sub(position), &mut buffer, |bytes| out.write_all(bytes))?;
        pass(&mut source, patch.span.end.checked_sub(patch.span.start), &mut buffer, |_| Ok(()))?;
        out.write_all(patch.text.as_bytes())?;
        position = patch.span.end;
    }
    io::copy(&mut source, out)?;
    Ok(())
}

/// Reads exactly `length` bytes, which are shown to `see` piece by piece.
fn pass(
    source: &mut impl Read,
    length: Option<u64>,
    buffer: &mut [u8],
    mut see: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut left = length.ok_or_else(|| io::Error::other("書き込み箇所が重なっています"))?;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match source.read(&mut buffer[..most])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                see(&buffer[..n])?;
                left -= n as u64;
            }
        }
    }
    Ok(())
}

/// Gives the bytes of `after` while holding them against `before` with the patches put in; the first difference is an error.
pub(super) struct Compared<'p, A, B> {
    after: A,
    before: B,
    /// The patches that are still to come, and how much of the first one's text has been met.
    patches: &'p [Patch],
    met: usize,
    /// The place in `before`.
    position: u64,
    scratch: Vec<u8>,
}

impl<'p, A: Read, B: Read> Compared<'p, A, B> {
    pub fn new(after: A, before: B, patches: &'p [Patch]) -> Self {
        Self { after, before, patches, met: 0, position: 0, scratch: Vec::new() }
    }

    /// Whether `bytes` are what must come next.
    fn compare(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        loop {
            // What is put in comes before what stands at its place.
            while let Some(patch) = self.patches.first().filter(|p| p.span.start == self.position) {
                let rest = &patch.text.as_bytes()[self.met..];
                let n = rest.len().min(bytes.len());
                if rest[..n] != bytes[..n] {
                    return Ok(false);
                }
                self.met += n;
                bytes = &bytes[n..];
                if n < rest.len() {
                    return Ok(true);
                }
                self.scratch.resize(self.scratch.len().max(1 << 10), 0);
                pass(&mut self.before, patch.span.end.checked_sub(patch.span.start), &mut self.scratch, |_| Ok(()))?;
                self.position = patch.span.end;
                self.patches = &self.patches[1..];
                self.met = 0;
            }
            if bytes.is_empty() {
                return Ok(true);
            }
            let until = self.patches.first().map_or(u64::MAX, |p| p.span.start);
            let Some(gap) = until.checked_sub(self.position) else { return Ok(false) };
            let n = usize::try_from(gap).unwrap_or(usize::MAX).min(bytes.len());
            if self.scratch.len() < n {
                self.scratch.resize(n, 0);
            }
            match self.before.read_exact(&mut self.scratch[..n]) {
                Ok(()) if self.scratch[..n] == bytes[..n] => {}
                Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(e),
                _ => return Ok(false),
            }
            self.position += n as u64;
            bytes = &bytes[n..];
        }
    }
}

impl<A: Read, B: Read> Read for Compared<'_, A, B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.after.read(buf)?;
        let mut good = self.compare(&buf[..n])?;
        if n == 0 && !buf.is_empty() {
            good &= self.patches.is_empty() && self.before.read(&mut [0])? == 0;
        }
        if good { Ok(n) } else { Err(io::Error::other("書き込んだ箇所の外が変わりました")) }
    }
}
