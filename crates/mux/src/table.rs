//! The route table for readers: what `proconsul routes` prints and the diagram shows.
use crate::{LAST_TYPE_BYTE, Needs, ROUTES, Row, Then, TlsPolicy};

/// A row of [`ROUTES`] in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The row.
    pub row: &'static Row,
    /// Its name in metrics, logs and pictures.
    pub label: &'static str,
    /// The first byte: a decimal number, a character if it is one that can be seen, or empty.
    pub byte: String,
    /// The ALPN name, or empty.
    pub alpn: &'static str,
    /// What it asks of a connection, besides what the port's policy asks of all; or empty.
    pub needs: &'static str,
    /// What is done with a connection that takes it.
    pub leads_to: &'static str,
}

/// Every row of [`ROUTES`] in words, in its order.
pub fn table() -> impl Iterator<Item = TableRow> {
    ROUTES.iter().map(|row| TableRow {
        row,
        label: row.label,
        byte: row.byte.map(byte_name).unwrap_or_default(),
        alpn: row.alpn.unwrap_or_default(),
        needs: row.needs.as_str(),
        leads_to: row.then.leads_to(),
    })
}

fn byte_name(byte: u8) -> String {
    if byte <= LAST_TYPE_BYTE { byte.to_string() } else { char::from(byte).escape_default().to_string() }
}

impl Needs {
    /// In words; empty for nothing.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Tls => "TLS",
            Self::ServerCertificate => "a server's certificate",
        }
    }
}

impl Then {
    /// What is done with a connection, in a line.
    pub const fn leads_to(self) -> &'static str {
        match self {
            Self::Serve(route) => route.handler(),
            Self::StartTls(TlsPolicy::Verify) => "a TLS handshake, then the byte inside",
            Self::StartTls(TlsPolicy::Insecure) => "a TLS handshake, then net/rpc for a first certificate",
            Self::Retired => "nothing: it is closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        let rows: Vec<_> = table().collect();
        assert_eq!(rows.len(), ROUTES.len());
        for row in &rows {
            assert!(!row.byte.is_empty() || !row.alpn.is_empty(), "{row:?}");
            assert!(!row.label.is_empty() && !row.leads_to.is_empty(), "{row:?}");
        }
        assert_eq!((rows[0].byte.as_str(), rows[0].alpn), ("0", "consul/rpc-single"));
        assert_eq!((rows[1].needs, rows[1].leads_to), ("a server's certificate", "Raft between servers"));
        assert!(rows.iter().any(|row| row.byte == "P" && row.alpn == "h2"));
    }
}
