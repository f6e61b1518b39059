//! The morphological dictionary: IPADIC, built once from the sources in Debian's package `mecab-ipadic`.
//!
//! lindera's own embedded dictionaries are downloaded while building, so they are not used. Building takes about two seconds
//! and 46 MB in the data folder; loading by mmap takes under a millisecond.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lindera::dictionary::{DictionaryBuilder, Metadata, Schema, load_fs_dictionary_with_options};

/// Where Debian's package `mecab-ipadic` puts the sources.
pub const DEBIAN_IPADIC: &str = "/usr/share/mecab/dic/ipadic";

/// Rises when this module builds the dictionary in another way, so that old folders are not taken for new ones.
const FORMAT: u32 = 1;

/// The list of the built files with their sizes; written last, so that its presence means the build came to its end.
const MANIFEST: &str = "manifest.txt";

/// The columns of IPADIC's CSV files.
const COLUMNS: [&str; 13] = [
    "surface",
    "left_context_id",
    "right_context_id",
    "cost",
    "major_pos",
    "middle_pos",
    "small_pos",
    "fine_pos",
    "conjugation_type",
    "conjugation_form",
    "base_form",
    "reading",
    "pronunciation",
];

/// Why there is no dictionary; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// The sources are not there.
    #[error(
        "日本語辞書 IPADIC のソースが {0} に見つかりません。Debian では apt-get install mecab-ipadic で入ります。\
         別の場所にある場合は、環境変数 KAITOU_IPADIC または --ipadic でフォルダを指定してください。"
    )]
    NoSource(PathBuf),
    /// The data folder cannot be written to or read.
    #[error("辞書フォルダ {path} を読み書きできません（{source}）。権限と空き容量を確認してください。")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// lindera could not build from the sources.
    #[error("{path} から日本語辞書を作れません（{message}）。mecab-ipadic を入れ直してください。")]
    Build {
        /// The folder of the sources.
        path: PathBuf,
        /// What lindera said.
        message: String,
    },
}

/// A loaded dictionary. Cheap to clone: its data is mapped from the data folder.
#[derive(Clone)]
pub struct Dictionary {
    pub(super) inner: lindera::dictionary::Dictionary,
}

impl Dictionary {
    /// Opens the dictionary in `data`, building it from `source` (by default [`DEBIAN_IPADIC`]) when it is missing, damaged
    /// or made from other sources. Two processes may do so at once: one builds, the other waits.
    ///
    /// # Errors
    /// [`DictionaryError`]
    pub fn open(data: &Path, source: Option<&Path>) -> Result<Self, DictionaryError> {
        let source = source.unwrap_or_else(|| Path::new(DEBIAN_IPADIC));
        let folder = data.join("dictionary");
        let built = folder.join(format!("ipadic-{:016x}", fingerprint(source)?));
        if let Some(inner) = load(&built) {
            return Ok(Self { inner });
        }
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.lock().map_err(at(&lock_path))?;
        // Another process may have built it while this one waited.
        if let Some(inner) = load(&built) {
            return Ok(Self { inner });
        }
        let building = folder.join("building");
        remove(&building)?;
        build(source, &building)?;
        remove(&built)?;
        fs::rename(&building, &built).map_err(at(&built))?;
        // The lock file stays: removing it would let a third process lock another file of the same name.
        drop(lock);
        load(&built).map(|inner| Self { inner }).ok_or_else(|| DictionaryError::Build {
            path: source.to_owned(),
            message: format!("作成した辞書 {} を読めません", built.display()),
        })
    }
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dictionary(IPADIC)")
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DictionaryError {
    let path = path.to_owned();
    move |source| DictionaryError::Io { path, source }
}

fn remove(path: &Path) -> Result<(), DictionaryError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(at(path)(e)),
        _ => Ok(()),
    }
}

/// IPADIC's metadata, as lindera's own IPADIC crate has it, for sources in EUC-JP.
fn metadata() -> Metadata {
    let fields = |names: &[&str]| Schema::new(names.iter().map(|&n| n.to_owned()).collect());
    let user_fields = fields(&["surface", "major_pos", "reading"]);
    Metadata::new(
        "ipadic".to_owned(),
        "EUC-JP".to_owned(),
        -10_000,
        1288,
        1288,
        "*".to_owned(),
        false,
        false,
        false,
        fields(&COLUMNS),
        user_fields,
    )
}

/// Tells sources apart by their names, sizes and times, and this program's ways of building by [`FORMAT`] and lindera's own.
fn fingerprint(source: &Path) -> Result<u64, DictionaryError> {
    let missing = || DictionaryError::NoSource(source.to_owned());
    let mut files = Vec::new();
    for entry in fs::read_dir(source).map_err(|_| missing())? {
        let path = entry.map_err(at(source))?.path();
        if path.extension().is_some_and(|e| e == "csv" || e == "def") {
            let meta = fs::metadata(&path).map_err(at(&path))?;
            let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
            files.push((path.file_name().map(OsStr::to_owned), meta.len(), modified));
        }
    }
    let has = |name: &str| files.iter().any(|f| f.0.as_deref() == Some(OsStr::new(name)));
    if !["matrix.def", "char.def", "unk.def"].iter().all(|n| has(n)) {
        return Err(missing());
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    (FORMAT, Metadata::default().format_version, source, files).hash(&mut hasher);
    Ok(hasher.finish())
}

fn build(source: &Path, target: &Path) -> Result<(), DictionaryError> {
    DictionaryBuilder::new(metadata())
        .build_dictionary(source, target)
        .map_err(|e| DictionaryError::Build { path: source.to_owned(), message: e.to_string() })?;
    let manifest = sizes(target).map_err(at(target))?;
    let path = target.join(MANIFEST);
    fs::write(&path, manifest).map_err(at(&path))
}

/// A line per file: size and name.
fn sizes(folder: &Path) -> io::Result<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() != MANIFEST {
            lines.push(format!("{} {}\n", entry.metadata()?.len(), entry.file_name().display()));
        }
    }
    lines.sort();
    Ok(lines.concat())
}

/// The dictionary in `folder`, if its build came to its end and every file still has its size.
fn load(folder: &Path) -> Option<lindera::dictionary::Dictionary> {
    let manifest = fs::read_to_string(folder.join(MANIFEST)).ok()?;
    if sizes(folder).ok()? != manifest {
        tracing::warn!(folder = %folder.display(), "the dictionary is damaged and will be rebuilt");
        return None;
    }
    load_fs_dictionary_with_options(folder, true).ok()
}
