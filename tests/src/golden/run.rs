//! The steps of one case, performed on a target; what comes out is compared elsewhere.
use std::{
    collections::{BTreeMap, HashMap},
    io, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};

use super::{
    call::{self, Answer},
    case::{Case, Op, Port, Step},
    grpc,
    link::{self, Conn, Link, Then},
    narrow::{self, at_path, bucket},
    normalise, proto, read,
    session::{Session, Stream},
    target::Target,
    tls, yamux,
};

/// How long a call may take when its step does not say.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a reply or value is waited for on a connection when its step does not say.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long `recv` and `frames` wait when their step does not say.
const RECV_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a snapshot may take to its end.
const TAR_TIMEOUT: Duration = Duration::from_secs(15);
/// The pause after starting a call that is awaited later.
const LABEL_PAUSE: Duration = Duration::from_millis(300);
/// The pause between tries of a call.
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// How long `many` leaves its connections before it counts them.
const MANY_PAUSE: Duration = Duration::from_millis(400);

/// Performs a case's steps and returns its normalised outcomes.
///
/// # Errors
/// When a step asks for what this runner lacks, or the recording makes no sense to it. What a server does wrong is an outcome.
pub fn case(target: &Target, case: &Case) -> Result<Vec<Value>> {
    let mut runner = Runner::new(target);
    let outcomes: Result<Vec<_>> = case
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| runner.step(step).with_context(|| format!("step {at} ({:?})", step.op)))
        .collect();
    Ok(normalise::outcomes(target, &case.steps, outcomes?))
}

/// Performs those calls of a case that `served` knows and ignores what comes of them: for a warm-up on a server that has not
/// everything yet.
///
/// # Errors
/// As [`case`].
pub fn warm_up(target: &Target, case: &Case, served: &dyn Fn(&str) -> bool) -> Result<()> {
    let mut runner = Runner::new(target);
    let is_served = |step: &&Step| step.op == Op::Rpc && step.method.as_deref().is_some_and(served);
    for step in case.steps.iter().filter(is_served) {
        runner.step(step)?;
    }
    Ok(())
}

/// What one case holds while it runs: variables, connections, sessions and calls in flight.
pub struct Runner<'a> {
    target: &'a Target,
    variables: BTreeMap<String, Value>,
    conns: HashMap<String, Conn>,
    sessions: HashMap<Port, Session>,
    started: HashMap<String, Call>,
    held: Vec<Conn>,
    /// Before its client: a stream ends before its connection.
    streams: HashMap<String, grpc::Stream>,
    grpc: Option<grpc::Client>,
}

struct Call {
    stream: io::Result<Stream>,
    method: String,
    at: Instant,
}

fn unsupported(what: &str) -> anyhow::Error {
    anyhow!("Unsupported: this runner has no {what} yet")
}

impl<'a> Runner<'a> {
    /// A runner for one case.
    pub fn new(target: &'a Target) -> Self {
        let predefined = [("dc", &target.dc), ("node", &target.node), ("mgmt", &target.mgmt)];
        Self {
            target,
            variables: predefined.into_iter().map(|(name, value)| (name.into(), json!(value))).collect(),
            conns: HashMap::new(),
            sessions: HashMap::new(),
            started: HashMap::new(),
            held: Vec::new(),
            streams: HashMap::new(),
            grpc: None,
        }
    }

    /// Performs one step: its outcome, narrowed but not normalised.
    ///
    /// # Errors
    /// As [`case`].
    pub fn step(&mut self, step: &Step) -> Result<Value> {
        let begun = Instant::now();
        let mut outcome = self.perform(step)?;
        // Of a dial only a failure is timed: how fast TLS shakes hands is nobody's rule.
        let is_timed = step.timed && !(step.op == Op::Dial && outcome.get("failed").is_none());
        if is_timed && let Value::Object(fields) = &mut outcome {
            fields.insert("when".into(), bucket(begun.elapsed()).into());
        }
        Ok(outcome)
    }

    fn perform(&mut self, step: &Step) -> Result<Value> {
        let ms = step.ms.map(Duration::from_millis);
        let recv_deadline = Instant::now() + ms.unwrap_or(RECV_TIMEOUT);
        let reply_deadline = Instant::now() + ms.unwrap_or(REPLY_TIMEOUT);
        Ok(match step.op {
            Op::Dial => self.dial(step)?,
            Op::Send => {
                self.conn(step)?.send(&step.hex.repeat(step.repeat.unwrap_or(1)));
                json!("sent")
            }
            Op::Recv => read::recv(self.conn(step)?, step, recv_deadline),
            Op::RecvReply => read::recv_reply(self.conn(step)?, step, reply_deadline),
            Op::RecvValue => match self.conn(step)?.read_value(reply_deadline) {
                Ok(value) => json!({ "value": value }),
                Err(then) => json!({"then": then.word()}),
            },
            Op::RecvTar => read::recv_tar(self.conn(step)?, Instant::now() + ms.unwrap_or(TAR_TIMEOUT)),
            Op::ShutWrite => {
                self.conn(step)?.shut_write();
                json!("sent")
            }
            Op::Close => {
                self.conns.remove(conn_name(step));
                json!("ok")
            }
            Op::Sleep => {
                thread::sleep(ms.unwrap_or_default());
                json!("ok")
            }
            Op::Rpc => self.rpc(step)?,
            Op::Await => self.await_call(step)?,
            Op::Frame => {
                let frame = step.frame.as_ref().context("a frame step without a frame")?;
                self.conn(step)?.send(&frame.bytes());
                json!("sent")
            }
            Op::Frames => {
                let no_ack = step.mode.as_deref() == Some("no_ack");
                yamux::read_frames(self.conn(step)?, recv_deadline, step.want, no_ack, step.quiet)
            }
            Op::Many => self.many(step)?,
            Op::Burst => self.burst(step)?,
            Op::Grpc => {
                let message = self.message(step)?;
                let mut outcome = self.grpc_call(step, &message, ms.unwrap_or(CALL_TIMEOUT))?;
                if let Some(reply) = outcome.get_mut("reply") {
                    narrow::narrow(step, reply);
                }
                outcome
            }
            Op::StreamOpen => self.stream_open(step)?,
            Op::StreamRecv => {
                let limit = ms.unwrap_or(RECV_TIMEOUT);
                let mut outcome = self.stream(step)?.outcome(step.want.unwrap_or(0), limit)?;
                self.save(step, &outcome);
                narrow::messages(step, &mut outcome["messages"]);
                outcome
            }
            Op::StreamSend => {
                let message = self.message(step)?;
                self.stream(step)?.send(&message)?;
                json!("sent")
            }
            Op::StreamEnd => {
                self.stream(step)?.end();
                json!("sent")
            }
            Op::StreamClose => {
                self.streams.remove(stream_name(step));
                json!("ok")
            }
        })
    }

    /// The message of a step: bytes, or what its arguments encode to.
    fn message(&self, step: &Step) -> Result<Vec<u8>> {
        if !step.hex.is_empty() {
            return Ok(step.hex.repeat(step.repeat.unwrap_or(1)));
        }
        proto::encode(&self.arguments(step))
    }

    fn client(&mut self) -> Result<&mut grpc::Client> {
        if self.grpc.is_none() {
            self.grpc = Some(grpc::Client::new()?);
        }
        self.grpc.as_mut().context("the client just made")
    }

    /// The metadata of a step, variables replaced.
    fn meta(&self, step: &Step) -> Map<String, Value> {
        match substitute(Value::Object(step.meta.clone()), &self.variables) {
            Value::Object(meta) => meta,
            _ => Map::new(),
        }
    }

    fn grpc_call(&mut self, step: &Step, message: &[u8], limit: Duration) -> Result<Value> {
        let path = step.path.as_deref().context("a grpc step without a path")?;
        let (target, meta) = (self.target, self.meta(step));
        self.client()?.call(target, step.port, path, &meta, message, limit)
    }

    fn stream_open(&mut self, step: &Step) -> Result<Value> {
        let path = step.path.as_deref().context("a stream step without a path")?;
        let mode = step.mode.as_deref();
        let message = if mode == Some("noreq") { None } else { Some(self.message(step)?) };
        let (target, meta) = (self.target, self.meta(step));
        let stream = self.client()?.open(target, step.port, path, &meta, message.as_deref(), mode.is_some())?;
        self.streams.insert(stream_name(step).into(), stream);
        Ok(json!("opened"))
    }

    fn stream(&mut self, step: &Step) -> Result<&mut grpc::Stream> {
        let name = stream_name(step);
        self.streams.get_mut(name).with_context(|| format!("no stream {name}"))
    }

    fn conn(&mut self, step: &Step) -> Result<&mut Conn> {
        let name = conn_name(step);
        self.conns.get_mut(name).with_context(|| format!("no connection {name}"))
    }

    /// Opens a byte stream as a step asks, and says what its dial came to.
    fn link(&self, step: &Step) -> Result<io::Result<(Box<dyn Link>, Value)>> {
        let address = self.target.port(step.port).ok_or_else(|| unsupported(step.port.name()))?;
        let tcp = match link::connect(self.target, address) {
            Ok(tcp) => tcp,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match tls::Wanted::by(step) {
            None => Ok((Box::new(tcp), json!("ok"))),
            Some(wanted) => tls::connect(tcp, &wanted)?.map(|link| {
                let agreed = link.agreed();
                (Box::new(link) as Box<dyn Link>, agreed)
            }),
        })
    }

    fn dial(&mut self, step: &Step) -> Result<Value> {
        Ok(match self.link(step)? {
            Ok((link, outcome)) => {
                self.conns.insert(conn_name(step).into(), Conn::new(link));
                outcome
            }
            Err(error) => json!({"failed": error.to_string()}),
        })
    }

    fn rpc(&mut self, step: &Step) -> Result<Value> {
        let mut left = step.retry;
        loop {
            let outcome = self.rpc_once(step)?;
            let again = step.retry_while.as_ref().is_some_and(|text| outcome.to_string().contains(text));
            if again && left > 0 {
                left -= 1;
                thread::sleep(RETRY_PAUSE);
                continue;
            }
            self.save(step, &outcome);
            return Ok(narrow::call(step, outcome));
        }
    }

    fn rpc_once(&mut self, step: &Step) -> Result<Value> {
        let method = step.method.clone().context("an rpc step without a method")?;
        let args = self.arguments(step);
        let limit = step.ms.map_or(CALL_TIMEOUT, Duration::from_millis);
        if step.conn.is_some() {
            return rpc_on_conn(self.conn(step)?, &method, &args, limit);
        }
        let call = self.start(step.port, method, &args)?;
        if let Some(label) = &step.label {
            self.started.insert(label.clone(), call);
            thread::sleep(LABEL_PAUSE);
            return Ok(json!("started"));
        }
        let answer = call.answer(Instant::now() + limit);
        Ok(call::outcome(&answer, 1, &call.method))
    }

    fn start(&mut self, port: Port, method: String, args: &Value) -> Result<Call> {
        let request = call::request(1, &method, args)?;
        let at = Instant::now();
        let stream = self.open_stream(port)?.and_then(|stream| {
            stream.send(&request, at + CALL_TIMEOUT)?;
            Ok(stream)
        });
        Ok(Call { stream, method, at })
    }

    fn open_stream(&mut self, port: Port) -> Result<io::Result<Stream>> {
        if !self.sessions.contains_key(&port) {
            let address = self.target.port(port).ok_or_else(|| unsupported(port.name()))?;
            match self.target.session(address)? {
                Ok(session) => _ = self.sessions.insert(port, session),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(self.sessions.get_mut(&port).context("the session just made")?.open())
    }

    fn await_call(&mut self, step: &Step) -> Result<Value> {
        let label = step.label.as_deref().context("an await step without a label")?;
        let call = self.started.get(label).with_context(|| format!("no call {label}"))?;
        let answer = call.answer(Instant::now() + step.ms.map_or(CALL_TIMEOUT, Duration::from_millis));
        let arrived = match answer {
            Answer::Waiting => return Ok(json!("still waiting")),
            Answer::Reply(_, arrived) => arrived,
            Answer::Fault(_) => Instant::now(),
        };
        let outcome = call::outcome(&answer, 1, &call.method);
        let when = bucket(arrived.saturating_duration_since(call.at));
        self.started.remove(label);
        self.save(step, &outcome);
        let mut outcome = narrow::call(step, outcome);
        if let Value::Object(fields) = &mut outcome {
            fields.insert("when".into(), when.into());
        }
        Ok(outcome)
    }

    fn many(&mut self, step: &Step) -> Result<Value> {
        let mut opened = Vec::new();
        for _ in 0..step.max.unwrap_or(1) {
            if let Ok((link, _)) = self.link(step)? {
                let mut conn = Conn::new(link);
                conn.send(&step.hex);
                opened.push(conn);
            }
        }
        thread::sleep(MANY_PAUSE);
        let count = opened.len();
        opened.retain_mut(|conn| {
            // A read that ends at once tells a closed connection from one that is merely silent.
            conn.read_until(Instant::now() + Duration::from_millis(5), |_| false) == Then::Open
        });
        let left_open = opened.len();
        if step.label.is_some() {
            self.held.extend(opened);
        }
        Ok(json!({"opened": count, "left_open": left_open}))
    }

    fn burst(&mut self, step: &Step) -> Result<Value> {
        if step.path.is_some() {
            return self.grpc_burst(step);
        }
        let method = step.method.clone().context("a burst without a method")?;
        let args = self.arguments(step);
        let mut errors = Map::new();
        for _ in 0..step.max.unwrap_or(1) {
            let call = self.start(step.port, method.clone(), &args)?;
            let outcome = call::outcome(&call.answer(Instant::now() + CALL_TIMEOUT), 1, &method);
            if let Some(text) = outcome.get("error").or_else(|| outcome.get("fault")).and_then(Value::as_str) {
                errors.insert(text.into(), "some".into());
            }
        }
        Ok(if errors.is_empty() { json!("all answered") } else { json!({ "errors": errors }) })
    }

    fn grpc_burst(&mut self, step: &Step) -> Result<Value> {
        let message = self.message(step)?;
        let mut errors = Map::new();
        for _ in 0..step.max.unwrap_or(1) {
            let outcome = self.grpc_call(step, &message, CALL_TIMEOUT)?;
            if let (Some(code), Some(text)) = (outcome["code"].as_str(), outcome["message"].as_str()) {
                errors.insert(format!("{code}: {text}"), "some".into());
            }
        }
        Ok(if errors.is_empty() { json!("all answered") } else { json!({ "errors": errors }) })
    }

    fn arguments(&self, step: &Step) -> Value {
        let args = step.args.clone().unwrap_or_else(|| json!({}));
        substitute(args, &self.variables)
    }

    fn save(&mut self, step: &Step, outcome: &Value) {
        for (name, path) in &step.save {
            let value = at_path(outcome, path).cloned().unwrap_or(Value::Null);
            self.variables.insert(name.clone(), value);
        }
    }
}

impl Call {
    fn answer(&self, deadline: Instant) -> Answer {
        match &self.stream {
            Ok(stream) => call::read_on_stream(stream, deadline),
            Err(error) => Answer::Fault(error.to_string()),
        }
    }
}

impl Drop for Runner<'_> {
    fn drop(&mut self) {
        self.started.clear(); // streams before their sessions, so that a server sees them closed
    }
}

fn stream_name(step: &Step) -> &str {
    step.label.as_deref().unwrap_or("s")
}

fn conn_name(step: &Step) -> &str {
    step.conn.as_deref().unwrap_or("c")
}

fn rpc_on_conn(conn: &mut Conn, method: &str, args: &Value, limit: Duration) -> Result<Value> {
    conn.seq += 1;
    let seq = conn.seq;
    conn.send(&call::request(seq, method, args)?);
    let answer = match call::read_on_conn(conn, Instant::now() + limit) {
        Ok(reply) => Answer::Reply(reply, Instant::now()),
        Err(Then::Open) => Answer::Waiting,
        Err(ended) => Answer::Fault(ended.word().into()),
    };
    Ok(call::outcome(&answer, seq, method))
}

/// Replaces `${name}` in every text; a text that is nothing else becomes the variable's value as it is.
fn substitute(value: Value, variables: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => substitute_text(text, variables),
        Value::Array(items) => items.into_iter().map(|item| substitute(item, variables)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, field)| (key, substitute(field, variables)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

fn substitute_text(mut text: String, variables: &BTreeMap<String, Value>) -> Value {
    for (name, value) in variables {
        let reference = format!("${{{name}}}");
        if text == reference {
            return value.clone();
        }
        if text.contains(&reference) {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&reference, &plain);
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_keeps_its_type_when_it_is_the_whole_text() {
        let variables = BTreeMap::from([("i".into(), json!(7)), ("s".into(), json!("x"))]);
        let args = json!({"a": "${i}", "b": ["${s}"], "c": "${s}-${i}", "d": "${unset}"});
        assert_eq!(substitute(args, &variables), json!({"a": 7, "b": ["x"], "c": "x-7", "d": "${unset}"}));
    }
}
