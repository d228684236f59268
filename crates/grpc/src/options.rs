//! What a caller says in the metadata of a call.
use proconsul_netrpc::Fault;
use proconsul_services::{Access, Context, Rights};
use proconsul_structs::{GoDuration, Token};
use tonic::{Status, metadata::MetadataMap};

/// The key of the token: Consul's.
pub(crate) const TOKEN_KEY: &str = "x-consul-token";

/// How a caller wants to be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The newest change that it knows of: it waits for one after that. Zero: it does not wait.
    pub(crate) min_query_index: u64,
    /// For how long.
    pub(crate) max_query_time: GoDuration,
}

/// Keys whose values are truth values, lengths of time, and numbers.
const TRUTHS: [&str; 5] =
    ["allow-not-modified-response", "allow-stale", "must-revalidate", "require-consistent", "use-cache"];
const TIMES: [&str; 4] = ["max-age", MAX_QUERY_TIME_KEY, "max-stale-duration", "stale-if-error"];
const MAX_QUERY_TIME_KEY: &str = "max-query-time";
const MIN_QUERY_INDEX_KEY: &str = "min-query-index";

/// Reads the options of a query, as Consul does of every call that may be one: options that are not looked at here are still to
/// be readable. Of a key that is there twice the first counts.
///
/// # Errors
/// Some are not: all of them, in the words of the library that Consul reads them by.
pub(crate) fn asked(metadata: &MetadataMap) -> Result<Asked, Status> {
    let mut asked = Asked::default();
    let mut faults = Vec::new();
    for key in TRUTHS {
        match value(metadata, key) {
            None | Some(b"") => {}
            Some(value) => {
                if let Err(why) = proconsul_bexpr::go_bool(value) {
                    faults.push(format!("cannot parse '{key}' as bool: {why}"));
                }
            }
        }
    }
    for key in TIMES {
        let Some(value) = value(metadata, key) else { continue };
        match GoDuration::parse_as_go(value) {
            Ok(time) if key == MAX_QUERY_TIME_KEY => asked.max_query_time = time,
            Ok(_) => {}
            Err(why) => faults.push(format!("error decoding '{key}': {why}")),
        }
    }
    match value(metadata, MIN_QUERY_INDEX_KEY) {
        None | Some(b"") => {}
        Some(value) => match proconsul_bexpr::go_uint(value) {
            Ok(index) => asked.min_query_index = index,
            Err(why) => faults.push(format!("cannot parse '{MIN_QUERY_INDEX_KEY}' as uint: {why}")),
        },
    }
    if faults.is_empty() {
        return Ok(asked);
    }
    faults.sort_unstable();
    let count = faults.len();
    Err(Status::unknown(format!("{count} error(s) decoding:\n\n* {}", faults.join("\n* "))))
}

fn value<'m>(metadata: &'m MetadataMap, key: &str) -> Option<&'m [u8]> {
    metadata.get(key).map(|value| value.as_bytes())
}

/// What the caller may do, by the token in the metadata.
///
/// # Errors
/// There is no such token: what the authorizer says.
pub(crate) fn rights(context: &Context, metadata: &MetadataMap) -> Result<Rights, Fault> {
    let token = metadata.get(TOKEN_KEY).map(|value| Token::new(value.as_bytes()));
    context.authorizers.of(token.as_ref())
}

/// That the caller may, and how it wants to be answered.
///
/// # Errors
/// Its options cannot be read, there is no such token, or it may not.
pub(crate) fn demand(context: &Context, metadata: &MetadataMap, access: Access<'_>) -> Result<Asked, Status> {
    let asked = asked(metadata)?;
    rights(context, metadata).and_then(|rights| rights.demand(access)).map_err(|fault| unknown(&fault))?;
    Ok(asked)
}

/// That the caller has shown a token, whatever it may do: Consul's rule for what every data plane asks.
///
/// # Errors
/// It has not, or there is no such token.
pub(crate) fn any_token(context: &Context, metadata: &MetadataMap) -> Result<Rights, Status> {
    asked(metadata)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Asked, String> {
        let mut metadata = MetadataMap::new();
        for (key, value) in pairs {
            metadata.append(*key, value.parse().expect("a value"));
        }
        asked(&metadata).map_err(|status| status.message().to_owned())
    }

    #[test]
    fn options_are_read_as_consul_writes_them_and_more() {
        let index = |min_query_index| Ok(Asked { min_query_index, ..Asked::default() });
        assert_eq!(read(&[]), index(0));
        assert_eq!(read(&[("min-query-index", "")]), index(0));
        assert_eq!(read(&[("min-query-index", "0x10"), ("min-query-index", "7")]), index(16));
        let waits = Asked { min_query_index: 7, max_query_time: GoDuration(1_500_000_000) };
        assert_eq!(read(&[("min-query-index", "7"), ("max-query-time", "1.5s"), ("allow-stale", "true")]), Ok(waits));
    }

    /// As `mapstructure` 1.5.0 was seen to put it.
    #[test]
    fn what_cannot_be_read_is_said_in_the_librarys_words() {
        assert_eq!(
            read(&[("min-query-index", "-1")]),
            Err(
                "1 error(s) decoding:\n\n* cannot parse 'min-query-index' as uint: strconv.ParseUint: parsing \"-1\": \
                 invalid syntax"
                    .to_owned()
            )
        );
        assert_eq!(
            read(&[("allow-stale", "maybe"), ("max-query-time", "5")]),
            Err("2 error(s) decoding:\n\n* cannot parse 'allow-stale' as bool: strconv.ParseBool: parsing \"maybe\": \
                 invalid syntax\n* error decoding 'max-query-time': time: missing unit in duration \"5\""
                .to_owned())
        );
        assert_eq!(
            read(&[("max-age", "")]),
            Err("1 error(s) decoding:\n\n* error decoding 'max-age': time: invalid duration \"\"".to_owned())
        );
    }
}
