//! What a caller says in the metadata of a call.
use proconsul_netrpc::Fault;
use proconsul_services::{Context, Rights};
use proconsul_structs::Token;
use tonic::{Status, metadata::MetadataMap};

/// The key of the token: Consul's.
pub(crate) const TOKEN_KEY: &str = "x-consul-token";

/// What the caller may do, by the token in the metadata.
///
/// # Errors
/// There is no such token: what the authorizer says.
pub(crate) fn rights(context: &Context, metadata: &MetadataMap) -> Result<Rights, Fault> {
    let token = metadata.get(TOKEN_KEY).map(|value| Token::new(value.as_bytes()));
    context.authorizers.of(token.as_ref())
}

/// That the caller has shown a token, whatever it may do: Consul's rule for what every data plane asks.
///
/// # Errors
/// It has not, or there is no such token.
pub(crate) fn any_token(context: &Context, metadata: &MetadataMap) -> Result<Rights, Status> {
    let rights = rights(context, metadata).map_err(|fault| Status::unauthenticated(text(&fault)))?;
    if rights.is_anonymous() {
        return Err(Status::unauthenticated(
            "An ACL token must be provided (via the `x-consul-token` metadata field) to call this endpoint",
        ));
    }
    Ok(rights)
}

/// What Go's library makes of an error that is no status.
pub(crate) fn unknown(fault: &Fault) -> Status {
    Status::unknown(text(fault))
}

pub(crate) fn text(fault: &Fault) -> String {
    fault.text.to_str_lossy().into_owned()
}
