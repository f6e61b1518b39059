//! The package around a workbook: a zip whose relationships say which part is what (ECMA-376 part 2; ISO/IEC 29500-2).

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Cursor, Read};
use std::time::Instant;

use super::archive::{Archive, Entry, EntryReader};
use super::charset::{self, Charset};
use super::read::ReadError;
use super::token::Kind;
use super::values::append;
use super::xml::{Tokens, XmlError};
use super::{Limits, Visibility};

/// The largest part that may have to be kept whole: of which all that it says is kept, or whose text has to be decoded.
const WHOLE: u64 = 16 << 20;

/// The most sheets and defined names, or relationships of one part, that are taken.
const MAX_LISTED: usize = 100_000;

/// A worksheet as the workbook part lists it.
#[derive(Debug, Clone)]
pub(super) struct SheetPart {
    pub name: String,
    pub visibility: Visibility,
    /// Its number in the workbook, by which other parts name it.
    pub id: u32,
    /// The entry's name in the zip.
    pub entry: String,
}

/// An opened package, and what its workbook part says.
pub(super) struct Package<'a> {
    pub archive: Archive<'a>,
    /// Worksheets in tab order; chart, dialog and macro sheets are left out.
    pub sheets: Vec<SheetPart>,
    /// Defined names and what they stand for.
    pub names: Vec<(String, String)>,
    /// Days count from 1904 on.
    pub date1904: bool,
    /// The workbook part's path.
    pub workbook: String,
    /// The workbook part's relationships.
    pub relationships: Vec<Relationship>,
    limits: Limits,
    deadline: Cell<Instant>,
    /// Bytes that may still be unpacked.
    budget: Cell<u64>,
}

/// What the first bytes of a file say it is, where it is no zip.
fn kind_of(bytes: &[u8]) -> Option<ReadError> {
    const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    if bytes.is_empty() {
        return Some(ReadError::Empty);
    }
    if bytes.starts_with(&OLE) {
        // Stream names in an OLE container are UTF-16LE; an encrypted workbook is a stream of that name (MS-OFFCRYPTO, 2.3).
        let holds = |name: &str| {
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            memchr::memmem::find(bytes, &name).is_some()
        };
        return Some(if holds("EncryptedPackage") {
            ReadError::Encrypted
        // Excel writes "Workbook" and, before 97, "Book"; to the container capitals are the same (MS-CFB, 2.6.4).
        } else if ["Workbook", "Book", "WORKBOOK", "BOOK", "workbook", "book"].into_iter().any(holds) {
            ReadError::LegacyXls
        } else {
            ReadError::OtherProgram
        });
    }
    // The BOF record without a container around it: of 4 to 16 bytes, in each version a little longer.
    if let [0x09, 0x00 | 0x02 | 0x04 | 0x08, 4..=16, 0x00, ..] = bytes {
        return Some(ReadError::AncientXls);
    }
    (!bytes.starts_with(b"PK")).then_some(ReadError::NotAZip)
}

impl<'a> Package<'a> {
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, ReadError> {
        if bytes.len() > limits.file_bytes {
            return Err(ReadError::TooLarge { limit_mb: limits.file_bytes >> 20 });
        }
        if let Some(error) = kind_of(bytes) {
            return Err(error);
        }
        let archive = Archive::open(bytes, limits.entries)?;
        let claimed = archive.entries.iter().fold(0_u64, |sum, e| sum.saturating_add(e.size));
        if claimed > limits.unpacked_bytes {
            return Err(ReadError::Bomb { limit_mb: limits.unpacked_bytes >> 20 });
        }
        let mut package = Self {
            archive,
            sheets: Vec::new(),
            names: Vec::new(),
            date1904: false,
            workbook: String::new(),
            relationships: Vec::new(),
            limits: *limits,
            deadline: Cell::new(Instant::now() + limits.time),
            budget: Cell::new(limits.unpacked_bytes),
        };
        let root = package.relationships_of("")?;
        let named = root.iter().find(|r| r.kind.ends_with("/officeDocument")).map(|r| r.target.clone());
        let workbook = named.or_else(|| package.archive.find("xl/workbook.xml").map(|e| e.name.clone()));
        package.workbook = workbook.ok_or_else(|| package.what_else())?;
        package.relationships = package.relationships_of(&package.workbook)?;
        package.read_workbook()?;
        Ok(package)
    }

    /// Why a zip without a workbook part is none.
    fn what_else(&self) -> ReadError {
        let ods = self.archive.find("mimetype").is_some() && self.archive.find("content.xml").is_some();
        if ods { ReadError::OpenDocument } else { ReadError::NotAWorkbook }
    }

    /// The entry of that name, whatever its letters' case and whether `%20` stands for a blank.
    pub fn entry(&self, name: &str) -> Result<&Entry, ReadError> {
        self.find(name).ok_or_else(|| ReadError::MissingPart(name.to_owned()))
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.archive.find(name).or_else(|| self.archive.find(&percent_decoded(name)?))
    }

    /// A part, ready to be gone through several times: held in memory up to [`Limits::held_bytes`].
    pub fn load(&self, entry: &Entry) -> Result<Part<'_>, ReadError> {
        self.load_up_to(entry, self.limits.held_bytes)
    }

    /// A part of which all that it says is kept.
    fn load_small(&self, entry: &Entry) -> Result<Part<'_>, ReadError> {
        let part = self.load_up_to(entry, WHOLE)?;
        let small = part.kept.is_some();
        if small { Ok(part) } else { Err(ReadError::Unreasonable(entry.name.clone(), "大きすぎます".to_owned())) }
    }

    fn load_up_to(&self, entry: &Entry, held: u64) -> Result<Part<'_>, ReadError> {
        let (bytes, charset) = match self.unpack_whole(entry, held) {
            Some(bytes) => {
                let charset = charset::sniff(&bytes[..bytes.len().min(256)]);
                (bytes, charset)
            }
            None => {
                let failed = |e: io::Error| self.error(&entry.name, e.into());
                let mut source = self.unpack(entry)?;
                let mut bytes = Vec::with_capacity(usize::try_from(entry.size.min(held)).unwrap_or(0));
                source.by_ref().take(256).read_to_end(&mut bytes).map_err(failed)?;
                let charset = charset::sniff(&bytes);
                if charset.is_none() && entry.size > held {
                    return Ok(Part { package: self, entry: entry.clone(), kept: None, charset });
                }
                // It may be longer than it says.
                let most = held.max(WHOLE);
                source.take(most).read_to_end(&mut bytes).map_err(failed)?;
                if bytes.len() as u64 > most {
                    return Err(ReadError::Unreasonable(entry.name.clone(), "大きさが正しくありません".to_owned()));
                }
                (bytes, charset)
            }
        };
        let kept = match charset {
            None => bytes,
            Some(charset) => {
                // What does not come back as it was can't be edited, and what is no text can't be read.
                let text = charset.decode(&bytes).filter(|text| charset.encode(text) == bytes);
                text.ok_or_else(|| ReadError::NotText(entry.name.clone()))?.into_bytes()
            }
        };
        Ok(Part { package: self, entry: entry.clone(), kept: Some(kept), charset })
    }

    /// The unpacked bytes of an entry of at most `held` bytes, at once, where nothing is wrong with it; for any other,
    /// [`Self::unpack`] says what.
    fn unpack_whole(&self, entry: &Entry, held: u64) -> Option<Vec<u8>> {
        let budget = self.budget.get();
        if entry.size > held.min(budget) || self.check_time().is_err() {
            return None;
        }
        let bytes = self.archive.read_whole(entry)?;
        self.budget.set(budget - entry.size);
        Some(bytes)
    }

    /// The unpacked bytes of an entry, piece by piece, within the limits.
    fn unpack(&self, entry: &Entry) -> Result<Unpacked<'_>, ReadError> {
        let packed = entry.data.len() as u64;
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(64 << 20);
        Ok(Unpacked { source: self.archive.read(entry)?, left: by_ratio, package: self })
    }

    /// What a failure of reading `part` says to a person.
    pub fn error(&self, part: &str, error: XmlError) -> ReadError {
        match error {
            XmlError::Source(e) => match e.get_ref().and_then(|e| e.downcast_ref::<OverLimit>()) {
                Some(OverLimit::Size) => ReadError::Bomb { limit_mb: self.limits.unpacked_bytes >> 20 },
                Some(OverLimit::Time) => self.too_slow(),
                None => ReadError::BadPart(part.to_owned()),
            },
            XmlError::Doctype => ReadError::Doctype(part.to_owned()),
            XmlError::TooDeep | XmlError::TooLong => ReadError::Unreasonable(part.to_owned(), error.to_string()),
            XmlError::Malformed => ReadError::BadXml(part.to_owned()),
        }
    }

    /// An error once the time is used up.
    pub fn check_time(&self) -> Result<(), ReadError> {
        if Instant::now() > self.deadline.get() { Err(self.too_slow()) } else { Ok(()) }
    }

    fn too_slow(&self) -> ReadError {
        ReadError::TooSlow { seconds: self.limits.time.as_secs() }
    }

    /// Lets as many bytes be unpacked again, in as much time: for the next pass over a part.
    pub fn renew(&self) {
        self.budget.set(self.limits.unpacked_bytes);
        self.deadline.set(Instant::now() + self.limits.time);
    }

    /// The relationships of a part (`""`: of the package), their targets as entries' names; none where there are none.
    pub fn relationships_of(&self, path: &str) -> Result<Vec<Relationship>, ReadError> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let name = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
        let Some(entry) = self.find(&name) else { return Ok(Vec::new()) };
        let part = self.load_small(entry)?;
        let mut tokens = part.tokens();
        let mut found = Vec::new();
        while let Some(token) = tokens.next().map_err(|e| self.error(&name, e))? {
            if token.opens() && token.local() == b"Relationship" && token.raw_attribute("TargetMode") != Some(b"External") {
                let text = |name| token.attribute(name).unwrap_or_default().into_owned();
                if found.len() == MAX_LISTED {
                    return Err(ReadError::Unreasonable(name, "関連付けが多すぎます".to_owned()));
                }
                found.push(Relationship { id: text("Id"), kind: text("Type"), target: resolve(folder, &text("Target")) });
            }
        }
        Ok(found)
    }

    fn read_workbook(&mut self) -> Result<(), ReadError> {
        let path = self.workbook.clone();
        if path.to_ascii_lowercase().ends_with(".bin") {
            return Err(ReadError::BinaryWorkbook);
        }
        let entry = self.find(&path).ok_or(ReadError::NotAWorkbook)?;
        let part = self.load_small(entry)?;
        let mut tokens = part.tokens();
        let mut sheets = Vec::new();
        let mut names: Vec<(String, String)> = Vec::new();
        let mut date1904 = false;
        let mut in_name = false;
        let mut is_workbook = false;
        let mut left = MAX_LISTED;
        let worksheets = self.relationships.iter().filter(|r| r.kind.ends_with("/worksheet"));
        let worksheets: HashMap<&str, &str> = worksheets.map(|r| (r.id.as_str(), r.target.as_str())).collect();
        while let Some(token) = tokens.next().map_err(|e| self.error(&path, e))? {
            match (token.opens(), token.local()) {
                (true, b"workbook") if token.depth == 0 => is_workbook = true,
                (true, b"workbookPr") => date1904 = token.flag("date1904"),
                (true, b"sheet") => {
                    let id = token.prefixed_attribute("id").unwrap_or_default();
                    let entry = worksheets.get(&*id).map(|&e| e.to_owned());
                    let visibility = match token.raw_attribute("state") {
                        Some(b"hidden") => Visibility::Hidden,
                        Some(b"veryHidden") => Visibility::VeryHidden,
                        _ => Visibility::Visible,
                    };
                    let name = token.attribute("name").unwrap_or_default().into_owned();
                    let id = token.number("sheetId").unwrap_or(0);
                    sheets.extend(entry.map(|entry| SheetPart { name, visibility, id, entry }));
                    left -= 1;
                }
                (true, b"definedName") => {
                    in_name = token.kind == Kind::Start;
                    names.push((token.attribute("name").unwrap_or_default().into_owned(), String::new()));
                    left -= 1;
                }
                (false, b"definedName") => in_name = false,
                _ if in_name => names.iter_mut().next_back().into_iter().for_each(|(_, to)| append(to, &token.text())),
                _ => {}
            }
            if left == 0 {
                return Err(ReadError::Unreasonable(path, "シートや名前の定義が多すぎます".to_owned()));
            }
        }
        drop(tokens);
        drop(part);
        (self.sheets, self.names, self.date1904) = (sheets, names, date1904);
        if is_workbook { Ok(()) } else { Err(ReadError::NotAWorkbook) }
    }
}

/// A part that can be gone through several times.
pub(super) struct Part<'p> {
    package: &'p Package<'p>,
    pub entry: Entry,
    /// All of it, as UTF-8; `None` for a large one.
    kept: Option<Vec<u8>>,
    /// How its bytes are encoded where that is not UTF-8.
    pub charset: Option<Charset>,
}

impl Part<'_> {
    /// All of it, as UTF-8; `None` for a large one.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.kept.as_deref()
    }

    /// Its text as UTF-8, from the begin.
    pub fn reader(&self) -> Box<dyn Read + '_> {
        match &self.kept {
            Some(bytes) => Box::new(Cursor::new(bytes)),
            None => match self.package.unpack(&self.entry) {
                Ok(reader) => Box::new(reader),
                // `load` has unpacked its begin; an empty part is no XML, so nothing is taken for what it is not.
                Err(_) => Box::new(io::empty()),
            },
        }
    }

    /// Its tokens, from the begin.
    pub fn tokens(&self) -> Tokens<'_> {
        let depth = self.package.limits.xml_depth;
        match &self.kept {
            Some(bytes) => Tokens::of(bytes, depth),
            None => Tokens::from_reader(self.reader(), depth),
        }
    }
}

/// Which limit was met, inside an [`io::Error`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum OverLimit {
    #[error("展開後の大きさが上限を超えました")]
    Size,
    #[error("時間の上限を超えました")]
    Time,
}

/// An entry's bytes, counted.
struct Unpacked<'p> {
    source: EntryReader<'p>,
    left: u64,
    package: &'p Package<'p>,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        let used = n as u64;
        if Instant::now() > self.package.deadline.get() {
            return Err(io::Error::other(OverLimit::Time));
        }
        let budget = self.package.budget.get();
        if used > self.left || used > budget {
            return Err(io::Error::other(OverLimit::Size));
        }
        self.left -= used;
        self.package.budget.set(budget - used);
        Ok(n)
    }
}

/// What a part is tied to.
#[derive(Debug, Clone)]
pub(super) struct Relationship {
    pub id: String,
    /// The type's URI; strict and transitional files differ in all but its last segment.
    pub kind: String,
    /// The entry's name.
    pub target: String,
}

/// The entry a relationship's target names, seen from `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let joined = if target.starts_with('/') || folder.is_empty() { target } else { format!("{folder}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn percent_decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let hex =
            (b == b'%').then(|| std::str::from_utf8(after.get(..2)?).ok()).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        bytes.push(hex.unwrap_or(b));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}
