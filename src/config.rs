//! Raw settings → a validated configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where derived data goes when no data folder is named: `$XDG_CACHE_HOME/kaitou`, else `~/.cache/kaitou`, else below the
/// system's folder for temporary files.
#[must_use]
pub fn default_cache_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|p| p.is_absolute()).or_else(|| set("HOME").map(|h| h.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("kaitou")
}

/// Where `kaitou serve` listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(SocketAddr);

/// An address `kaitou serve` can't listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Not an address with a port.
    #[error("「{0}」はアドレスとして読めません。127.0.0.1:8080 のように、アドレスとポート番号で指定してください。")]
    Unreadable(String),
    /// Others could reach it before anybody has an account.
    #[error(
        "{0} では待ち受けられません。まだアカウントがなく、届いた人は誰でも全ての質問票を操作できるためです。先にこのマシン内のアドレス（127.0.0.1、[::1]、localhost）で起動し、表示されるリンクから最初の管理者を登録してください。"
    )]
    NoAccounts(SocketAddr),
}

impl Listen {
    /// The address.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        self.0
    }

    /// Whether only this machine reaches it. Other addresses are for when there are accounts.
    #[must_use]
    pub fn is_local(self) -> bool {
        self.0.ip().is_loopback()
    }
}

impl std::str::FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let unreadable = || ListenError::Unreadable(text.to_owned());
        let address = match text.strip_prefix("localhost:") {
            Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().map_err(|_| unreadable())?)),
            None => text.parse().map_err(|_| unreadable())?,
        };
        Ok(Self(address))
    }
}

/// Where people reach kaitou: scheme, host and port, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// The text is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」はURLとして使えません。https://kaitou.example.co.jp のように、パスなしで指定してください。")]
pub struct NoUrl(String);

impl PublicUrl {
    /// The address kaitou itself listens on.
    #[must_use]
    pub fn of(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// As text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach it by HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl std::str::FromStr for PublicUrl {
    type Err = NoUrl;

    fn from_str(text: &str) -> Result<Self, NoUrl> {
        let url = text.trim().trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(plain) { Err(NoUrl(text.to_owned())) } else { Ok(Self(url.to_owned())) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_who_reaches_them() {
        for local in ["127.0.0.1:8080", "[::1]:0", "localhost:80", "127.9.9.9:1"] {
            assert!(local.parse::<Listen>().unwrap().is_local(), "{local}");
        }
        for other in ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:80"] {
            assert!(!other.parse::<Listen>().unwrap().is_local(), "{other}");
        }
        for bad in ["", "8080", "127.0.0.1", "localhost", "localhost:x", "example.com:80"] {
            assert_eq!(bad.parse::<Listen>(), Err(ListenError::Unreadable(bad.to_owned())));
        }
    }

    #[test]
    fn urls_have_no_path() {
        let url: PublicUrl = "https://kaitou.example.co.jp/".parse().unwrap();
        assert_eq!((url.as_str(), url.is_https()), ("https://kaitou.example.co.jp", true));
        assert!(!"http://10.0.0.1:8080".parse::<PublicUrl>().unwrap().is_https());
        for bad in ["", "kaitou", "ftp://a", "https://", "https://a/b", "https://a b", "https://a\"b"] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }
}
