//! `hashicorp.consul.internal.peering.PeeringService`: what is stored of peerings is read, written and deleted. Making a token and
//! establishing a peering check what they are given, and go no further until there is a stream between clusters.
mod queried; // what goes in front of an answer to a read
mod vet; // whether names, metadata and tokens are such

use std::{sync::Arc, time::SystemTime};

use proconsul_proto::pbpeering::{
    EstablishRequest, EstablishResponse, GenerateTokenRequest, GenerateTokenResponse, Peering, PeeringDeleteRequest,
    PeeringDeleteResponse, PeeringListRequest, PeeringListResponse, PeeringReadRequest, PeeringReadResponse,
    PeeringState, PeeringTrustBundle, PeeringWriteRequest, PeeringWriteResponse, StreamStatus,
    TrustBundleListByServiceRequest, TrustBundleListByServiceResponse, TrustBundleReadRequest, TrustBundleReadResponse,
    peering_service_server::PeeringService,
};
use proconsul_services::{Access, Context, Rights};
use proconsul_state::{Entry, Outcome, WatchSet};
use proconsul_structs::{
    config_entry::{ConfigEntry, ExportedServices},
    peering as message,
};
use prost::Message;
use tonic::{Request, Response, Status, async_trait, metadata::MetadataMap};
use uuid::Uuid;

use self::queried::queried;
use crate::{append::append, go_status::not_implemented, options};

/// The kind of service whose proxies see all there is of peers.
const MESH_GATEWAY: &str = "mesh-gateway";

/// The service.
#[derive(Clone)]
pub(crate) struct Peerings {
    context: Arc<Context>,
}

impl Peerings {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }

    /// That the caller may.
    fn demand(&self, metadata: &MetadataMap, access: Access<'_>) -> Result<Rights, Status> {
        let rights = options::rights(&self.context, metadata).map_err(|fault| options::unknown(&fault))?;
        rights.demand(access).map_err(|fault| options::unknown(&fault))?;
        Ok(rights)
    }

    /// The peering of this name, in whatever case it is written.
    fn stored(&self, name: &str) -> (u64, Option<Arc<Peering>>) {
        let name = name.to_lowercase();
        self.context.store.snapshot().record::<Peering>(&[name.as_bytes()], &mut WatchSet::default())
    }

    async fn write(&self, request: &PeeringWriteRequest) -> Result<(), Status> {
        let entry = Entry::PeeringWrite(Box::new(message::PeeringWriteRequest(request.encode_to_vec().into())));
        match append(&self.context, entry).await.map_err(|fault| options::unknown(&fault))? {
            Outcome::Error(text) => Err(Status::unknown(text.as_str())),
            _ => Ok(()),
        }
    }
}

/// A peering as it is shown: no stream to its other side is known here.
fn shown(peering: &Peering) -> Peering {
    Peering { stream_status: Some(StreamStatus::default()), ..peering.clone() }
}

#[async_trait]
impl PeeringService for Peerings {
    async fn generate_token(
        &self,
        request: Request<GenerateTokenRequest>,
    ) -> Result<Response<GenerateTokenResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        vet::name(&asked.peer_name).map_err(Status::unknown)?;
        vet::metadata(&asked.meta).map_err(Status::unknown)?;
        self.demand(request.metadata(), Access::PeeringWrite)?;
        Err(not_implemented("GenerateToken"))
    }

    async fn establish(&self, request: Request<EstablishRequest>) -> Result<Response<EstablishResponse>, Status> {
        let asked = request.get_ref();
        vet::name(&asked.peer_name).map_err(Status::unknown)?;
        vet::token(&asked.peering_token).map_err(Status::unknown)?;
        vet::metadata(&asked.meta).map_err(Status::unknown)?;
        self.demand(request.metadata(), Access::PeeringWrite)?;
        Err(not_implemented("Establish"))
    }

    async fn peering_read(
        &self,
        request: Request<PeeringReadRequest>,
    ) -> Result<Response<PeeringReadResponse>, Status> {
        vet::partition(&request.get_ref().partition)?;
        self.demand(request.metadata(), Access::PeeringRead)?;
        let (index, peering) = self.stored(&request.get_ref().name);
        queried(&self.context, index, PeeringReadResponse { peering: peering.map(|peering| shown(&peering)) })
    }

    async fn peering_list(
        &self,
        request: Request<PeeringListRequest>,
    ) -> Result<Response<PeeringListResponse>, Status> {
        vet::partition(&request.get_ref().partition)?;
        self.demand(request.metadata(), Access::PeeringRead)?;
        let (index, all) = self.context.store.snapshot().records::<Peering>(&mut WatchSet::default());
        let peerings = all.iter().map(|peering| shown(peering)).collect();
        queried(&self.context, index, PeeringListResponse { peerings, obsolete_index: index })
    }

    async fn peering_delete(
        &self,
        request: Request<PeeringDeleteRequest>,
    ) -> Result<Response<PeeringDeleteResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        self.demand(request.metadata(), Access::PeeringWrite)?;
        let (_, Some(held)) = self.stored(&asked.name) else { return Ok(Response::new(PeeringDeleteResponse {})) };
        if held.state() != PeeringState::Deleting {
            // Marked; a leader removes in its own time what is marked, with all that came of it.
            let peering = Peering {
                id: held.id.clone(),
                name: asked.name.clone(),
                state: PeeringState::Deleting.into(),
                manual_server_addresses: held.manual_server_addresses.clone(),
                peer_server_addresses: held.peer_server_addresses.clone(),
                deleted_at: Some(SystemTime::now().into()),
                ..Peering::default()
            };
            self.write(&PeeringWriteRequest { peering: Some(peering), ..PeeringWriteRequest::default() }).await?;
        }
        Ok(Response::new(PeeringDeleteResponse {}))
    }

    async fn peering_write(
        &self,
        request: Request<PeeringWriteRequest>,
    ) -> Result<Response<PeeringWriteResponse>, Status> {
        let missing = || Status::unknown("missing required peering body");
        vet::partition(&request.get_ref().peering.as_ref().ok_or_else(missing)?.partition)?;
        self.demand(request.metadata(), Access::PeeringWrite)?;
        let mut write = request.into_inner();
        let peering = write.peering.as_mut().ok_or_else(missing)?;
        let (_, held) = self.stored(&peering.name);
        peering.id = held.map_or_else(|| Uuid::new_v4().to_string(), |held| held.id.clone());
        self.write(&write).await?;
        Ok(Response::new(PeeringWriteResponse {}))
    }

    async fn trust_bundle_list_by_service(
        &self,
        request: Request<TrustBundleListByServiceRequest>,
    ) -> Result<Response<TrustBundleListByServiceResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        vet::namespace(&asked.namespace)?;
        if asked.service_name.is_empty() {
            return Err(Status::unknown("missing service name"));
        }
        self.demand(request.metadata(), Access::ServiceWrite(&asked.service_name.as_str().into()))?;
        let snapshot = self.context.store.snapshot();
        let (index, mut bundles) = snapshot.records::<PeeringTrustBundle>(&mut WatchSet::default());
        if asked.kind != MESH_GATEWAY {
            let names: [&[u8]; 2] = [b"exported-services", b"default"];
            let (_, entry) = snapshot.record::<ConfigEntry>(&names, &mut WatchSet::default());
            bundles.retain(|bundle| match entry.as_deref() {
                Some(ConfigEntry::ExportedServices(exports)) => {
                    is_exported(exports, &asked.service_name, &bundle.peer_name)
                }
                _ => false,
            });
        }
        let bundles = bundles.iter().map(|bundle| PeeringTrustBundle::clone(bundle)).collect();
        queried(&self.context, index, TrustBundleListByServiceResponse { bundles, obsolete_index: index })
    }

    async fn trust_bundle_read(
        &self,
        request: Request<TrustBundleReadRequest>,
    ) -> Result<Response<TrustBundleReadResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        self.demand(request.metadata(), Access::ServiceWriteAny)?;
        let snapshot = self.context.store.snapshot();
        let (index, bundle) = snapshot.record::<PeeringTrustBundle>(&[asked.name.as_bytes()], &mut WatchSet::default());
        let found = bundle.is_some();
        let bundle = bundle.map(|bundle| PeeringTrustBundle::clone(&bundle));
        let obsolete_index = if found { index } else { 0 };
        queried(&self.context, index, TrustBundleReadResponse { bundle, obsolete_index })
    }
}

/// Whether a service, or every service, is exported to a peer.
fn is_exported(exports: &ExportedServices, service: &str, peer: &str) -> bool {
    exports.services.iter().flatten().any(|exported| {
        let named = exported.name.as_bytes() == service.as_bytes() || exported.name.as_bytes() == b"*";
        named && exported.consumers.iter().flatten().any(|consumer| consumer.peer.as_bytes() == peer.as_bytes())
    })
}
