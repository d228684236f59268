//! `hashicorp.consul.dataplane.DataplaneService`: what a data plane asks before it runs Envoy.
use std::sync::Arc;

use proconsul_proto_public::pbdataplane::{
    DataplaneFeatureSupport, DataplaneFeatures, GetEnvoyBootstrapParamsRequest, GetEnvoyBootstrapParamsResponse,
    GetSupportedDataplaneFeaturesRequest, GetSupportedDataplaneFeaturesResponse,
    dataplane_service_server::DataplaneService,
};
use proconsul_services::Context;
use tonic::{Request, Response, Status, async_trait};

use crate::options;

mod access_logs; // loggers of its admin listener
mod bootstrap; // what Envoy of one proxy begins with

/// The features that a server may have, and whether this one has them.
const FEATURES: [(DataplaneFeatures, bool); 4] = [
    (DataplaneFeatures::WatchServers, true),
    (DataplaneFeatures::EdgeCertificateManagement, true),
    (DataplaneFeatures::EnvoyBootstrapConfiguration, true),
    // A binary with certified cryptography only.
    (DataplaneFeatures::Fips, false),
];

/// The service.
#[derive(Clone)]
pub(crate) struct Dataplane {
    context: Arc<Context>,
}

impl Dataplane {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }
}

#[async_trait]
impl DataplaneService for Dataplane {
    async fn get_supported_dataplane_features(
        &self,
        request: Request<GetSupportedDataplaneFeaturesRequest>,
    ) -> Result<Response<GetSupportedDataplaneFeaturesResponse>, Status> {
        options::any_token(&self.context, request.metadata())?;
        let supported_dataplane_features = FEATURES
            .iter()
            .map(|(feature, supported)| DataplaneFeatureSupport {
                feature_name: i32::from(*feature),
                supported: *supported,
            })
            .collect();
        Ok(Response::new(GetSupportedDataplaneFeaturesResponse { supported_dataplane_features }))
    }

    async fn get_envoy_bootstrap_params(
        &self,
        request: Request<GetEnvoyBootstrapParamsRequest>,
    ) -> Result<Response<GetEnvoyBootstrapParamsResponse>, Status> {
        options::asked(request.metadata())?;
        let rights = options::rights(&self.context, request.metadata())
            .map_err(|fault| Status::unauthenticated(options::text(&fault)))?;
        bootstrap::params(&self.context, &rights, request.get_ref()).map(Response::new)
    }
}
