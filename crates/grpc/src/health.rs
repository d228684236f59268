//! Health, which Consul does not have: of the server as a whole, and of its duties.
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health as HealthService, HealthServer},
    server::{HealthReporter, health_reporter},
};

/// That this server leads.
pub const LEADER: &str = "leader";
/// That this server has a leader and may be asked anything.
pub const READY: &str = "ready";

/// Tells every surface how the server is.
#[derive(Clone, Debug)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// A server that serves; nothing is said of its duties yet. With it the service, for each surface.
    pub(crate) fn new() -> (Self, HealthServer<impl HealthService>) {
        let (reporter, service) = health_reporter();
        (Self { reporter }, service)
    }

    /// Says whether the server leads, and whether it is ready. Those who watch are told what changes.
    pub async fn tell(&self, leads: bool, is_ready: bool) {
        self.reporter.set_service_status(LEADER, status(leads)).await;
        self.reporter.set_service_status(READY, status(is_ready)).await;
    }

    /// The server stops: it does not serve any more.
    pub async fn stop(&self) {
        for duty in ["", LEADER, READY] {
            self.reporter.set_service_status(duty, ServingStatus::NotServing).await;
        }
    }
}

fn status(serves: bool) -> ServingStatus {
    if serves { ServingStatus::Serving } else { ServingStatus::NotServing }
}
