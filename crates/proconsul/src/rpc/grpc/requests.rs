//! The messages to send.
use std::{
    io::BufRead,
    pin::Pin,
    sync::mpsc::{Receiver, channel},
    thread,
};

use anyhow::{Context, Error, Result, bail};
use proconsul_types::nearest::nearest;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::{Deserializer, Value};
use tokio::sync::mpsc;
use tokio_stream::{Stream, iter, wrappers::ReceiverStream};

use crate::rpc::{arguments::CallArguments, call::data};

/// How many messages wait to be sent; more are read when there is room.
const WAITING_MAX: usize = 8;

type Messages = Pin<Box<dyn Stream<Item = DynamicMessage> + Send>>;

/// What to send, and where it is told that a line of the standard input is no request.
///
/// # Errors
/// What was given is no request of the method.
pub(super) fn of(arguments: &CallArguments, method: &MethodDescriptor) -> Result<(Messages, Receiver<Error>)> {
    let (tell, unreadable) = channel();
    let input = method.input();
    if method.is_client_streaming() && arguments.data == "-" {
        let (send, messages) = mpsc::channel(WAITING_MAX);
        // A thread of its own, which nobody waits for at the end.
        thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let read = line.context("failed to read the standard input").and_then(|line| lines(&line, &input));
                let read = match read {
                    Ok(read) => read,
                    Err(error) => {
                        let _nobody_asks_any_more = tell.send(error);
                        return;
                    }
                };
                for message in read {
                    if send.blocking_send(message).is_err() {
                        return; // nobody sends any more
                    }
                }
            }
        });
        return Ok((Box::pin(ReceiverStream::new(messages)), unreadable));
    }
    let messages = lines(&data(&arguments.data)?, &input)?;
    if !method.is_client_streaming() && messages.len() != 1 {
        bail!("{} takes one request, and {} were given", method.full_name(), messages.len());
    }
    Ok((Box::pin(iter(messages)), unreadable))
}

/// Any number of JSON values, as messages.
fn lines(text: &str, input: &MessageDescriptor) -> Result<Vec<DynamicMessage>> {
    let values = Deserializer::from_str(text).into_iter::<Value>();
    values.map(|value| message(&value.context("the request is not JSON")?, input)).collect()
}

fn message(value: &Value, input: &MessageDescriptor) -> Result<DynamicMessage> {
    DynamicMessage::deserialize(input.clone(), value).with_context(|| match misspelt(value, input) {
        Some(meant) => format!("the request is no {}: did you mean {meant}?", input.full_name()),
        None => format!("the request is no {}", input.full_name()),
    })
}

/// The field that was meant by the first name that is none's, in the message or in those within it.
fn misspelt(value: &Value, of: &MessageDescriptor) -> Option<String> {
    value.as_object()?.iter().find_map(|(name, value)| {
        let Some(field) = of.get_field_by_json_name(name).or_else(|| of.get_field_by_name(name)) else {
            let names: Vec<String> = of.fields().map(|field| field.json_name().to_owned()).collect();
            return nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        };
        let within = field.kind().as_message().filter(|_| !field.is_map()).cloned()?;
        match value {
            Value::Array(values) => values.iter().find_map(|value| misspelt(value, &within)),
            value => misspelt(value, &within),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::decode::protobuf::pool;

    #[test]
    fn a_misspelt_field_is_told_what_it_was_meant_to_be() {
        let input = pool().get_message_by_name("hashicorp.consul.resource.WriteRequest").expect("it is known");
        let said = |value| message(&value, &input).err().map(|error| error.to_string());
        assert_eq!(said(json!({"resource": {"id": {"name": "a"}}})), None);
        let meant = |field: &str| {
            Some(format!("the request is no hashicorp.consul.resource.WriteRequest: did you mean {field}?"))
        };
        assert_eq!(said(json!({"resorce": {}})), meant("resource"));
        assert_eq!(said(json!({"resource": {"id": {"nmae": "a"}}})), meant("name"));
        assert_eq!(
            said(json!({"resource": {"nothing_like_it_at_all": 1}})),
            Some("the request is no hashicorp.consul.resource.WriteRequest".to_owned())
        );
    }
}
