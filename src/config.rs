//! Raw settings → a validated configuration.

use std::path::PathBuf;

/// Where derived data goes when no data folder is named: `$XDG_CACHE_HOME/kaitou`, else `~/.cache/kaitou`, else below the
/// system's folder for temporary files.
#[must_use]
pub fn default_cache_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|p| p.is_absolute()).or_else(|| set("HOME").map(|h| h.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("kaitou")
}
