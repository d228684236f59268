//! The end of a connection that is turned away with a word.
use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// How long a client may take to hear that it is refused, and to close its side.
pub const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// How much of what it still sends is taken.
pub const FAREWELL_BYTES_MAX: usize = 64 * 1024;

/// Writes `words`, closes our side, and takes what the client still sends until it closes its own: a connection that is closed
/// over bytes that nobody read is reset, and what was said last is lost. All within [`FAREWELL_MAX`].
pub(super) async fn part<IO: AsyncRead + AsyncWrite + Unpin>(mut io: IO, words: &[u8]) {
    let talk = async {
        io.write_all(words).await?;
        io.shutdown().await?;
        let mut bytes = [0; 256];
        let mut taken = 0;
        while taken < FAREWELL_BYTES_MAX {
            match io.read(&mut bytes).await? {
                0 => break,
                count => taken += count,
            }
        }
        std::io::Result::Ok(())
    };
    // Whether it heard us is its business.
    let _heard = timeout(FAREWELL_MAX, talk).await;
}
