//! `cargo xtask bench`: our server beside the least Go server on HashiCorp's modules, in turn, as a markdown table.
//!
//! Both get the same loads from the same generator (`tests/interop/go/cmd/load`), one after the other in every round,
//! so that what the machine does meanwhile falls on both. Ratios say something, absolute figures only for this machine.

mod loads; // what is measured, and the goals
mod micro; // the crates' own criterion benches
mod samples; // figures of all rounds, and their medians
mod structs; // large replies through our codec and Go's
mod table; // markdown

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use crate::interop::go::{Go, Peers};
use crate::interop::servers::{self, Ports, Profile, Server, workspace_root};
use loads::{LOADS, Load, Port};
use samples::{Samples, Side};

/// What `cargo xtask bench --help` prints.
const USAGE: &str = "\
cargo xtask bench [--quick] [--rounds N] [--only TEXT] [--units N] [--no-micro] [--server PATH]
                  [--against H:P --against-pid N [--against-port plain|tls|mtls|grpc]]...

  --quick          shorter loads, and a tenth of connections, queries and keys: to see that it works, not to keep
  --rounds N       rounds of each load, 3 or more (default 3); the table shows medians
  --only TEXT      only the loads whose names contain the text; no micro-benches. `structs`: only large replies written and
                   read by our codec and by Go's
  --units N        so many connections, parked queries or keys, where a load is about so many
  --no-micro       leave the crates' micro-benches out
  --server PATH    run this server binary, do not build one
  --against H:P    measure a third server, which is already there, in the same turns; once for each kind of port
  --against-pid N  its process. Memory wants a fresh process each time, and is not measured there
  --against-port   how it is set up (default plain): it gets the loads for such a port. For tls and mtls it has been
                   started in tests/golden with variants/tls-open.hcl or variants/tls.hcl; for grpc, H:P is its gRPC port

The table goes to the standard output, progress to the standard error.";

/// Fewer rounds have no median worth the name.
const ROUNDS_MIN: usize = 3;

/// What the generator says of a server that does not resume TLS sessions.
const NOT_RESUMED: &str = "the server did not resume the session";

/// Runs the command with the arguments that follow `cargo xtask bench`.
///
/// # Errors
/// A wrong argument, Go missing, a build that fails, or a load that a server did not answer: the table is printed
/// before that is reported.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(options) = Options::parse(args)? else {
        println!("{USAGE}");
        return Ok(());
    };
    let go = Go::find()?.context("a bench compares with a Go server, and Go is not installed")?;
    if options.only.as_deref() == Some(structs::NAME) {
        println!("{}", structs::run(options.quick)?);
        return Ok(());
    }
    let peers = go.build(&workspace_root().join("tests/interop/go"))?;
    let ours = match &options.server {
        Some(path) => path.clone(),
        None => servers::build_proconsul(Profile::Release)?,
    };
    let bench = Bench { options: &options, peers, ours, bare_tonic: OnceCell::new() };
    let mut samples = Samples::default();
    for load in LOADS.iter().filter(|load| options.wants(load)) {
        bench.measure(load, &mut samples)?;
    }
    ensure!(!samples.is_empty(), "no load has {:?} in its name", options.only);
    let micro = if options.micro && options.only.is_none() { Some(micro::run(options.quick)) } else { None };

    println!("{}", table::head(&options.repeat, options.rounds)?);
    let title = |load: &Load| options.title(load);
    println!("{}", table::goals(&samples, title, !options.against.is_empty()));
    println!("{}", table::calls(&samples, title));
    let mut failures = samples.failures().to_vec();
    if let Some(micro) = &micro {
        println!("{}", table::micro(&micro.figures));
        match structs::run(options.quick) {
            Ok(table) => println!("{table}"),
            Err(error) => failures.push(format!("structs: {error:#}")),
        }
    }
    failures.extend(micro.into_iter().flat_map(|micro| micro.failures));
    ensure!(failures.is_empty(), "not everything could be measured:\n{}", failures.join("\n"));
    Ok(())
}

struct Options {
    quick: bool,
    rounds: usize,
    only: Option<String>,
    units: Option<u32>,
    micro: bool,
    server: Option<PathBuf>,
    against: Vec<Against>,
    /// The arguments as they were given.
    repeat: String,
}

/// A server that somebody else started.
struct Against {
    addr: String,
    pid: Option<u32>,
    /// How its port is set up: it gets the loads for such a one.
    port: Port,
}

impl Options {
    /// `None` when help was asked for.
    fn parse(args: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            quick: false,
            rounds: ROUNDS_MIN,
            only: None,
            units: None,
            micro: true,
            server: None,
            against: Vec::new(),
            repeat: args.join(" "),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--rounds" => options.rounds = value()?.parse().context("--rounds")?,
                "--only" => options.only = Some(value()?.clone()),
                "--units" => options.units = Some(value()?.parse().context("--units")?),
                "--no-micro" => options.micro = false,
                "--server" => options.server = Some(value()?.into()),
                "--against" => {
                    options.against.push(Against { addr: value()?.clone(), pid: None, port: Port::Plain });
                }
                "--against-pid" => {
                    let pid = value()?.parse().context("--against-pid")?;
                    options.last_against()?.pid = Some(pid);
                }
                "--against-port" => {
                    let port = Port::named(value()?).context("--against-port is plain, tls, mtls or grpc")?;
                    options.last_against()?.port = port;
                }
                "-h" | "--help" => return Ok(None),
                other => bail!("{other}: no such argument\n\n{USAGE}"),
            }
        }
        ensure!(options.rounds >= ROUNDS_MIN, "--rounds is at least {ROUNDS_MIN}");
        ensure!(options.against.iter().all(|against| against.pid.is_some()), "--against needs its --against-pid");
        Ok(Some(options))
    }

    fn last_against(&mut self) -> Result<&mut Against> {
        self.against.last_mut().context("--against-pid and --against-port stand behind their --against")
    }

    fn wants(&self, load: &Load) -> bool {
        self.only.as_ref().is_none_or(|text| self.title(load).contains(text.as_str()))
    }

    fn title(&self, load: &Load) -> String {
        load.title(self.units, self.quick)
    }
}

struct Bench<'a> {
    options: &'a Options,
    peers: Peers,
    ours: PathBuf,
    /// The server beside ours for [`Port::GrpcBesideBare`], built when it is first wanted.
    bare_tonic: OnceCell<Result<PathBuf>>,
}

impl Bench<'_> {
    fn start(&self, load: &Load, side: Side) -> Result<Server> {
        match side {
            Side::Ours => Server::start_proconsul_with(&self.ours, Ports::default(), load.port.of_ours()),
            Side::Floor if load.port == Port::GrpcBesideBare => {
                let bare = self.bare_tonic.get_or_init(|| servers::build_example("proconsul-grpc", "bare_tonic"));
                Server::start_bare(bare.as_ref().map_err(|error| anyhow!("{error:#}"))?)
            }
            Side::Floor | Side::Against => Server::start_floor_with(&self.peers.server, load.port.of_floor()),
        }
    }

    /// All rounds of one load: ours, floor, ours, floor, and so on. Each load has processes of its own; where memory
    /// is measured, each round has.
    fn measure(&self, load: &'static Load, samples: &mut Samples) -> Result<()> {
        let started = Instant::now();
        let title = self.options.title(load);
        let sides = if load.floor { &[Side::Ours, Side::Floor][..] } else { &[Side::Ours] };
        let mut kept = Vec::new();
        if !load.fresh {
            kept.push(self.start(load, Side::Ours)?);
            if load.floor {
                kept.push(self.start(load, Side::Floor)?);
            }
        }
        for round in 0..self.options.rounds {
            for (i, side) in sides.iter().enumerate() {
                let fresh = if load.fresh { Some(self.start(load, *side)?) } else { None };
                let server = kept.get(i).or(fresh.as_ref());
                let server = server.expect("a load without kept servers has just started one");
                let (addr, more) = load.port.target(server, *side);
                samples.add(load, *side, self.put_on(load, addr, server.pid(), more));
            }
            if let Some(against) = self.options.against.iter().find(|against| against.port == load.port) {
                let pid = against.pid.expect("looked at when the arguments were read");
                let mut line = self.put_on(load, &against.addr, pid, &[]);
                if let Ok(Value::Object(figures)) = &mut line {
                    figures.remove(loads::MEMORY);
                }
                match line {
                    // Consul does not, and that is no failure of the run.
                    Err(error) if error.to_string().contains(NOT_RESUMED) => eprintln!("{title}: it does not"),
                    line => samples.add(load, Side::Against, line),
                }
            }
            eprintln!("{title}: round {} of {}", round + 1, self.options.rounds);
        }
        eprintln!("{title}: {:.0} s", started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Puts the load on a server once and gives the generator's line.
    fn put_on(&self, load: &Load, addr: &str, pid: u32, more: &[&str]) -> Result<Value> {
        run_load(&self.peers.load, load, self.options, addr, pid, more)
    }
}

fn run_load(generator: &Path, load: &Load, options: &Options, addr: &str, pid: u32, more: &[&str]) -> Result<Value> {
    let title = options.title(load);
    let units = load.count(options.units, options.quick).map(|units| units.to_string());
    let times = match options.quick {
        true => ["-duration", "1s", "-warmup", "300ms", "-settle", "2s"],
        false => ["-duration", "4s", "-warmup", "1s", "-settle", "4s"],
    };
    let out = Command::new(generator)
        .args(["-addr", addr, "-server-pid", &pid.to_string()])
        .args(load.args)
        .args(units.iter().flat_map(|units| ["-n", units]))
        .args(more)
        .args(times)
        .current_dir(servers::golden_folder()) // where the certificates are that its arguments name
        .output()
        .context("running the load generator")?;
    let line: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| format!("{title}: {}", String::from_utf8_lossy(&out.stderr).trim()))?;
    if let Some(error) = line["error"].as_str() {
        bail!("{title}: {error}");
    }
    Ok(line)
}
