//! The routing diagram, drawn from [`ROUTES`](crate::ROUTES): `cargo xtask routes` writes it into `docs/rpc`, and the admin page
//! shows it with live counts.
mod mermaid; // as text that a renderer lays out
mod svg; // as a picture

pub use mermaid::mermaid;
pub use svg::svg;

/// The id of a route's row in the picture, by its label.
pub fn row_id(label: &str) -> String {
    format!("route-{label}")
}

/// The id of the text on a route's arrow, empty until somebody writes a live count there, by the route's label.
pub fn live_id(label: &str) -> String {
    format!("live-{label}")
}

/// What stands between the client and the table: how a connection can begin, and what TLS asks of it then.
struct Gate {
    /// What comes first.
    begins: &'static str,
    /// What is done then.
    does: &'static str,
    /// On what condition.
    condition: &'static str,
}

const PLAIN: Gate =
    Gate { begins: "a type byte", does: "plain: the byte is the route", condition: "refused under verify_incoming" };
const TYPE_BYTE: Gate = Gate {
    begins: "byte 3, then a ClientHello",
    does: "TLS: the byte inside is the route",
    condition: "client certificate under verify_incoming; 3 and 7 refused inside",
};
const NATIVE: Gate = Gate {
    begins: "a ClientHello",
    does: "TLS: the ALPN name is the route",
    condition: "client certificate always; only with a CA and a certificate here",
};
const INSECURE: Gate = Gate {
    begins: "byte 7, then a ClientHello",
    does: "TLS: one route, no byte inside",
    condition: "client certificate never",
};

#[cfg(test)]
mod tests;
