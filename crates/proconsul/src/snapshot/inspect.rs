//! `proconsul snapshot inspect`. What it prints is what Consul's command prints.

use std::{collections::BTreeMap, fs, io::Read, path::Path};

use anyhow::{Context, Result};
use proconsul_msgpack::from_slice;
use proconsul_snapshot::{Meta, read_archive};
use proconsul_state::snapshot::{Item, Records, RecordsError};
use proconsul_structs::{kvs::DirEntry, raft::MessageType};
use serde_json::{Value, json};

use super::{Format, InspectArguments, READ_BYTES, failure, open};
use crate::print;

/// Name of a state that a server keeps without an archive around it.
const BARE_STATE: &str = "state.bin";
/// Name of what it says of such a state.
const BARE_META: &str = "meta.json";

pub(super) fn run(arguments: &InspectArguments, json: bool) -> Result<()> {
    let mut counts = Counts::new(arguments);
    let meta = read(&arguments.file, &mut counts)?;
    let report = Report { meta: &meta, stats: sorted(&counts.stats), keys: sorted(&counts.keys), counts: &counts };
    match arguments.format {
        _ if json => print::value(&report.json(), true),
        Format::Json => print::line(&report.indented()?),
        Format::Pretty => print::line(&report.pretty()),
    }
    Ok(())
}

/// Reads a file, or a state with its metadata beside it.
fn read(file: &Path, counts: &mut Counts<'_>) -> Result<Meta> {
    let (mut opened, bar) = open(file, "Reading")?;
    let meta = if file.file_name().is_some_and(|name| name.eq_ignore_ascii_case(BARE_STATE)) {
        let beside = file.with_file_name(BARE_META);
        let text = fs::read(&beside).with_context(|| format!("failed to read {}", beside.display()))?;
        let mut piece = vec![0; READ_BYTES];
        loop {
            let read = opened.read(&mut piece).with_context(|| format!("failed to read {}", file.display()))?;
            if read == 0 {
                break;
            }
            counts.take(&piece[..read])?;
        }
        serde_json::from_slice(&text).with_context(|| format!("{} is not what it should be", beside.display()))?
    } else {
        let read = read_archive(opened, |piece| counts.take(piece)).map_err(failure);
        read.with_context(|| format!("{} is no whole snapshot", file.display()))?
    };
    bar.done();
    counts.records.end()?;
    Ok(meta)
}

/// How many there are, and how many bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: u64,
    bytes: u64,
}

/// What has been counted.
struct Counts<'a> {
    arguments: &'a InspectArguments,
    records: Records,
    stats: BTreeMap<String, Sum>,
    keys: BTreeMap<String, Sum>,
    total: u64,
    keys_total: u64,
    /// Bytes of the header. Consul counts them with the first record.
    header: u64,
}

impl<'a> Counts<'a> {
    fn new(arguments: &'a InspectArguments) -> Self {
        Self {
            arguments,
            records: Records::new(),
            stats: BTreeMap::new(),
            keys: BTreeMap::new(),
            total: 0,
            keys_total: 0,
            header: 0,
        }
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), RecordsError> {
        let Self { arguments, records, stats, keys, total, keys_total, header } = self;
        records.push(piece);
        while let Some(item) = records.next_item()? {
            let (kind, value) = match item {
                Item::Record { kind, value } => (kind, value),
                Item::Header { bytes, .. } => {
                    *header = bytes as u64;
                    continue;
                }
            };
            let bytes = 1 + value.len() as u64 + std::mem::take(header);
            *total += bytes;
            add(stats, name(kind), bytes);
            if kind == MessageType::Kvs
                && arguments.kvdetails
                && let Ok(entry) = from_slice::<DirEntry>(value)
                && entry.key.starts_with(arguments.kvfilter.as_bytes())
            {
                *keys_total += bytes;
                add(keys, &prefix(&entry.key.to_str_lossy(), arguments.kvdepth), bytes);
            }
        }
        Ok(())
    }
}

fn add(sums: &mut BTreeMap<String, Sum>, name: &str, bytes: u64) {
    let sum = match sums.get_mut(name) {
        Some(sum) => sum,
        None => sums.entry(name.to_owned()).or_default(),
    };
    sum.count += 1;
    sum.bytes += bytes;
}

/// The first parts of a key.
fn prefix(key: &str, depth: usize) -> String {
    key.split('/').take(depth).collect::<Vec<_>>().join("/")
}

/// The largest first, then by name.
fn sorted(sums: &BTreeMap<String, Sum>) -> Vec<(&str, Sum)> {
    let mut sorted: Vec<_> = sums.iter().map(|(name, sum)| (&**name, *sum)).collect();
    sorted.sort_by(|(left_name, left), (right_name, right)| {
        right.bytes.cmp(&left.bytes).then_with(|| left_name.cmp(right_name))
    });
    sorted
}

/// What Consul's command calls records of a type.
fn name(kind: MessageType) -> &'static str {
    match kind {
        MessageType::AclTokenSet => "ACLToken",
        MessageType::AclPolicySet => "ACLPolicy",
        MessageType::AclRoleSet => "ACLRole",
        MessageType::AclBindingRuleSet => "ACLBindingRule",
        MessageType::AclAuthMethodSet => "ACLAuthMethod",
        MessageType::PeeringWrite => "Peering",
        MessageType::PeeringTrustBundleWrite => "PeeringTrustBundle",
        MessageType::PeeringSecretsWrite => "PeeringSecret",
        MessageType::ResourceOperation => "Resource",
        MessageType::CoordinateBatchUpdate => "CoordinateBatchUpdate",
        other => {
            let name = other.name();
            name.strip_suffix("RequestType").or_else(|| name.strip_suffix("Type")).unwrap_or(name)
        }
    }
}

/// What is printed.
struct Report<'a> {
    meta: &'a Meta,
    stats: Vec<(&'a str, Sum)>,
    keys: Vec<(&'a str, Sum)>,
    counts: &'a Counts<'a>,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let list = |sums: &[(&str, Sum)]| -> Vec<Value> {
            sums.iter().map(|(name, sum)| json!({"Name": name, "Sum": sum.bytes, "Count": sum.count})).collect()
        };
        let Meta { id, size, index, term, version, .. } = self.meta;
        json!({
            "Meta": {"ID": id, "Size": size, "Index": index, "Term": term, "Version": version},
            "Stats": list(&self.stats),
            "StatsKV": if self.keys.is_empty() { Value::Null } else { list(&self.keys).into() },
            "TotalSize": self.counts.total,
            "TotalSizeKV": self.counts.keys_total,
        })
    }

    /// JSON with three blanks a level, as Consul's command indents it.
    fn indented(&self) -> Result<String> {
        let mut text = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        let mut to = serde_json::Serializer::with_formatter(&mut text, indent);
        serde::Serialize::serialize(&self.json(), &mut to)?;
        Ok(String::from_utf8(text)?)
    }

    fn pretty(&self) -> String {
        let Meta { id, size, index, term, version, .. } = self.meta;
        let facts = [
            ("ID", id.clone()),
            ("Size", size.to_string()),
            ("Index", index.to_string()),
            ("Term", term.to_string()),
            ("Version", version.to_string()),
        ];
        let mut text = columns(&facts.map(|(name, fact)| vec![format!(" {name}"), fact]));
        text.push_str("\n\n");
        text.push_str(&columns(&rows("Type", &self.stats, self.counts.total)));
        if !self.keys.is_empty() {
            text.push_str("\n\n");
            text.push_str(&columns(&rows("Key Name", &self.keys, self.counts.keys_total)));
        }
        text
    }
}

fn rows(title: &str, sums: &[(&str, Sum)], total: u64) -> Vec<Vec<String>> {
    let row = |first: &str, second: &str, third: String| vec![format!(" {first}"), second.to_owned(), third];
    let line = || row("----", "----", "----".into());
    let mut rows = vec![row(title, "Count", "Size".into()), line()];
    rows.extend(sums.iter().map(|(name, sum)| row(name, &sum.count.to_string(), size(sum.bytes))));
    rows.push(line());
    rows.push(row("Total", "", size(total)));
    rows
}

/// Blanks between columns, and what a column has at least: as Consul's command sets them.
const BETWEEN: usize = 6;
const COLUMN_MIN: usize = 8;

fn columns(rows: &[Vec<String>]) -> String {
    let cells = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let longest = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        (longest.unwrap_or(0) + BETWEEN).max(COLUMN_MIN)
    };
    let widths: Vec<usize> = (0..cells).map(width).collect();
    let line = |row: &Vec<String>| {
        let last = row.len().saturating_sub(1);
        let cell = |(at, cell): (usize, &String)| {
            if at == last { cell.clone() } else { format!("{cell:<width$}", width = widths[at]) }
        };
        row.iter().enumerate().map(cell).collect::<String>()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A number of bytes as Consul's command writes it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    if bytes == 0 {
        return "0".into();
    }
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let number = format!("{value:.1}");
    format!("{}{}", number.strip_suffix(".0").unwrap_or(&number), UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_consul_writes_them() {
        for (bytes, written) in [(0, "0"), (1, "1B"), (1023, "1023B"), (1024, "1KB"), (1536, "1.5KB"), (3 << 30, "3GB")]
        {
            assert_eq!(size(bytes), written);
        }
    }

    #[test]
    fn a_prefix_is_as_deep_as_asked_or_as_the_key() {
        assert_eq!(prefix("a/b/c", 2), "a/b");
        assert_eq!(prefix("a", 2), "a");
        assert_eq!(prefix("a/", 2), "a/");
        assert_eq!(prefix("a/b", 0), "");
    }

    #[test]
    fn types_have_consuls_names() {
        for (kind, expected) in [
            (MessageType::Kvs, "KVS"),
            (MessageType::Register, "Register"),
            (MessageType::ConnectCaProviderState, "ConnectCAProviderState"),
            (MessageType::ServiceVirtualIp, "ServiceVirtualIP"),
            (MessageType::ChunkingState, "ChunkingState"),
            (MessageType::Index, "Index"),
        ] {
            assert_eq!(name(kind), expected);
        }
    }
}
