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

/// Where `kaitou serve` can be reached: this machine only, as there are no accounts yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(SocketAddr);

/// An address `kaitou serve` can't listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Not an address with a port.
    #[error("「{0}」はアドレスとして読めません。127.0.0.1:8080 のように、アドレスとポート番号で指定してください。")]
    Unreadable(String),
    /// Others could reach it.
    #[error(
        "{0} では待ち受けられません。まだ利用者のアカウントがなく、届いた人は誰でも全ての質問票を操作できるため、このマシン内のアドレス（127.0.0.1、[::1]、localhost）だけを使えます。"
    )]
    NotLocal(SocketAddr),
}

impl Listen {
    /// The address.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        self.0
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
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(ListenError::NotLocal(address)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_on() {
        for good in ["127.0.0.1:8080", "[::1]:0", "localhost:80", "127.9.9.9:1"] {
            assert!(good.parse::<Listen>().is_ok(), "{good}");
        }
        for other in ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:80"] {
            assert_eq!(other.parse::<Listen>(), Err(ListenError::NotLocal(other.parse().unwrap())));
        }
        for bad in ["", "8080", "127.0.0.1", "localhost", "localhost:x", "example.com:80"] {
            assert_eq!(bad.parse::<Listen>(), Err(ListenError::Unreadable(bad.to_owned())));
        }
    }
}
