//! Registers a service with its check on a node of its own, finds it, and takes it away.
//!
//! `cargo run -p proconsul-client --example registration -- 127.0.0.1:8300`
use anyhow::{Result, ensure};
use proconsul_client::{
    AskQuery, Client, Transport,
    structs::{
        catalog::{DeregisterRequest, RegisterRequest, ServiceSpecificRequest},
        check::HealthCheck,
        methods::catalog,
        service::NodeService,
    },
};

const NODE: &str = "example-node";

#[tokio::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8300".to_owned());
    run(&Client::connect([server], Transport::Plain).await?).await
}

/// Leaves nothing behind.
pub(crate) async fn run(client: &Client) -> Result<()> {
    let service = NodeService {
        service: "example-web".into(),
        port: 8080,
        tags: Some(vec!["v1".into()]),
        ..NodeService::default()
    };
    let check = HealthCheck {
        node: NODE.into(),
        check_id: "example-web-answers".into(),
        name: "it answers".into(),
        status: "passing".into(),
        service_id: "example-web".into(),
        ..HealthCheck::default()
    };
    let registration = RegisterRequest {
        node: NODE.into(),
        address: "10.0.0.7".into(),
        service: Some(service),
        check: Some(check),
        ..RegisterRequest::default()
    };
    client.call::<catalog::Register>(&registration).await?;

    let question = ServiceSpecificRequest { service_name: "example-web".into(), ..ServiceSpecificRequest::default() };
    let question = question.filter("ServicePort == 8080");
    let answer = client.call::<catalog::ServiceNodes>(&question).await?;
    for instance in answer.service_nodes.iter().flatten() {
        println!("{} on {} ({}:{})", instance.service_name, instance.node, instance.address, instance.service_port);
    }
    ensure!(answer.service_nodes.is_some_and(|instances| instances.len() == 1), "one instance was registered");

    // The node, with all that is on it.
    client
        .call::<catalog::Deregister>(&DeregisterRequest { node: NODE.into(), ..DeregisterRequest::default() })
        .await?;
    let answer = client.call::<catalog::ServiceNodes>(&question).await?;
    ensure!(answer.service_nodes.unwrap_or_default().is_empty(), "the instance is still there");
    println!("removed, as of {}", answer.query_meta.index);
    Ok(())
}
