//! Where the server shows who is on its port: `ports.admin` and `data_dir`.
use std::path::PathBuf;

use proconsul_server::AdminAt;

/// The port of 127.0.0.1 where nobody says otherwise.
pub(crate) const ADMIN_PORT_DEFAULT: u16 = 8310;

/// Name of the unix socket in the data directory.
pub(crate) const ADMIN_SOCKET: &str = "admin.sock";

/// What files and flags say about the admin listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admin {
    /// `ports.admin`.
    pub(crate) port: AdminPort,
    /// `data_dir`.
    pub(crate) data_dir: Option<PathBuf>,
}

/// `ports.admin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AdminPort {
    /// Nobody has said: [`ADMIN_PORT_DEFAULT`], if it is free.
    #[default]
    Default,
    /// -1.
    Off,
    /// This one and no other; 0: the operating system chooses.
    Asked(u16),
}

impl AdminPort {
    /// The meaning of a number.
    ///
    /// # Errors
    /// It is no port, and not -1. The text reads on after the number's name.
    pub(crate) fn of(port: i64) -> Result<Self, String> {
        match port {
            -1 => Ok(Self::Off),
            port => u16::try_from(port).map(Self::Asked).map_err(|_| {
                format!("is {port}: a port is between 1 and 65535, or 0 to be given one, or -1 for no such listener")
            }),
        }
    }
}

/// Reads the value of `--admin-port`.
///
/// # Errors
/// See [`AdminPort::of`].
pub(crate) fn admin_port(text: &str) -> Result<AdminPort, String> {
    AdminPort::of(text.parse().map_err(|_| "a port is a whole number".to_owned())?)
}

impl Admin {
    /// Where the listener is bound.
    pub(crate) fn listeners(&self) -> Vec<AdminAt> {
        let port = match self.port {
            AdminPort::Default => Some(AdminAt::LoopbackIfFree(ADMIN_PORT_DEFAULT)),
            AdminPort::Off => None,
            AdminPort::Asked(port) => Some(AdminAt::Loopback(port)),
        };
        let socket = self.data_dir.as_ref().map(|directory| AdminAt::Socket(directory.join(ADMIN_SOCKET)));
        socket.into_iter().chain(port).collect()
    }
}
