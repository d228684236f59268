//! One net/rpc call: its bytes, its answer, and the outcome that a recording would hold.
use std::{io, time::Instant};

use serde_json::{Map, Value, json};

use super::{
    link::{Conn, Then},
    session::Stream,
    value::{DecodeError, NotEncodable, decode, encode, unpack_body},
};

/// A request: header, then body.
///
/// # Errors
/// When the arguments have no encoding.
pub fn request(seq: u64, method: &str, args: &Value) -> Result<Vec<u8>, NotEncodable> {
    let mut bytes = Vec::new();
    encode(&json!({"Seq": seq, "ServiceMethod": method}), &mut bytes)?;
    encode(args, &mut bytes)?;
    Ok(bytes)
}

/// A reply's two values.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Error, Seq and ServiceMethod.
    pub header: Value,
    /// The body, unpacked.
    pub body: Value,
}

/// What came of waiting for a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A whole reply, and when its last byte came in.
    Reply(Reply, Instant),
    /// Nothing yet.
    Waiting,
    /// The stream ended, or held something else than a reply.
    Fault(String),
}

fn reply(bytes: &[u8]) -> Result<(Reply, usize), DecodeError> {
    let (header, taken) = decode(bytes)?;
    let (body, more) = decode(&bytes[taken..])?;
    Ok((Reply { header, body: unpack_body(body) }, taken + more))
}

/// Waits for the reply on a stream of its own.
pub fn read_on_stream(stream: &Stream, deadline: Instant) -> Answer {
    let whole = stream.read(deadline, |bytes| match reply(bytes) {
        Ok((reply, _)) => Some(Ok(reply)),
        Err(DecodeError::Short) => None,
        Err(DecodeError::Foreign(why)) => Some(Err(why)),
    });
    match whole {
        Ok((Ok(reply), arrived)) => Answer::Reply(reply, arrived),
        Ok((Err(why), _)) => Answer::Fault(why),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Answer::Waiting,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Answer::Fault("closed".into()),
        Err(error) => Answer::Fault(error.to_string()),
    }
}

/// Waits for a reply on a connection without streams.
///
/// # Errors
/// How the connection stands when no reply came.
pub fn read_on_conn(conn: &mut Conn, deadline: Instant) -> Result<Reply, Then> {
    let then = conn.read_until(deadline, |read| reply(read) != Err(DecodeError::Short));
    let (reply, length) = reply(conn.unread()).map_err(|_| then)?;
    conn.take(length);
    Ok(reply)
}

/// An answer as an outcome: `reply` or `error` or `fault`, and what was unusual about header and body.
pub fn outcome(answer: &Answer, seq: u64, method: &str) -> Value {
    let reply = match answer {
        Answer::Reply(reply, _) => reply,
        Answer::Waiting => return json!({"fault": "no reply in time"}),
        Answer::Fault(why) => return json!({ "fault": why }),
    };
    let mut outcome = Map::new();
    let error = &reply.header["Error"];
    if error == "" {
        outcome.insert("reply".into(), reply.body.clone());
    } else {
        outcome.insert("error".into(), error.clone());
        if reply.body != json!({}) {
            outcome.insert("error_body".into(), reply.body.clone());
        }
    }
    if reply.header != json!({"Error": error, "Seq": seq, "ServiceMethod": method}) {
        outcome.insert("header".into(), reply.header.clone());
    }
    Value::Object(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(header: Value, body: Value) -> Answer {
        Answer::Reply(Reply { header, body }, Instant::now())
    }

    #[test]
    fn the_usual_parts_of_an_answer_are_left_out() {
        let plain = answered(json!({"Error": "", "Seq": 1, "ServiceMethod": "A.B"}), json!([1]));
        assert_eq!(outcome(&plain, 1, "A.B"), json!({"reply": [1]}));
        let refused = answered(json!({"Error": "no", "Seq": 1, "ServiceMethod": "A.B"}), json!({}));
        assert_eq!(outcome(&refused, 1, "A.B"), json!({"error": "no"}));
    }

    #[test]
    fn the_unusual_parts_are_kept() {
        let header = json!({"Error": "no", "Seq": 2, "ServiceMethod": "A.B"});
        let odd = outcome(&answered(header.clone(), json!(null)), 1, "A.B");
        assert_eq!(odd, json!({"error": "no", "error_body": null, "header": header}));
        assert_eq!(outcome(&Answer::Fault("closed".into()), 1, "A.B"), json!({"fault": "closed"}));
    }

    #[test]
    fn a_reply_is_read_once_both_its_values_are_there() {
        let mut bytes = Vec::new();
        encode(&json!({"Error": "", "Seq": 1, "ServiceMethod": "A.B"}), &mut bytes).unwrap();
        assert_eq!(reply(&bytes), Err(DecodeError::Short));
        bytes.push(0xc3);
        assert_eq!(reply(&bytes).unwrap().0.body, json!(true));
    }
}
