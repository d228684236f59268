//! What can be wrong with configuration files.
use std::{fmt, io, path::PathBuf, sync::Arc};

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
    /// Keys that do not go together, or that name what cannot be used. They may stand in several files.
    #[error("{}", placed(problems))]
    Together {
        /// All of them.
        problems: Vec<PlacedProblem>,
    },
    /// Several files that each cannot be.
    #[error("{}", several(errors))]
    Several {
        /// One for each file, and one for what does not go together.
        errors: Vec<ConfigError>,
    },
}

impl ConfigError {
    /// All that is wrong, one by one.
    pub(crate) fn problems(&self) -> Vec<PlacedProblem> {
        let at = |file: &PathBuf, line: usize| Place { file: Arc::from(file.as_path()), line };
        match self {
            Self::Read { file, cause } => {
                vec![PlacedProblem::new(&at(file, 0), "", format!("cannot read it: {cause}"))]
            }
            Self::Extension { file } | Self::TooLong { file } => {
                vec![PlacedProblem::new(&at(file, 0), "", without_file(file, self))]
            }
            Self::NotText { file, line } => vec![PlacedProblem::new(&at(file, *line), "", "not UTF-8 text".to_owned())],
            Self::Syntax { file, syntax } => {
                let advice = syntax.advice.as_ref().map(|advice| format!("\n{advice}")).unwrap_or_default();
                let text = format!("{}{advice}", syntax.message);
                vec![PlacedProblem::new(&at(file, syntax.line), "", text)]
            }
            Self::Invalid { file, problems } => {
                let placed =
                    |problem: &Problem| PlacedProblem::new(&at(file, problem.line), &problem.key, problem.text.clone());
                problems.iter().map(placed).collect()
            }
            Self::Together { problems } => problems.clone(),
            Self::Several { errors } => errors.iter().flat_map(Self::problems).collect(),
        }
    }
}

/// An error's text without the file's name before it.
fn without_file(file: &std::path::Path, error: &ConfigError) -> String {
    let text = error.to_string();
    text.strip_prefix(&format!("{}: ", file.display())).map_or(text.clone(), str::to_owned)
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) file: Arc<std::path::Path>,
    /// From 1; 0: the file as a whole.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            line => write!(f, "{}:{line}", self.file.display()),
        }
    }
}

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedProblem {
    /// Where.
    pub(crate) place: Place,
    /// The key as it stands in the file; empty: none.
    pub(crate) key: String,
    /// What is wrong, and what to do. Reads on after the key.
    pub(crate) text: String,
}

impl PlacedProblem {
    pub(super) fn new(place: &Place, key: &str, text: String) -> Self {
        Self { place: place.clone(), key: key.to_owned(), text }
    }
}

impl fmt::Display for PlacedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        write!(f, "{}", self.text)
    }
}

fn placed(problems: &[PlacedProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Each error with its cause, one after the other.
fn several(errors: &[ConfigError]) -> String {
    let told = |error: &ConfigError| match error {
        ConfigError::Read { cause, .. } => format!("{error}: {cause}"),
        _ => error.to_string(),
    };
    errors.iter().map(told).collect::<Vec<_>>().join("\n")
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
