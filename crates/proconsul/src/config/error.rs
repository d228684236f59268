//! What can be wrong with configuration files.
use std::{fmt, io, path::PathBuf};

/// How many problems of a file are told; the rest is counted.
pub(crate) const PROBLEMS_SHOWN_MAX: usize = 20;

/// A configuration that the server cannot start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// The file or directory could not be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Neither `.hcl` nor `.json`.
    #[error("{}: the name of a configuration file ends in .hcl or .json, which says how it is read; rename it", file.display())]
    Extension {
        /// Which.
        file: PathBuf,
    },
    /// Longer than [`FILE_BYTES_MAX`](super::FILE_BYTES_MAX).
    #[error("{}: longer than {} bytes, which no configuration needs; is it the right file?", file.display(), super::FILE_BYTES_MAX)]
    TooLong {
        /// Which.
        file: PathBuf,
    },
    /// Not UTF-8.
    #[error("{}:{line}: not UTF-8 text", file.display())]
    NotText {
        /// Which.
        file: PathBuf,
        /// Where.
        line: usize,
    },
    /// Not HCL or not JSON.
    #[error("{}:{syntax}", file.display())]
    Syntax {
        /// Which.
        file: PathBuf,
        /// Where and what.
        syntax: Syntax,
    },
    /// Keys or values that cannot be.
    #[error("{}", told(file, problems))]
    Invalid {
        /// Which.
        file: PathBuf,
        /// All of them, in the order of the file.
        problems: Vec<Problem>,
    },
}

/// Where a text leaves its language, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// What the parser makes of it.
    pub(crate) message: String,
    /// What to write.
    pub(crate) advice: Option<String>,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, "\n{advice}"))
    }
}

/// One key that is unknown, or whose value cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From 1.
    pub(crate) line: usize,
    /// Dotted path.
    pub(crate) key: String,
    /// What is wrong, and what to do. Reads on after the key.
    pub(crate) text: String,
}

fn told(file: &std::path::Path, problems: &[Problem]) -> String {
    let shown = problems.iter().take(PROBLEMS_SHOWN_MAX);
    let mut lines: Vec<String> =
        shown.map(|problem| format!("{}:{}: {} {}", file.display(), problem.line, problem.key, problem.text)).collect();
    if problems.len() > PROBLEMS_SHOWN_MAX {
        lines.push(format!("{}: and {} more", file.display(), problems.len() - PROBLEMS_SHOWN_MAX));
    }
    lines.join("\n")
}

/// Something in a file that an operator should know, and that does not keep the server from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// The file that says it.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: usize,
    /// Dotted path of the key.
    pub(crate) key: String,
    /// What about it. Reads on after the key; never holds its value.
    pub(crate) text: String,
    /// Whether the server does less than the file asks for in a way that harms: no check, no encryption, no cluster.
    pub(crate) harmful: bool,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} {}", self.file.display(), self.line, self.key, self.text)
    }
}
