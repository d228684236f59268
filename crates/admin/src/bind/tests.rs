use std::os::unix::{fs::MetadataExt, net::UnixListener as Plain};

use tempfile::TempDir;

use super::*;

fn at(dir: &TempDir) -> PathBuf {
    dir.path().join("admin.sock")
}

async fn bind(path: &Path) -> Result<Admin, BindError> {
    Admin::bind(Listen::Unix(path.to_owned()), Token::random()).await
}

fn dir() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn only_the_owner_may_open_the_socket_whatever_the_folder_allows() {
    let dir = dir();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).expect("it is ours");
    let admin = bind(&at(&dir)).await.expect("a socket");
    for file in fs::read_dir(dir.path()).expect("a folder").map(|entry| entry.expect("a file").path()) {
        let mode = fs::symlink_metadata(&file).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    assert_eq!(*admin.address(), Address::Unix(at(&dir)));
}

/// What makes it safe that the mode is set after the file is made.
#[tokio::test]
async fn a_socket_that_does_not_listen_takes_no_connection() {
    let dir = dir();
    let socket = UnixSocket::new_stream().expect("a socket");
    socket.bind(at(&dir)).expect("bound");
    let error = UnixStream::connect(at(&dir)).expect_err("nobody listens");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_socket_of_a_dead_server_is_replaced() {
    let dir = dir();
    drop(Plain::bind(at(&dir)).expect("bound")); // its file stays, as with a server that was killed
    assert!(at(&dir).exists());
    let _admin = bind(&at(&dir)).await.expect("a socket");
    UnixStream::connect(at(&dir)).expect("it listens");
}

#[tokio::test]
async fn a_socket_of_a_living_server_is_left_to_it() {
    let dir = dir();
    let first = bind(&at(&dir)).await.expect("a socket");
    let error = bind(&at(&dir)).await.expect_err("it is in use");
    assert!(matches!(error, BindError::InUse(_)) && error.is_in_use(), "{error}");
    assert!(error.to_string().ends_with("stop it, or give this one a data_dir of its own"), "{error}");
    UnixStream::connect(at(&dir)).expect("the first still listens");
    drop(first);
    assert!(!at(&dir).exists(), "its file goes with it");
    bind(&at(&dir)).await.expect("now it is free");
}

#[tokio::test]
async fn somebody_who_listens_there_without_our_lock_is_left_alone_too() {
    let dir = dir();
    let _other = Plain::bind(at(&dir)).expect("bound");
    assert!(matches!(bind(&at(&dir)).await, Err(BindError::InUse(_))));
    UnixStream::connect(at(&dir)).expect("the other still listens");
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_taken_away() {
    let dir = dir();
    fs::write(at(&dir), "precious").expect("written");
    assert!(matches!(bind(&at(&dir)).await, Err(BindError::InTheWay(_))));
    assert_eq!(fs::read_to_string(at(&dir)).expect("still there"), "precious");

    fs::remove_file(at(&dir)).expect("ours");
    std::os::unix::fs::symlink("/dev/null", at(&dir)).expect("a link");
    assert!(matches!(bind(&at(&dir)).await, Err(BindError::InTheWay(_))), "links are not followed");
}

#[tokio::test]
async fn what_the_system_says_no_to_is_said_with_the_path() {
    let dir = dir();
    let missing = dir.path().join("no/such/admin.sock");
    let error = bind(&missing).await.expect_err("no such folder");
    assert!(error.to_string().contains("no/such/admin.sock") && !error.is_in_use(), "{error}");

    let long = dir.path().join("x".repeat(120));
    let error = bind(&long).await.expect_err("too long for a socket");
    assert!(error.to_string().contains(&"x".repeat(120)), "{error}");
    assert!(!long.exists());
}

#[tokio::test]
async fn a_port_is_one_of_the_loopback_and_in_use_only_once() {
    let admin = Admin::bind(Listen::Loopback(0), Token::random()).await.expect("a port");
    let Address::Tcp(address) = admin.address().clone() else { panic!("a port") };
    assert!(address.ip().is_loopback() && address.port() != 0);
    assert_eq!(admin.address().to_string(), format!("http://127.0.0.1:{}", address.port()));
    let error = Admin::bind(Listen::Loopback(address.port()), Token::random()).await.expect_err("it is taken");
    assert!(error.is_in_use() && error.to_string().contains(&address.port().to_string()), "{error}");
}
