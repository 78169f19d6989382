//! Where a server is, as people type it.

use url::{Host, Url};

use crate::error::{Error, Result};

/// Reads a server's address as people type it. Plain HTTP is for this computer only.
///
/// # Errors
///
/// [`Error::Invalid`], in words.
pub fn parse_address(text: &str) -> Result<Url> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url: Url = whole
        .parse()
        .ok()
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            Error::Invalid("This is not the address of a server. Example: sync.example.org.".into())
        })?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !is_here {
        return Err(Error::Invalid(
            "A server on another computer must be reached by https. Nothing was sent to it.".into(),
        ));
    }
    Ok(url)
}

/// An address that is known, as short as it can be typed.
pub fn as_typed(known: &str) -> &str {
    let whole = known.trim_end_matches('/');
    let short = whole.strip_prefix("https://").unwrap_or(whole);
    if parse_address(short).is_ok_and(|url| url.as_str() == known) { short } else { known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        let address = |text: &str| parse_address(text).map(|url| url.to_string());
        assert_eq!(address("sync.example.org").ok().as_deref(), Some("https://sync.example.org/"));
        assert_eq!(address(" https://sync.example.org/ ").ok().as_deref(), Some("https://sync.example.org/"));
        assert_eq!(address("http://127.0.0.1:8787").ok().as_deref(), Some("http://127.0.0.1:8787/"));
        assert!(address("http://localhost:8787").is_ok());
    }

    #[test]
    fn a_known_address_is_said_as_short_as_it_reads_back() {
        assert_eq!(as_typed("https://sync.example.org/"), "sync.example.org");
        for same in ["https://sync.example.org/clinic/", "http://sync.example.org/"] {
            assert_eq!(as_typed(same), same);
        }
        assert_eq!(as_typed("http://127.0.0.1:8787/"), "http://127.0.0.1:8787");
    }

    #[test]
    fn plain_http_to_another_computer_is_refused() {
        for text in ["http://sync.example.org", "http://192.168.1.4:8787", "ftp://x.org", "", "https://"] {
            assert!(matches!(parse_address(text), Err(Error::Invalid(_))), "{text}");
        }
    }
}
