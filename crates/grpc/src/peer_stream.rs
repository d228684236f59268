//! `hashicorp.consul.internal.peerstream.PeerStreamService`: peers are let in as far as their first message. Secrets are exchanged;
//! what clusters then tell each other comes with peerings.
use std::{pin::Pin, sync::Arc};

use futures_core::Stream;
use proconsul_proto::{
    pbpeering::{Peering, PeeringSecrets, PeeringState, SecretsWriteRequest, secrets_write_request},
    pbpeerstream::{
        ExchangeSecretRequest, ExchangeSecretResponse, LeaderAddress, ReplicationMessage,
        peer_stream_service_server::PeerStreamService,
        replication_message::{Open, Payload},
    },
};
use proconsul_services::Context;
use proconsul_state::{Entry, Outcome, WatchSet};
use proconsul_structs::peering as message;
use prost::Message;
use tonic::{Request, Response, Status, Streaming, async_trait};
use uuid::Uuid;

use crate::{
    append::append,
    details::with_details,
    go_status::{in_gos_words, not_implemented},
    options,
};

/// The service.
#[derive(Clone)]
pub(crate) struct PeerStreams {
    context: Arc<Context>,
}

impl PeerStreams {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }

    /// The secrets that are shared with a peer.
    fn secrets(&self, id: &str) -> Result<Option<Arc<PeeringSecrets>>, String> {
        if id.len() != 36 {
            return Err("failed peering secret lookup: index error: UUID must be 36 characters".to_owned());
        }
        let snapshot = self.context.store.snapshot();
        Ok(snapshot.record::<PeeringSecrets>(&[id.as_bytes()], &mut WatchSet::default()).1)
    }

    /// Peers stream with the leader. From another server they learn who that is.
    fn lead(&self) -> Result<(), Status> {
        if self.context.leadership.leads() {
            return Ok(());
        }
        let refused = Status::failed_precondition("cannot establish a peering stream on a follower node");
        let address = self.context.leadership.facts().leader.to_str_lossy().into_owned();
        Err(with_details(&refused, LEADER_ADDRESS, &LeaderAddress { address }))
    }

    /// Whether a peer that begins so may go on.
    fn let_in(&self, open: &Open) -> Result<(), Status> {
        let id = &open.peer_id;
        if id.is_empty() {
            return Err(Status::invalid_argument("initial subscription request must specify a PeerID"));
        }
        let (_, all) = self.context.store.snapshot().records::<Peering>(&mut WatchSet::default());
        let unknown = || Status::invalid_argument(format!("initial subscription for unknown PeerID: {id}"));
        let peering = all.iter().find(|peering| peering.id == *id).ok_or_else(unknown)?;
        if matches!(peering.state(), PeeringState::Terminated | PeeringState::Deleting) {
            return Err(Status::aborted(format!("peering is marked as deleted: {id}")));
        }
        let secrets = self
            .secrets(id)
            .map_err(|_| Status::internal(format!("failed to find peering secrets for PeerID: {id}")))?;
        let Some(secrets) = secrets else {
            return Err(Status::internal("unable to authorize connection, peering must be re-established"));
        };
        let stream = secrets.stream.clone().unwrap_or_default();
        let shown = |secret: &str| !secret.is_empty() && same_secret(secret, &open.stream_secret_id);
        if !shown(&stream.active_secret_id) && !shown(&stream.pending_secret_id) {
            return Err(Status::permission_denied("invalid peering stream secret"));
        }
        Ok(())
    }
}

/// The full name of what tells a peer whom to ask instead.
const LEADER_ADDRESS: &str = "hashicorp.consul.internal.peerstream.LeaderAddress";

/// Compares all of both, however soon they differ: how long it takes tells nothing.
fn same_secret(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[async_trait]
impl PeerStreamService for PeerStreams {
    type StreamResourcesStream = Pin<Box<dyn Stream<Item = Result<ReplicationMessage, Status>> + Send>>;

    async fn stream_resources(
        &self,
        request: Request<Streaming<ReplicationMessage>>,
    ) -> Result<Response<Self::StreamResourcesStream>, Status> {
        self.lead()?;
        let row =
            proconsul_proto::methods::find("/hashicorp.consul.internal.peerstream.PeerStreamService/StreamResources");
        let first = request
            .into_inner()
            .message()
            .await
            .map_err(|status| row.and_then(|row| in_gos_words(&status, row)).unwrap_or(status))?;
        match first {
            None => Err(Status::unknown("EOF")),
            Some(ReplicationMessage { payload: Some(Payload::Open(open)) }) => {
                self.let_in(&open)?;
                Err(not_implemented("StreamResources"))
            }
            Some(_) => Err(Status::invalid_argument("first message when initiating a peering must be: Open")),
        }
    }

    async fn exchange_secret(
        &self,
        request: Request<ExchangeSecretRequest>,
    ) -> Result<Response<ExchangeSecretResponse>, Status> {
        let ExchangeSecretRequest { peer_id, establishment_secret } = request.into_inner();
        let held =
            self.secrets(&peer_id).map_err(|why| Status::internal(format!("failed to read peering secret: {why}")))?;
        let held = held.and_then(|held| held.establishment.clone()).map(|held| held.secret_id).unwrap_or_default();
        if !same_secret(&held, &establishment_secret) || held.is_empty() {
            return Err(Status::permission_denied("invalid peering establishment secret"));
        }
        let stream_secret = Uuid::new_v4().to_string();
        let exchange = secrets_write_request::ExchangeSecretRequest {
            establishment_secret,
            pending_stream_secret: stream_secret.clone(),
        };
        let write =
            SecretsWriteRequest { peer_id, request: Some(secrets_write_request::Request::ExchangeSecret(exchange)) };
        let entry = Entry::PeeringSecretsWrite(Box::new(message::SecretsWriteRequest(write.encode_to_vec().into())));
        let failed = |why: &str| Status::internal(format!("failed to persist peering secret: {why}"));
        match append(&self.context, entry).await.map_err(|fault| failed(&options::text(&fault)))? {
            Outcome::Error(text) => Err(failed(text.as_str())),
            _ => Ok(Response::new(ExchangeSecretResponse { stream_secret })),
        }
    }
}

#[cfg(test)]
mod tests {
    use proconsul_proto::pbstatus;
    use tonic::Code;

    use super::*;
    use crate::alone;

    #[test]
    fn a_follower_tells_peers_whom_to_ask() {
        assert!(PeerStreams::new(&alone::context()).lead().is_ok());
        let refused = PeerStreams::new(&alone::following("10.0.0.1:8300")).lead().expect_err("it follows");
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::FailedPrecondition, "cannot establish a peering stream on a follower node")
        );
        let whole = pbstatus::Status::decode(refused.details()).expect("details");
        assert_eq!(whole.details[0].type_url, format!("type.googleapis.com/{LEADER_ADDRESS}"));
        let hint = LeaderAddress::decode(&*whole.details[0].value).expect("an address");
        assert_eq!(hint.address, "10.0.0.1:8300");
    }
}
