//! What a change may not do to messages that others have: they read bytes that we write, and we read theirs.
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use prost_reflect::prost::Message;
use tonic_prost_build::FileDescriptorSet;

use self::facts::{Facts, facts};

mod facts;

/// What an encoded descriptor set has lost or changed of what another one has; additions are none of it.
///
/// # Errors
/// When one of them is no descriptor set.
pub(super) fn compare(before: &[u8], after: &[u8]) -> Result<Vec<String>> {
    let read =
        |bytes: &[u8], which: &str| FileDescriptorSet::decode(bytes).with_context(|| format!("descriptors {which}"));
    Ok(broken(&facts(&read(before, "before")?), &facts(&read(after, "after")?)))
}

/// A complaint per fact that is gone or another now.
fn broken(before: &Facts, after: &Facts) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut gone: BTreeMap<&str, ()> = BTreeMap::new();
    for (about, fact) in before {
        match after.get(about) {
            Some(now) if now == fact => {}
            Some(now) => complaints.push(format!("{about} was {fact} and is {now}: that breaks who uses proto-public")),
            // Of something that is gone as a whole, one line says it.
            None if gone.keys().any(|whole| about.strip_prefix(whole).is_some_and(|rest| rest.starts_with(' '))) => {}
            None => {
                complaints.push(format!("{about} was {fact} and is gone: that breaks who uses proto-public"));
                gone.insert(about, ());
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests;
