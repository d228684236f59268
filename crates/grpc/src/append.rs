//! Writing to the log, and waiting until it has taken effect.
use proconsul_netrpc::Fault;
use proconsul_services::{Appended, Context};
use proconsul_state::{Entry, Outcome};

/// Appends an entry. It is not taken back when nobody waits any more.
pub(crate) async fn append(context: &Context, entry: Entry) -> Result<Outcome, Fault> {
    match context.log.append(entry) {
        Appended::Done(outcome) => outcome,
        Appended::Pending(outcome) => outcome.await,
    }
}
