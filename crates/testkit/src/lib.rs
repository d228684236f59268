//! What tests of several crates share. No crate that ships depends on it.
pub mod fuzzing; // bodies of fuzz targets: cargo-fuzz runs them, and a test replays their corpora
