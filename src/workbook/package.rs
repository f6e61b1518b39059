//! The package around a workbook: a zip whose relationships say which part is what (ECMA-376 part 2; ISO/IEC 29500-2).

use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::Visibility;
use super::read::ReadError;
use super::Limits;

/// A worksheet as the workbook part lists it.
#[derive(Debug, Clone)]
pub(super) struct SheetPart {
    pub name: String,
    pub visibility: Visibility,
    /// The entry's name in the zip.
    pub entry: String,
}

/// An opened package, and what its workbook part says.
pub(super) struct Package<'a> {
    pub zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Worksheets in tab order; chart and dialog sheets are left out.
    pub sheets: Vec<SheetPart>,
    /// Defined names and what they stand for.
    pub names: Vec<(String, String)>,
    limit: u64,
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
            bytes.windows(name.len()).any(|w| w == name)
        };
        return Some(if holds("EncryptedPackage") {
            ReadError::Encrypted
        } else if holds("Workbook") || holds("Book") {
            ReadError::LegacyXls
        } else {
            ReadError::OtherProgram
        });
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
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ReadError::Damaged)?;
        if zip.len() > limits.entries {
            return Err(ReadError::TooManyParts { limit: limits.entries });
        }
        if zip.decompressed_size().is_some_and(|size| size > u128::from(limits.unpacked_bytes)) {
            return Err(ReadError::Bomb { limit_mb: limits.unpacked_bytes >> 20 });
        }
        let root = part(&mut zip, "_rels/.rels", limits.unpacked_bytes)?.ok_or(ReadError::NotAWorkbook)?;
        let workbook = relationships(&root)?
            .into_iter()
            .find(|r| r.kind.ends_with("/officeDocument"))
            .map(|r| resolve("", &r.target))
            .ok_or(ReadError::NotAWorkbook)?;
        let mut package = Self { zip, sheets: Vec::new(), names: Vec::new(), limit: limits.unpacked_bytes };
        package.read_workbook(&workbook)?;
        Ok(package)
    }

    /// The text of a part; a byte order mark stays in place.
    pub fn text(&mut self, entry: &str) -> Result<String, ReadError> {
        part(&mut self.zip, entry, self.limit)?.ok_or_else(|| ReadError::MissingPart(entry.to_owned()))
    }

    fn read_workbook(&mut self, path: &str) -> Result<(), ReadError> {
        let xml = part(&mut self.zip, path, self.limit)?.ok_or(ReadError::NotAWorkbook)?;
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let rels_path = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
        let rels = match part(&mut self.zip, &rels_path, self.limit)? {
            Some(rels) => relationships(&rels)?,
            None => Vec::new(),
        };
        let mut reader = Reader::from_str(&xml);
        let mut name: Option<String> = None;
        let mut is_workbook = false;
        loop {
            match reader.read_event().map_err(|_| ReadError::BadXml(path.to_owned()))? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().as_ref() {
                    "workbook" => is_workbook = true,
                    "sheet" => {
                        let id = attribute(&e, "id").unwrap_or_default();
                        let sheet_name = attribute(&e, "name").unwrap_or_default();
                        let visibility = match attribute(&e, "state").as_deref() {
                            Some("hidden") => Visibility::Hidden,
                            Some("veryHidden") => Visibility::VeryHidden,
                            _ => Visibility::Visible,
                        };
                        if let Some(rel) = rels.iter().find(|r| r.id == id && r.kind.ends_with("/worksheet")) {
                            self.sheets.push(SheetPart { name: sheet_name, visibility, entry: resolve(folder, &rel.target) });
                        }
                    }
                    "definedName" => {
                        name = attribute(&e, "name");
                        if let Some(n) = &name {
                            self.names.push((n.clone(), String::new()));
                        }
                    }
                    _ => {}
                },
                Event::Text(t) if name.is_some() => push_text(&mut self.names, &t.xml10_content()),
                Event::GeneralRef(r) if name.is_some() => push_text(&mut self.names, entity(&r.xml10_content())),
                Event::End(e) if e.local_name().as_ref() == "definedName" => name = None,
                Event::DocType(_) => return Err(ReadError::BadXml(path.to_owned())),
                Event::Eof => break,
                _ => {}
            }
        }
        if !is_workbook {
            return Err(ReadError::NotAWorkbook);
        }
        Ok(())
    }
}

fn push_text(names: &mut [(String, String)], text: &str) {
    if let Some((_, refers_to)) = names.last_mut() {
        refers_to.push_str(text);
    }
}

/// The character a predefined entity stands for; nothing for any other, since workbooks declare none.
pub(super) fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

/// The value of the attribute with that local name.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|a| a.key.local_name().as_ref() == name)
        .and_then(|a| a.normalized_value(XmlVersion::Implicit1_0).ok().map(|v| v.into_owned()))
}

struct Relationship {
    id: String,
    kind: String,
    target: String,
}

fn relationships(xml: &str) -> Result<Vec<Relationship>, ReadError> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().map_err(|_| ReadError::BadXml("_rels".to_owned()))? {
            Event::Start(e) | Event::Empty(e) if e.local_name().as_ref() == "Relationship" => found.push(Relationship {
                id: attribute(&e, "Id").unwrap_or_default(),
                kind: attribute(&e, "Type").unwrap_or_default(),
                target: attribute(&e, "Target").unwrap_or_default(),
            }),
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The entry a relationship's target names, seen from `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let joined = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None if folder.is_empty() => target.to_owned(),
        None => format!("{folder}/{target}"),
    };
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

/// The text of the entry of that name, whatever its letters' case; `None` where there is none.
fn part(zip: &mut ZipArchive<Cursor<&[u8]>>, name: &str, limit: u64) -> Result<Option<String>, ReadError> {
    let index = zip.index_for_name(name).or_else(|| {
        (0..zip.len()).find(|&i| zip.name_for_index(i).and_then(Result::ok).is_some_and(|n| n.eq_ignore_ascii_case(name)))
    });
    let Some(index) = index else { return Ok(None) };
    let file = zip.by_index(index).map_err(|_| ReadError::Damaged)?;
    let mut bytes = Vec::new();
    // The size the directory declares may be a lie: what is really unpacked is what counts.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|_| ReadError::Damaged)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::Bomb { limit_mb: limit >> 20 });
    }
    String::from_utf8(bytes).map(Some).map_err(|_| ReadError::NotUtf8(name.to_owned()))
}
