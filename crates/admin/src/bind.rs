//! Sockets that only those get who may.
use std::{
    fmt,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::{
        fs::{FileTypeExt, OpenOptionsExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, UnixListener, UnixSocket};

use crate::{Token, guard::Guard};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// Where an admin listener is to be: nowhere that another machine could reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A unix socket, made with mode 0600. Who may open it may change things.
    Unix(PathBuf),
    /// This port of 127.0.0.1; 0: the operating system chooses. Changes take the token.
    Loopback(u16),
}

/// Where an admin listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// An address of the loopback.
    Tcp(SocketAddr),
}

/// `unix:/path/to/admin.sock` or `http://127.0.0.1:8310`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "http://{address}"),
        }
    }
}

/// An admin listener could not be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process serves there.
    #[error("{} is the admin socket of a server that is running: stop it, or give this one a data_dir of its own", .0.display())]
    InUse(PathBuf),
    /// There is a file that is no socket.
    #[error("{} is in the way of the admin socket and is no socket: move it away", .0.display())]
    InTheWay(PathBuf),
    /// The operating system says no to a socket.
    #[error("admin socket {}: {cause}", .path.display())]
    Unix {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The operating system says no to a port.
    #[error("admin listener on 127.0.0.1:{port}: {cause}; ports.admin sets another port, and -1 none")]
    Tcp {
        /// Which port was asked for.
        port: u16,
        /// What the system says.
        cause: io::Error,
    },
}

impl BindError {
    /// Whether somebody else has the place.
    pub fn is_in_use(&self) -> bool {
        match self {
            Self::InUse(_) | Self::InTheWay(_) => true,
            Self::Unix { cause, .. } | Self::Tcp { cause, .. } => cause.kind() == io::ErrorKind::AddrInUse,
        }
    }
}

/// An admin listener that is bound and not served yet: whoever connects waits for [`Admin::serve`].
#[derive(Debug)]
pub struct Admin {
    pub(crate) listener: Listener,
    pub(crate) guard: Guard,
    address: Address,
}

#[derive(Debug)]
pub(crate) enum Listener {
    Unix { listener: UnixListener, _own: OwnSocket },
    Tcp(TcpListener),
}

impl Admin {
    /// Binds the listener. `token` is what changes take over TCP.
    ///
    /// A socket that a server left behind which is no more is replaced. Beside the socket a file is made, named as the socket
    /// and `.lock`, that says whether its server lives; it stays.
    ///
    /// # Errors
    /// Somebody else is there, or the system says no. Nothing but the lock's file is left behind then.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O.
    pub async fn bind(listen: Listen, token: Token) -> Result<Self, BindError> {
        match listen {
            Listen::Unix(path) => {
                let (listener, _own) = bind_unix(&path)?;
                let address = Address::Unix(path);
                Ok(Self { listener: Listener::Unix { listener, _own }, guard: Guard::of_owner(), address })
            }
            Listen::Loopback(port) => {
                let failed = |cause| BindError::Tcp { port, cause };
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                let guard = Guard::of_anybody(address.port(), token);
                Ok(Self { listener: Listener::Tcp(listener), guard, address: Address::Tcp(address) })
            }
        }
    }

    /// Where it is: with the port that the system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// A socket file of ours. Dropped, the file goes, and then the lock that says it is in use.
#[derive(Debug)]
pub(crate) struct OwnSocket {
    path: PathBuf,
    _lock: File,
}

impl Drop for OwnSocket {
    fn drop(&mut self) {
        // Somebody may have taken it away before us.
        let _gone = fs::remove_file(&self.path);
    }
}

/// Binds `path`. Nobody but the owner can connect at any moment: a socket that does not listen yet takes no connections, and
/// it does not listen before its mode is set.
fn bind_unix(path: &Path) -> Result<(UnixListener, OwnSocket), BindError> {
    let failed = |cause| BindError::Unix { path: path.to_owned(), cause };
    let lock = lock(path)?;
    clear(path)?;
    let socket = UnixSocket::new_stream().map_err(failed)?;
    socket.bind(path).map_err(failed)?;
    let own = OwnSocket { path: path.to_owned(), _lock: lock };
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    Ok((listener, own))
}

/// Takes the lock that a server holds as long as it lives: unlike the socket's file, the system takes it from the dead.
fn lock(path: &Path) -> Result<File, BindError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let failed = |cause| BindError::Unix { path: PathBuf::from(&beside), cause };
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).clone();
    let file = options.open(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BindError::InUse(path.to_owned())),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// Takes away the socket of a dead server. Whoever answers there without the lock is no server of ours, and stays.
fn clear(path: &Path) -> Result<(), BindError> {
    let failed = |cause| BindError::Unix { path: path.to_owned(), cause };
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed(cause)),
    };
    if !kind.is_socket() {
        return Err(BindError::InTheWay(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed),
        Err(cause) => Err(failed(cause)),
        Ok(_answered) => Err(BindError::InUse(path.to_owned())),
    }
}

#[cfg(test)]
mod tests;
