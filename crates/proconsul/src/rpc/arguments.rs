//! The command line of `proconsul rpc`.
use std::time::Duration;

use clap::{Args, Subcommand};
use proconsul_structs::Token;

/// What there is to do with methods.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List methods: what each does, the options that it honours, and what it is for.
    #[command(after_help = LIST_HELP)]
    List(ListArguments),
    /// Show what a method takes and answers, field by field; or an example of a request to edit.
    #[command(after_help = DESCRIBE_HELP)]
    Describe(DescribeArguments),
    /// Call a method.
    #[command(after_help = CALL_HELP)]
    Call(Box<CallArguments>),
}

const LIST_HELP: &str = "Options of methods:
  blocking    waits for news if it is given an index (call --index, --watch)
  stale       any server may answer from what it has (call --stale)
  consistent  the leader makes sure first that it still leads (call --consistent)

Methods of gRPC, whose names begin with a package:
  internal    offered on the server port (call --server)
  external    offered on the gRPC ports (call --grpc)
  stream      takes or answers any number of messages";

const DESCRIBE_HELP: &str = "Examples:
  proconsul rpc describe KVS.Get
  proconsul rpc describe Catalog.Register --example > request.json
  proconsul rpc call Catalog.Register -d @request.json";

const CALL_HELP: &str = "Examples:
  proconsul rpc call Status.Leader
  proconsul rpc call KVS.Get -d '{\"Key\": \"config/a\"}' --stale
  proconsul rpc call KVS.Apply -d '{\"Op\": \"set\", \"DirEnt\": {\"Key\": \"config/a\", \"Value\": \"aGVsbG8=\"}}'
  proconsul rpc call Health.ServiceNodes -d '{\"ServiceName\": \"web\"}' --watch --json | jq .Nodes
  proconsul rpc call hashicorp.consul.serverdiscovery.ServerDiscoveryService.WatchServers --grpc 127.0.0.1:8502 --count 1

gRPC: a method is named package.Service.Method or package.Service/Method. Each message of a stream is printed on a line of its own.
Where a method takes a stream, -d has any number of JSON values; with -d - each line is sent when it is read.

JSON: fields are named as in Consul's HTTP API; bytes are base64, durations \"10s\" (or a number of nanoseconds), times
RFC 3339. A field that is left out is zero. A field that the request does not have is refused.

Exit codes:
  0  answered; with --watch, and for streams: ended by SIGINT or SIGTERM, or by --count
  1  not sent: there is no such method, the request does not fit, a file cannot be read; or the answer cannot be read
  2  the command line is not understood
  3  the server answered with an error, which is printed; of gRPC, with the name of its code
  4  no answer: not reachable, closed, or too late";

/// What `proconsul rpc list` takes.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only methods whose name contains this, whatever its case.
    pub(crate) pattern: Option<String>,
    /// Only methods that a server of ours answers.
    #[arg(long)]
    pub(crate) served: bool,
}

/// What `proconsul rpc describe` takes.
#[derive(Debug, Args)]
pub(crate) struct DescribeArguments {
    /// The method, for example KVS.Get.
    pub(crate) method: String,
    /// The fields of this kind of config entry only; or an example of it.
    #[arg(long, value_name = "WORD")]
    pub(crate) kind: Option<String>,
    /// Print a request with every field filled in, as JSON to edit and give to `rpc call`.
    #[arg(long)]
    pub(crate) example: bool,
    /// The example in the second form of JSON; see `rpc call --wire-json`.
    #[arg(long, requires = "example")]
    pub(crate) wire_json: bool,
}

/// What `proconsul rpc call` takes.
#[derive(Debug, Args)]
pub(crate) struct CallArguments {
    /// The method, for example KVS.Get or hashicorp.consul.dns.DNSService.Query.
    pub(crate) method: String,
    /// The request as JSON; @FILE reads it from a file, - from standard input.
    #[arg(short, long, value_name = "JSON", default_value = "{}")]
    pub(crate) data: String,
    /// The server port to call, ours or Consul's.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8300")]
    pub(crate) server: String,
    /// gRPC: a gRPC port to call instead, 8502 for example; in TLS (8503) with --tls.
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["server", "alpn", "insecure_rpc"])]
    pub(crate) grpc: Option<String>,
    /// gRPC: ask the server what the method looks like, rather than believe what this program knows.
    #[arg(long)]
    pub(crate) reflect: bool,
    /// gRPC: metadata of the call, any number of times. Values of names that end in -bin are base64.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) metadata: Vec<String>,
    /// gRPC: end after so many messages of a stream.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    #[command(flatten)]
    pub(crate) tls: super::TlsArguments,
    /// The ACL token to call with. Better in the environment: CONSUL_HTTP_TOKEN; other users can see a command line.
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    pub(crate) token: Option<Token>,
    /// Any server may answer from what it has, however old.
    #[arg(long, conflicts_with = "consistent")]
    pub(crate) stale: bool,
    /// The leader makes sure that it still leads before it answers.
    #[arg(long)]
    pub(crate) consistent: bool,
    /// Wait until there is news after this index, which is the Index of an earlier answer.
    #[arg(long, value_name = "N")]
    pub(crate) index: Option<u64>,
    /// How long to wait for news, for example 30s. The server's default is 5 minutes, and its most 10.
    #[arg(long, value_name = "DURATION", value_parser = crate::config::parse_duration)]
    pub(crate) wait: Option<Duration>,
    /// Call again whenever there is news, and print each answer that differs from the one before, until SIGINT.
    #[arg(long)]
    pub(crate) watch: bool,
    /// How long to wait for an answer; 0: for ever. A query that waits for news is given that time on top. Default: 30s, and for
    /// ever where gRPC answers with a stream.
    #[arg(long, value_name = "DURATION", value_parser = crate::config::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print the answer as it came: msgpack, in hex.
    #[arg(long, conflicts_with = "wire_json")]
    pub(crate) raw: bool,
    /// JSON in the second form, for whoever tests encodings: fields as they are named on the wire, durations as nanoseconds,
    /// nil and empty told apart.
    #[arg(long)]
    pub(crate) wire_json: bool,
}

/// How long an answer is waited for if no flag says so.
const TIMEOUT: Duration = Duration::from_secs(30);

impl CallArguments {
    /// How long to wait for an answer; zero: for ever.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(TIMEOUT)
    }
}

/// A token as it was given. Nothing is wrong with any, so that none is ever quoted in an error.
pub(crate) fn secret(text: &str) -> Result<Token, std::convert::Infallible> {
    Ok(Token::new(text))
}
