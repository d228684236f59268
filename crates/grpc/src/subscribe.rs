//! `subscribe.StateChangeSubscription`: what makes no subscription is refused as by Consul. What makes one is answered as a method
//! that nobody has written, until there are events to stream.
use std::{pin::Pin, sync::Arc};

use futures_core::Stream;
use proconsul_netrpc::Fault;
use proconsul_proto::pbsubscribe::{
    Event, SubscribeRequest, Topic, state_change_subscription_server::StateChangeSubscription,
    subscribe_request::Subject,
};
use proconsul_services::Context;
use proconsul_structs::Token;
use proconsul_types::WireText;
use tonic::{Request, Response, Status, async_trait};

use crate::{go_status::not_implemented, options};

/// The service of a server that streams nothing yet.
#[derive(Clone)]
pub(crate) struct Subscribe {
    context: Arc<Context>,
}

impl Subscribe {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }

    /// Whether a request makes a subscription.
    fn vet(&self, request: &SubscribeRequest) -> Result<(), Status> {
        if !request.datacenter.is_empty() && request.datacenter.as_bytes() != self.context.datacenter.as_bytes() {
            return Err(options::unknown(&Fault::from(WireText::NO_PATH_TO_DATACENTER)));
        }
        let token = (!request.token.is_empty()).then(|| Token::new(request.token.as_str()));
        self.context.authorizers.of(token.as_ref()).map_err(|fault| options::unknown(&fault))?;
        let topic = Topic::try_from(request.topic);
        if let Some(Subject::WildcardSubject(true)) = request.subject {
            return wildcard(topic, request.topic).map_err(Status::unknown);
        }
        named(request, topic).map_err(Status::invalid_argument)
    }
}

/// A subscription to all of a topic.
fn wildcard(topic: Result<Topic, prost::UnknownEnumValue>, number: i32) -> Result<(), String> {
    match topic {
        Ok(Topic::Unknown) | Err(_) => Err(format!("unknown topic {}", name(number))),
        Ok(Topic::ServiceHealth | Topic::ServiceHealthConnect) => {
            Err(format!("topic {} does not support wildcard subscriptions", name(number)))
        }
        Ok(_) => Ok(()),
    }
}

/// A subscription to one subject of a topic.
fn named(request: &SubscribeRequest, topic: Result<Topic, prost::UnknownEnumValue>) -> Result<(), String> {
    // Older clients say it beside the subject.
    let key = match &request.subject {
        Some(Subject::NamedSubject(subject)) => &subject.key,
        _ => &request.key,
    };
    if key.is_empty() {
        return Err("either WildcardSubject or NamedSubject.Key is required".to_owned());
    }
    match topic {
        Ok(Topic::ServiceList) => {
            Err(format!("topic {} can only be consumed using WildcardSubject", name(request.topic)))
        }
        Ok(Topic::Unknown | Topic::IpRateLimit) | Err(_) => {
            Err(format!("cannot construct subject for topic {}", name(request.topic)))
        }
        Ok(_) => Ok(()),
    }
}

/// A topic as Go prints it: its name, or its number if it has none.
fn name(number: i32) -> String {
    Topic::try_from(number).map_or_else(|_| number.to_string(), |topic| topic.as_str_name().to_owned())
}

#[async_trait]
impl StateChangeSubscription for Subscribe {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;

    async fn subscribe(&self, request: Request<SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        self.vet(request.get_ref())?;
        Err(not_implemented("Subscribe"))
    }
}

#[cfg(test)]
mod tests {
    use proconsul_proto::pbsubscribe::NamedSubject;

    use super::*;

    fn refused(request: &SubscribeRequest) -> Option<String> {
        let topic = Topic::try_from(request.topic);
        match request.subject {
            Some(Subject::WildcardSubject(true)) => wildcard(topic, request.topic),
            _ => named(request, topic),
        }
        .err()
    }

    #[test]
    fn what_makes_no_subscription_is_refused_in_consuls_words() {
        let of = |topic: i32, subject| SubscribeRequest { topic, subject, ..SubscribeRequest::default() };
        let subject =
            |key: &str| Some(Subject::NamedSubject(NamedSubject { key: key.into(), ..NamedSubject::default() }));
        let all = Some(Subject::WildcardSubject(true));
        for (request, text) in [
            (of(1, None), "either WildcardSubject or NamedSubject.Key is required"),
            (of(99, subject("x")), "cannot construct subject for topic 99"),
            (of(0, subject("x")), "cannot construct subject for topic Unknown"),
            (of(7, subject("x")), "topic ServiceList can only be consumed using WildcardSubject"),
            (of(1, all.clone()), "topic ServiceHealth does not support wildcard subscriptions"),
            (of(99, all.clone()), "unknown topic 99"),
        ] {
            assert_eq!(refused(&request).as_deref(), Some(text));
        }
        for request in [
            of(1, subject("web")),
            of(3, all),
            SubscribeRequest { topic: 1, key: "web".into(), ..SubscribeRequest::default() },
        ] {
            assert_eq!(refused(&request), None);
        }
    }
}
