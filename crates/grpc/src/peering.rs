//! `hashicorp.consul.internal.peering.PeeringService`: what is stored of peerings is read, written and deleted. Making a token and
//! establishing a peering check what they are given, and go no further until there is a stream between clusters.
#[cfg(test)]
mod tests;
mod vet; // whether names, metadata and tokens are such

use std::{sync::Arc, time::SystemTime};

use proconsul_proto::pbpeering::{
    EstablishRequest, EstablishResponse, GenerateTokenRequest, GenerateTokenResponse, Peering, PeeringDeleteRequest,
    PeeringDeleteResponse, PeeringListRequest, PeeringListResponse, PeeringReadRequest, PeeringReadResponse,
    PeeringState, PeeringTrustBundle, PeeringWriteRequest, PeeringWriteResponse, StreamStatus,
    TrustBundleListByServiceRequest, TrustBundleListByServiceResponse, TrustBundleReadRequest, TrustBundleReadResponse,
    peering_service_server::PeeringService,
};
use proconsul_services::{Access, Context};
use proconsul_state::{Entry, Outcome, Snapshot, WatchSet};
use proconsul_structs::{
    config_entry::{ConfigEntry, ExportedServices},
    peering as message,
};
use prost::Message;
use tonic::{Request, Response, Status, async_trait, metadata::MetadataMap};
use uuid::Uuid;

use crate::{
    append::append,
    blocking::{self, Found},
    go_status::not_implemented,
    news::News,
    options::{self, Asked},
};

/// The kind of service whose proxies see all there is of peers.
const MESH_GATEWAY: &str = "mesh-gateway";

/// The service.
#[derive(Clone)]
pub(crate) struct Peerings {
    context: Arc<Context>,
    news: Arc<News>,
}

impl Peerings {
    pub(crate) fn new(context: &Arc<Context>, news: &Arc<News>) -> Self {
        Self { context: Arc::clone(context), news: Arc::clone(news) }
    }

    /// That the caller may, and how it wants to be answered.
    fn demand(&self, metadata: &MetadataMap, access: Access<'_>) -> Result<Asked, Status> {
        options::demand(&self.context, metadata, access)
    }

    /// Answers a read, which may wait.
    async fn read<T>(
        &self,
        asked: &Asked,
        look: impl Fn(&Snapshot, &mut WatchSet) -> Found<T>,
    ) -> Result<Response<T>, Status> {
        blocking::read(&self.context, &self.news, asked, look).await
    }

    /// The peering of this name, in whatever case it is written.
    fn stored(&self, name: &str) -> Option<Arc<Peering>> {
        stored(&self.context.store.snapshot(), name, &mut WatchSet::off()).1
    }

    async fn write(&self, request: &PeeringWriteRequest) -> Result<(), Status> {
        let entry = Entry::PeeringWrite(Box::new(message::PeeringWriteRequest(request.encode_to_vec().into())));
        match append(&self.context, entry).await.map_err(|fault| options::unknown(&fault))? {
            Outcome::Error(text) => Err(Status::unknown(text.as_str())),
            _ => Ok(()),
        }
    }
}

/// The peering of this name, in whatever case it is written, and the newest change of it.
fn stored(snapshot: &Snapshot, name: &str, watches: &mut WatchSet) -> (u64, Option<Arc<Peering>>) {
    snapshot.record::<Peering>(&[name.to_lowercase().as_bytes()], watches)
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
        let asked = self.demand(request.metadata(), Access::PeeringRead)?;
        let name = &request.get_ref().name;
        self.read(&asked, |snapshot, watches| {
            let (index, peering) = stored(snapshot, name, watches);
            let answer = PeeringReadResponse { peering: peering.as_deref().map(shown) };
            Found { index, nothing: peering.is_none(), answer }
        })
        .await
    }

    async fn peering_list(
        &self,
        request: Request<PeeringListRequest>,
    ) -> Result<Response<PeeringListResponse>, Status> {
        vet::partition(&request.get_ref().partition)?;
        let asked = self.demand(request.metadata(), Access::PeeringRead)?;
        self.read(&asked, |snapshot, watches| {
            let (index, all) = snapshot.records::<Peering>(watches);
            let peerings = all.iter().map(|peering| shown(peering)).collect();
            Found { index, nothing: false, answer: PeeringListResponse { peerings, obsolete_index: index } }
        })
        .await
    }

    async fn peering_delete(
        &self,
        request: Request<PeeringDeleteRequest>,
    ) -> Result<Response<PeeringDeleteResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        self.demand(request.metadata(), Access::PeeringWrite)?;
        let Some(held) = self.stored(&asked.name) else { return Ok(Response::new(PeeringDeleteResponse {})) };
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
        let held = self.stored(&peering.name);
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
        let options = self.demand(request.metadata(), Access::ServiceWrite(&asked.service_name.as_str().into()))?;
        self.read(&options, |snapshot, watches| {
            let (mut index, mut bundles) = snapshot.records::<PeeringTrustBundle>(watches);
            if asked.kind != MESH_GATEWAY {
                let names: [&[u8]; 2] = [b"exported-services", b"default"];
                let (exported, entry) = snapshot.record::<ConfigEntry>(&names, watches);
                index = index.max(exported);
                let peers = match entry.as_deref() {
                    Some(ConfigEntry::ExportedServices(exports)) => peers_of(exports, &asked.service_name),
                    _ => Vec::new(),
                };
                bundles.retain(|bundle| peers.contains(&bundle.peer_name.as_bytes()));
            }
            let bundles = bundles.iter().map(|bundle| PeeringTrustBundle::clone(bundle)).collect();
            let answer = TrustBundleListByServiceResponse { bundles, obsolete_index: index };
            Found { index, nothing: false, answer }
        })
        .await
    }

    async fn trust_bundle_read(
        &self,
        request: Request<TrustBundleReadRequest>,
    ) -> Result<Response<TrustBundleReadResponse>, Status> {
        let asked = request.get_ref();
        vet::partition(&asked.partition)?;
        let options = self.demand(request.metadata(), Access::ServiceWriteAny)?;
        self.read(&options, |snapshot, watches| {
            let (index, bundle) = snapshot.record::<PeeringTrustBundle>(&[asked.name.as_bytes()], watches);
            let nothing = bundle.is_none();
            let obsolete_index = if nothing { 0 } else { index };
            let bundle = bundle.as_deref().cloned();
            Found { index, nothing, answer: TrustBundleReadResponse { bundle, obsolete_index } }
        })
        .await
    }
}

/// The peers that a service is exported to: by its own name, or else by the name of all.
fn peers_of<'e>(exports: &'e ExportedServices, service: &str) -> Vec<&'e [u8]> {
    let named = |name: &[u8]| exports.services.iter().flatten().rfind(|exported| exported.name.as_bytes() == name);
    let exported = named(service.as_bytes()).or_else(|| named(b"*"));
    let consumers = exported.into_iter().flat_map(|exported| exported.consumers.iter().flatten());
    consumers.map(|consumer| consumer.peer.as_bytes()).filter(|peer| !peer.is_empty()).collect()
}
