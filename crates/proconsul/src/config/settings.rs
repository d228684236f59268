//! What the keys in effect do. Each function here is one row's, see the table in `keys`.
use std::{net::IpAddr, path::PathBuf, time::Duration};

use proconsul_server::{Config, LimitMode, PortAt};

use super::{
    admin::{Admin, AdminPort},
    duration::{self, DurationError},
    error::Place,
    tls::{Reading, Stanza},
    tree::Value,
};

/// Default of `log_level`.
pub(crate) const LOG_LEVEL_DEFAULT: &str = "info";

/// The wait that stands for "for ever" where `limits.rpc_handshake_timeout` is 0, which Consul takes for no limit.
pub(crate) const NO_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// What loading fills in.
pub(super) struct Settings {
    pub(super) server: Config,
    pub(super) log_level: String,
    pub(super) admin: Admin,
    /// `addresses.grpc` and `addresses.grpc_tls`, which come before `client_addr` wherever that stands.
    pub(super) grpc_addr: Option<IpAddr>,
    pub(super) grpc_tls_addr: Option<IpAddr>,
    /// The `tls` stanza of the files read so far.
    pub(super) tls: Stanza,
    /// That of the file that is being read.
    pub(super) reading: Reading,
    /// Where the value stands that is being set.
    pub(super) place: Place,
    /// The key whose value is being set, as it stands in the file.
    pub(super) key: String,
    /// What to tell about the value that was set last.
    pub(super) notes: Vec<Note>,
}

/// What to tell about a value that is set. Reads on after the key.
pub(super) struct Note {
    pub(super) text: String,
    pub(super) harmful: bool,
}

impl Settings {
    pub(super) fn new(base: Config) -> Self {
        Self {
            server: base,
            log_level: LOG_LEVEL_DEFAULT.to_owned(),
            admin: Admin::default(),
            grpc_addr: None,
            grpc_tls_addr: None,
            tls: Stanza::default(),
            reading: Reading::default(),
            place: Place { file: PathBuf::new().into(), line: 0 },
            key: String::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, text: String) {
        self.notes.push(Note { text, harmful: false });
    }
}

/// Sets a value, which is of the row's kind. The error reads on after the key.
pub(super) type Set = fn(&mut Settings, &Value) -> Result<(), String>;

pub(super) fn node_name(to: &mut Settings, value: &Value) -> Result<(), String> {
    let name = text(value).trim();
    if name.is_empty() {
        return Ok(()); // as if it were not there
    }
    if name.len() > 63 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        to.note(
            "is not fit for DNS, where this node will not be found: use up to 63 letters, digits and dashes".to_owned(),
        );
    }
    to.server.node_name = name.to_owned();
    Ok(())
}

pub(super) fn node_id(to: &mut Settings, value: &Value) -> Result<(), String> {
    let id = text(value).to_ascii_lowercase();
    if !id.is_empty() && !is_uuid(&id) {
        return Err(format!("is {id:?}, which is no UUID: write it like \"1f2e3d4c-5b6a-4978-8796-a5b4c3d2e1f0\""));
    }
    to.server.node_id = (!id.is_empty()).then_some(id);
    Ok(())
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

pub(super) fn datacenter(to: &mut Settings, value: &Value) -> Result<(), String> {
    let name = text(value).to_lowercase();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(format!("is {name:?}: a datacenter's name has letters, digits, - and _, at least one"));
    }
    to.server.datacenter = name;
    Ok(())
}

pub(super) fn bind_addr(to: &mut Settings, value: &Value) -> Result<(), String> {
    let address = text(value);
    if address.contains("{{") {
        return Err(format!("is {address:?}: address templates are not understood here; write the address itself"));
    }
    to.server.bind_addr = address.parse::<IpAddr>().map_err(|_| {
        format!("is {address:?}, which is no IP address: write one, for example \"127.0.0.1\", \"0.0.0.0\" or \"::1\"")
    })?;
    Ok(())
}

pub(super) fn server_port(to: &mut Settings, value: &Value) -> Result<(), String> {
    let port = int(value)?;
    if port == -1 {
        return Err(
            "is -1, which disables a port; a server cannot be without this one. Leave it out for 8300".to_owned()
        );
    }
    to.server.server_port =
        u16::try_from(port).map_err(|_| format!("is {port}: a port is between 1 and 65535, or 0 to be given one"))?;
    Ok(())
}

pub(super) fn grpc_port(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.grpc = port_at(int(value)?)?;
    Ok(())
}

pub(super) fn grpc_tls_port(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.grpc_tls = port_at(int(value)?)?;
    Ok(())
}

/// A port that may be off.
fn port_at(port: i64) -> Result<PortAt, String> {
    match port {
        -1 => Ok(PortAt::Off),
        _ => u16::try_from(port)
            .map(PortAt::At)
            .map_err(|_| format!("is {port}: a port is between 1 and 65535, -1 for none, or 0 to be given one")),
    }
}

/// Reads the value of `--grpc-port` and `--grpc-tls-port`.
///
/// # Errors
/// See [`port_at`].
pub(crate) fn grpc_port_flag(text: &str) -> Result<PortAt, String> {
    port_at(text.parse().map_err(|_| "a port is a whole number".to_owned())?)
}

pub(super) fn client_addr(to: &mut Settings, value: &Value) -> Result<(), String> {
    let address = one_address(text(value))?;
    (to.server.grpc_addr, to.server.grpc_tls_addr) = (address, address);
    Ok(())
}

pub(super) fn grpc_addr(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.grpc_addr = Some(one_address(text(value))?);
    Ok(())
}

pub(super) fn grpc_tls_addr(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.grpc_tls_addr = Some(one_address(text(value))?);
    Ok(())
}

fn one_address(address: &str) -> Result<IpAddr, String> {
    address.trim().parse().map_err(|_| {
        format!(
            "is {address:?}, which is no IP address: write one, for example \"127.0.0.1\" or \"0.0.0.0\"; several, templates \
             and unix sockets are not understood here"
        )
    })
}

pub(super) fn admin_port(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.admin.port = AdminPort::of(int(value)?)?;
    Ok(())
}

pub(super) fn http2_preface(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.http2_preface = matches!(value, Value::Bool(true));
    Ok(())
}

pub(super) fn domain(to: &mut Settings, value: &Value) -> Result<(), String> {
    let domain = domain_name(text(value))?;
    if domain.is_empty() {
        return Ok(()); // as if it were not there
    }
    to.server.domain = domain.to_owned();
    Ok(())
}

/// A domain without its last dot; it may be empty.
pub(super) fn domain_name(text: &str) -> Result<&str, String> {
    let domain = text.trim();
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !domain.is_empty() && !domain.split('.').all(|label| !label.is_empty() && label.bytes().all(fits)) {
        return Err(format!("is {domain:?}: a domain has labels of letters, digits, - and _, with dots between them"));
    }
    Ok(domain)
}

pub(super) fn data_dir(to: &mut Settings, value: &Value) -> Result<(), String> {
    let directory = PathBuf::from(text(value));
    if directory.as_os_str().is_empty() {
        return Ok(()); // as if it were not there
    }
    if directory.exists() && !directory.is_dir() {
        return Err(format!("is {:?}, which is not a directory", text(value)));
    }
    let text = "is NOT IN EFFECT for data: nothing is kept when the server stops; only the admin socket is made in it";
    to.notes.push(Note { text: text.to_owned(), harmful: true });
    to.admin.data_dir = Some(directory);
    Ok(())
}

pub(super) fn rpc_handshake_timeout(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.rpc_handshake_timeout = match duration::parse(text(value)) {
        Ok(Duration::ZERO) | Err(DurationError::Negative) => NO_HANDSHAKE_TIMEOUT,
        limit => named(text(value), limit)?.min(NO_HANDSHAKE_TIMEOUT),
    };
    Ok(())
}

pub(super) fn rpc_max_conns_per_client(to: &mut Settings, value: &Value) -> Result<(), String> {
    let connections = int(value)?.max(0); // Consul takes what is negative for no limit, too
    to.server.rpc_max_conns_per_client =
        usize::try_from(connections).map_err(|_| format!("is {connections}, which is too many to count here"))?;
    Ok(())
}

pub(super) fn request_limits_mode(to: &mut Settings, value: &Value) -> Result<(), String> {
    let word = text(value);
    let mode = match word {
        "" => Some(LimitMode::Disabled), // as Consul takes it
        _ => LimitMode::ALL.into_iter().find(|mode| mode.as_str() == word),
    };
    to.server.request_limits.mode =
        mode.ok_or_else(|| format!("is {word:?}: use one of disabled, permissive, enforcing"))?;
    Ok(())
}

pub(super) fn request_limits_read_rate(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.request_limits.read_rate = float(value)?;
    Ok(())
}

pub(super) fn request_limits_write_rate(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.request_limits.write_rate = float(value)?;
    Ok(())
}

pub(super) fn default_query_time(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.query_times.default = named(text(value), duration::parse(text(value)))?;
    Ok(())
}

pub(super) fn max_query_time(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.query_times.max = named(text(value), duration::parse(text(value)))?;
    Ok(())
}

pub(super) fn session_ttl_min(to: &mut Settings, value: &Value) -> Result<(), String> {
    let min = named(text(value), duration::parse(text(value)))?;
    // As Consul takes it.
    to.server.session_ttl_min = if min.is_zero() { Config::dev().session_ttl_min } else { min };
    Ok(())
}

pub(super) fn log_level(to: &mut Settings, value: &Value) -> Result<(), String> {
    let level = text(value).to_ascii_lowercase();
    to.log_level = match level.as_str() {
        "trace" | "debug" | "info" | "warn" | "error" => level,
        "err" => "error".to_owned(),
        _ => return Err(format!("is {level:?}: use one of trace, debug, info, warn, error")),
    };
    Ok(())
}

/// The table's kind has been checked: what is no text does not come here.
pub(super) fn text(value: &Value) -> &str {
    if let Value::Text(text) = value { text } else { "" }
}

/// A whole number, also one that is written as `8300.0`.
pub(super) fn int(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(*number as i64),
        Value::Float(number) => Err(format!("is {number}: it must be a whole number")),
        other => Err(format!("is {}: it must be a whole number", other.what())),
    }
}

/// A number, whole or not.
fn float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Int(number) => Ok(*number as f64),
        Value::Float(number) => Ok(*number),
        other => Err(format!("is {}: it must be a number", other.what())),
    }
}

fn named(text: &str, duration: Result<Duration, DurationError>) -> Result<Duration, String> {
    duration.map_err(|error| format!("is {text:?}, which {error}"))
}
