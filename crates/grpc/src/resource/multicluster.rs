//! Types that say which other clusters may use which services.
use proconsul_proto_public::{
    pbmulticluster::v2::{
        ComputedExportedServices, ExportedServices, ExportedServicesConsumer, NamespaceExportedServices,
        PartitionExportedServices, computed_exported_service_consumer::Tenancy,
        exported_services_consumer::ConsumerTenancy,
    },
    pbresource::Resource,
};
use proconsul_types::WireText;

use super::unpack::parse;

pub(super) const EXPORTED_SERVICES: &str = "hashicorp.consul.multicluster.v2.ExportedServices";
pub(super) const NAMESPACE_EXPORTED_SERVICES: &str = "hashicorp.consul.multicluster.v2.NamespaceExportedServices";
pub(super) const PARTITION_EXPORTED_SERVICES: &str = "hashicorp.consul.multicluster.v2.PartitionExportedServices";
pub(super) const COMPUTED_EXPORTED_SERVICES: &str = "hashicorp.consul.multicluster.v2.ComputedExportedServices";

/// The only name that computed exports have.
const COMPUTED_NAME: &str = "global";
/// What a cluster calls itself among its peers.
const LOCAL_PEER: &str = "local";

const ENTERPRISE: &str = "can only be set in Enterprise";
const EMPTY: &str = "can not be empty";

/// At least one service, and consumers that are such.
pub(super) fn validate_exported_services(resource: &Resource) -> Result<(), String> {
    let exported: ExportedServices = parse(resource.data.as_ref(), EXPORTED_SERVICES)?;
    let mut faults = Faults::default();
    if exported.services.is_empty() {
        faults.field("services", "at least one service must be set");
    }
    faults.consumers(&exported.consumers);
    faults.into_result()
}

pub(super) fn validate_namespace_exported_services(resource: &Resource) -> Result<(), String> {
    let exported: NamespaceExportedServices = parse(resource.data.as_ref(), NAMESPACE_EXPORTED_SERVICES)?;
    let mut faults = Faults::default();
    faults.consumers(&exported.consumers);
    faults.into_result()
}

pub(super) fn validate_partition_exported_services(resource: &Resource) -> Result<(), String> {
    let exported: PartitionExportedServices = parse(resource.data.as_ref(), PARTITION_EXPORTED_SERVICES)?;
    let mut faults = Faults::default();
    faults.consumers(&exported.consumers);
    faults.into_result()
}

/// There is one in a partition, and its consumers are peers.
pub(super) fn validate_computed_exported_services(resource: &Resource) -> Result<(), String> {
    let computed: ComputedExportedServices = parse(resource.data.as_ref(), COMPUTED_EXPORTED_SERVICES)?;
    let mut faults = Faults::default();
    if resource.id.as_ref().is_none_or(|id| id.name != COMPUTED_NAME) {
        faults.field("name", "name can only be \"global\"");
    }
    for (index, service) in computed.services.iter().enumerate() {
        for consumer in &service.consumers {
            match &consumer.tenancy {
                Some(Tenancy::Partition(partition)) => {
                    faults.element("partition", index, ENTERPRISE);
                    if partition.is_empty() {
                        faults.element("partition", index, EMPTY);
                    }
                }
                Some(Tenancy::Peer(peer)) if peer.is_empty() => faults.element("peer", index, EMPTY),
                _ => {}
            }
        }
    }
    faults.into_result()
}

/// How many faults of one resource are told.
const FAULTS_MAX: usize = 128;

/// All that is wrong with a resource.
#[derive(Default)]
struct Faults(Vec<WireText>);

impl Faults {
    fn add(&mut self, text: String) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(WireText::other(text));
        }
    }

    fn field(&mut self, name: &str, cause: &str) {
        self.add(format!("invalid \"{name}\" field: {cause}"));
    }

    fn element(&mut self, list: &str, index: usize, cause: &str) {
        self.add(format!("invalid element at index {index} of list \"{list}\": {cause}"));
    }

    fn consumers(&mut self, consumers: &[ExportedServicesConsumer]) {
        for (index, consumer) in consumers.iter().enumerate() {
            match &consumer.consumer_tenancy {
                Some(ConsumerTenancy::Peer(peer)) if peer.is_empty() || peer == LOCAL_PEER => {
                    self.element("peer", index, "can not be empty or local");
                }
                Some(ConsumerTenancy::Partition(partition)) => self.of_enterprise("partition", index, partition),
                Some(ConsumerTenancy::SamenessGroup(group)) => self.of_enterprise("sameness_group", index, group),
                _ => {}
            }
        }
    }

    fn of_enterprise(&mut self, list: &str, index: usize, value: &str) {
        if value.is_empty() {
            self.element(list, index, EMPTY);
        }
        self.element(list, index, ENTERPRISE);
    }

    fn into_result(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(WireText::several(&self.0).into()) }
    }
}
