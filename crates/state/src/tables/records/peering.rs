//! Peerings with other clusters, what their certificates come from, and the secrets shared with them. Source: `peering.go`.

use proconsul_proto::pbpeering::{
    self, Peering, PeeringSecrets, PeeringState, PeeringTrustBundle, RemoteInfo, peering_secrets,
    secrets_write_request::Request,
};
use proconsul_structs::peering as message;
use proconsul_types::{GoQuoted, WireText};
use prost::Message;

use super::{Record, refused};
use crate::Outcome;
use crate::tables::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn write_peering(&mut self, message: &message::PeeringWriteRequest) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::PeeringWriteRequest>(&message.0)?;
        let mut peering = request.peering.ok_or_else(|| refused("Missing Peering ID"))?;
        is_whole(&peering)?;
        match self.peering(&peering.name).cloned() {
            Some(held) => {
                if !goes_on(&peering, &held)? {
                    return Ok(Outcome::Nothing);
                }
                if peering.state() == PeeringState::Undefined {
                    peering.state = held.state;
                }
                if is_empty(peering.remote.as_ref()) && !is_empty(held.remote.as_ref()) {
                    peering.remote = held.remote;
                }
                peering.stream_status = None;
            }
            None => {
                let same_id = self.peering_by_id(&peering.id);
                if same_id.is_some() {
                    let name = GoQuoted(&peering.name).to_string();
                    return Err(refused(format!("A peering already exists with the ID {name} and a different name")));
                }
                if !is_active(&peering) {
                    return Err(refused("cannot create a new peering marked for deletion"));
                }
                if peering.state() == PeeringState::Undefined {
                    peering.set_state(PeeringState::Pending);
                }
            }
        }
        if !is_active(&peering)
            && let Ok(key) = PeeringSecrets::key_of(&[peering.id.as_bytes()])
        {
            self.remove_record::<PeeringSecrets>(key);
        }
        self.put(peering)?;
        self.change_secrets(request.secrets_request)
            .map_err(|cause| refused(format!("failed to write peering establishment secret: {cause}")))?;
        Ok(Outcome::Nothing)
    }

    pub(super) fn delete_peering(&mut self, message: &message::PeeringDeleteRequest) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::PeeringDeleteRequest>(&message.0)?;
        let Some(held) = self.peering(&request.name) else { return Ok(Outcome::Nothing) };
        if is_active(held) {
            return Err(refused("cannot delete a peering without first marking for deletion"));
        }
        if let Ok(key) = held.key() {
            self.remove_record::<Peering>(key);
        }
        Ok(Outcome::Nothing)
    }

    pub(super) fn terminate_peering(
        &mut self,
        message: &message::PeeringTerminateByIdRequest,
    ) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::PeeringTerminateByIdRequest>(&message.0)?;
        if let Some(mut peering) = self.peering_by_id(&request.id).cloned() {
            peering.set_state(PeeringState::Terminated);
            self.put(peering)?;
        }
        Ok(Outcome::Nothing)
    }

    pub(super) fn write_trust_bundle(
        &mut self,
        message: &message::PeeringTrustBundleWriteRequest,
    ) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::PeeringTrustBundleWriteRequest>(&message.0)?;
        let bundle = request.peering_trust_bundle.unwrap_or_default();
        if bundle.peer_name.is_empty() {
            return Err(refused("missing peer name"));
        }
        let Some(held) = self.peering(&bundle.peer_name) else {
            let name = &bundle.peer_name;
            return Err(refused(format!("cannot write peering trust bundle for unknown peering {name}")));
        };
        if held.state() == PeeringState::Deleting {
            return Err(refused("cannot write to peering that is marked for deletion"));
        }
        let mut peering = held.clone();
        peering.peer_ca_pems = bundle.root_pe_ms.iter().map(|pem| with_line_end(pem)).collect();
        self.put(peering)?;
        self.put(bundle)?;
        Ok(Outcome::Nothing)
    }

    pub(super) fn delete_trust_bundle(
        &mut self,
        message: &message::PeeringTrustBundleDeleteRequest,
    ) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::PeeringTrustBundleDeleteRequest>(&message.0)?;
        if let Ok(key) = PeeringTrustBundle::key_of(&[request.name.as_bytes()]) {
            self.remove_record::<PeeringTrustBundle>(key);
        }
        Ok(Outcome::Nothing)
    }

    pub(super) fn write_peering_secrets(
        &mut self,
        message: &message::SecretsWriteRequest,
    ) -> Result<Outcome, WireText> {
        let request = decode::<pbpeering::SecretsWriteRequest>(&message.0)?;
        self.change_secrets(Some(request))
            .map_err(|cause| refused(format!("failed to write peering secret: {cause}")))?;
        Ok(Outcome::Nothing)
    }

    fn change_secrets(&mut self, request: Option<pbpeering::SecretsWriteRequest>) -> Result<(), WireText> {
        let Some(request) = request else { return Ok(()) };
        let Some(change) = request.request else { return Ok(()) };
        if request.peer_id.is_empty() {
            return Err(refused("invalid secret write request: missing peer ID"));
        }
        if new_secret(&change).is_empty() {
            return Err(refused("invalid secret write request: missing secret ID"));
        }
        let Some(peering) = self.peering_by_id(&request.peer_id) else {
            let id = GoQuoted(&request.peer_id).to_string();
            return Err(refused(format!("unknown peering {id} for secret")));
        };
        let dials = should_dial(peering);
        let held = self.stored::<PeeringSecrets>(&[request.peer_id.as_bytes()]).ok().flatten();
        let taken = matches!(change, Request::GenerateToken(_) | Request::ExchangeSecret(_))
            && self.tables.records.peering_secrets.values().any(|other| uses(other, new_secret(&change)));
        if !dials && taken {
            return Err(refused("peering secret is already in use, retry the operation"));
        }
        let secrets = changed(request.peer_id, dials, held.map(|held| &**held), change)?;
        self.put(secrets)
    }

    fn peering(&self, name: &str) -> Option<&Peering> {
        self.stored::<Peering>(&[name.as_bytes()]).ok().flatten().map(|held| &**held)
    }

    fn peering_by_id(&self, id: &str) -> Option<&Peering> {
        let mut all = self.tables.records.peerings.values();
        all.find(|peering| peering.id.eq_ignore_ascii_case(id)).map(|held| &**held)
    }

    fn put<R: Record>(&mut self, record: R) -> Result<(), WireText> {
        self.store_record(record).map_err(|cause| refused(format!("failed inserting peering: {cause}")))
    }
}

/// The secrets after a change.
fn changed(
    peer_id: String,
    dials: bool,
    held: Option<&PeeringSecrets>,
    change: Request,
) -> Result<PeeringSecrets, WireText> {
    let active = |held: &PeeringSecrets| held.stream.as_ref().map_or("", |stream| &stream.active_secret_id).to_owned();
    let pending =
        |held: &PeeringSecrets| held.stream.as_ref().map_or("", |stream| &stream.pending_secret_id).to_owned();
    let establishment = |held: &PeeringSecrets| held.establishment.as_ref().map_or("", |it| &it.secret_id).to_owned();
    let mut next = PeeringSecrets { peer_id, ..PeeringSecrets::default() };
    match change {
        Request::Establish(establish) if dials => {
            let active_secret_id = establish.active_stream_secret;
            next.stream = Some(peering_secrets::Stream { active_secret_id, ..Default::default() });
        }
        _ if dials => return Err(refused("invalid request type when persisting stream secret for dialing peer")),
        Request::GenerateToken(token) => {
            next.establishment = Some(peering_secrets::Establishment { secret_id: token.establishment_secret });
            next.stream = held.and_then(|held| held.stream.clone());
        }
        Request::ExchangeSecret(exchange) => {
            let held = held.ok_or_else(|| refused("cannot exchange peering secret: no known secrets for peering"))?;
            let known = establishment(held);
            if known.is_empty() {
                return Err(refused("invalid establishment secret: peering was already established"));
            }
            if known != exchange.establishment_secret {
                return Err(refused("invalid establishment secret"));
            }
            next.stream = Some(peering_secrets::Stream {
                active_secret_id: active(held),
                pending_secret_id: exchange.pending_stream_secret,
            });
        }
        Request::PromotePending(promote) => {
            let held = held.ok_or_else(|| refused("cannot promote pending secret: no known secrets for peering"))?;
            if pending(held) != promote.active_stream_secret {
                return Err(refused("invalid pending stream secret"));
            }
            let active_secret_id = promote.active_stream_secret;
            next.stream = Some(peering_secrets::Stream { active_secret_id, ..Default::default() });
            next.establishment = held.establishment.clone();
        }
        Request::Establish(_) => {
            return Err(refused("an accepting peer should not have called Establish RPC"));
        }
    }
    Ok(next)
}

fn new_secret(change: &Request) -> &str {
    match change {
        Request::GenerateToken(it) => &it.establishment_secret,
        Request::ExchangeSecret(it) => &it.pending_stream_secret,
        Request::PromotePending(it) => &it.active_stream_secret,
        Request::Establish(it) => &it.active_stream_secret,
    }
}

fn uses(secrets: &PeeringSecrets, id: &str) -> bool {
    let stream = secrets.stream.as_ref();
    secrets.establishment.as_ref().is_some_and(|it| it.secret_id == id)
        || stream.is_some_and(|stream| stream.active_secret_id == id || stream.pending_secret_id == id)
}

fn is_whole(peering: &Peering) -> Result<(), WireText> {
    if peering.id.is_empty() {
        return Err(refused("Missing Peering ID"));
    }
    if peering.name.is_empty() {
        return Err(refused("Missing Peering Name"));
    }
    let deleting = peering.state() == PeeringState::Deleting;
    match (deleting, has_end(peering)) {
        (true, false) => Err(refused("Missing deletion time for peering in deleting state")),
        (false, true) => {
            let state = peering.state().as_str_name();
            Err(refused(format!("Unexpected state for peering with deletion time: {state}")))
        }
        _ => Ok(()),
    }
}

/// Whether a peering is to be stored over the one that is there.
fn goes_on(peering: &Peering, held: &Peering) -> Result<bool, WireText> {
    use PeeringState::{Deleting, Terminated};
    if should_dial(peering) != should_dial(held) {
        let (old, new) = (should_dial(held), should_dial(peering));
        return Err(refused(format!("Cannot switch peering dialing mode from {old} to {new}")));
    }
    if peering.id != held.id {
        let (name, id) = (GoQuoted(&peering.name), GoQuoted(&held.id));
        return Err(refused(format!("A peering already exists with the name {name} and a different ID {id}")));
    }
    match (held.state(), peering.state()) {
        (Deleting, Terminated | Deleting) | (Terminated, Terminated) => Ok(false),
        (Deleting, _) => Err(refused("cannot write to peering that is marked for deletion")),
        _ => Ok(true),
    }
}

fn should_dial(peering: &Peering) -> bool {
    !peering.peer_server_addresses.is_empty() || !peering.manual_server_addresses.is_empty()
}

/// Go's zero time, or the epoch's, say that there is none.
fn has_end(peering: &Peering) -> bool {
    peering.deleted_at.is_some_and(|at| (at.seconds, at.nanos) != (0, 0) && at.seconds != GO_ZERO_SECONDS)
}

/// Seconds between the epoch and Go's zero time.
const GO_ZERO_SECONDS: i64 = -62_135_596_800;

fn is_active(peering: &Peering) -> bool {
    peering.state() != PeeringState::Terminated && !has_end(peering)
}

fn is_empty(remote: Option<&RemoteInfo>) -> bool {
    remote.is_none_or(|remote| remote.partition.is_empty() && remote.datacenter.is_empty() && remote.locality.is_none())
}

fn with_line_end(pem: &str) -> String {
    if pem.ends_with('\n') { pem.to_owned() } else { format!("{pem}\n") }
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, WireText> {
    M::decode(bytes).map_err(|cause| refused(format!("failed to decode request: {cause}")))
}
