//! One request on its way to its handler.
use proconsul_types::CallInfo;

/// One request: the facts of its header, and its body as it lies in the buffer it was read into.
///
/// The body is exactly one msgpack value. A layer that refuses a call never decodes it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'b> {
    /// Which method, whose call, since when, until when.
    pub info: CallInfo,
    /// The argument, one whole msgpack value.
    pub body: &'b [u8],
}

impl proconsul_types::Call for Call<'_> {
    fn info(&self) -> &CallInfo {
        &self.info
    }
}
