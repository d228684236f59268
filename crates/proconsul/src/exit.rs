//! Exit codes. See `proconsul --help`.
use std::process::ExitCode;

use proconsul_mux::driver::dial::DialError;
use proconsul_netrpc::client::CallError;

use crate::{
    rpc::{NoAnswer, Refused},
    who::Unanswered,
};

/// The call was made and the server answered with an error.
pub(crate) const ANSWERED_WITH_ERROR: u8 = 3;

/// No answer was had: not reachable, closed, too late.
pub(crate) const NO_ANSWER: u8 = 4;

/// The exit code that says what kind of failure it was; 1 for what has no code of its own. (2 is a command line that is not
/// understood.)
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    let code = match error.downcast_ref::<CallError>() {
        Some(CallError::Answered(_)) => ANSWERED_WITH_ERROR,
        Some(_) => NO_ANSWER,
        None if error.is::<tokio::time::error::Elapsed>() => NO_ANSWER,
        None if matches!(error.downcast_ref(), Some(crate::doctor::Unwell::NoAnswer(_))) => NO_ANSWER,
        None if error.is::<Refused>() || error.is::<crate::snapshot::Refused>() => ANSWERED_WITH_ERROR,
        None if error.is::<crate::snapshot::NoAnswer>() => NO_ANSWER,
        None if error.downcast_ref().is_some_and(Unanswered::is_refusal) => ANSWERED_WITH_ERROR,
        None if error.is::<Unanswered>() || error.is::<NoAnswer>() || error.is::<DialError>() => NO_ANSWER,
        None => 1,
    };
    ExitCode::from(code)
}
