//! Methods that are no part of Consul's protocol: health, which Consul has not, and reflection, which Go's library brings.
use proconsul_types::{
    Category, GrpcDuty, GrpcFacts,
    GrpcListener::{External, Internal},
    GrpcRow, Operation,
};

/// Their rows. The rate limiter counts none of them, as in Consul, whose table does not have them.
pub static ALSO: [GrpcRow; 5] = [
    row(
        "grpc.health.v1.Health.Check",
        "/grpc.health.v1.Health/Check",
        false,
        false,
        "Whether the server, or one of its duties (`leader`, `ready`), is fine now.",
    ),
    row(
        "grpc.health.v1.Health.List",
        "/grpc.health.v1.Health/List",
        false,
        false,
        "Every duty that has a health, and what it is.",
    ),
    row(
        "grpc.health.v1.Health.Watch",
        "/grpc.health.v1.Health/Watch",
        false,
        true,
        "As Check, and again when it changes.",
    ),
    row(
        "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        true,
        true,
        "Which services there are, and the descriptors of their messages.",
    ),
    row(
        "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        true,
        true,
        "As the service of version 1, for older clients.",
    ),
];

const DUTIES: &[GrpcDuty] = &[
    GrpcDuty::new("grpc.health.v1.Health.Check", &[Internal, External]),
    GrpcDuty::new("grpc.health.v1.Health.List", &[Internal, External]),
    GrpcDuty::new("grpc.health.v1.Health.Watch", &[Internal, External]),
    GrpcDuty::new("grpc.reflection.v1.ServerReflection.ServerReflectionInfo", &[Internal, External]),
    GrpcDuty::new("grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo", &[Internal, External]),
];

const fn row(
    name: &'static str,
    path: &'static str,
    client_streaming: bool,
    server_streaming: bool,
    meaning: &'static str,
) -> GrpcRow {
    let facts = GrpcFacts {
        name,
        path,
        operation: Operation::Exempt,
        category: Category::None,
        client_streaming,
        server_streaming,
        request: "",
        reply: "",
        meaning,
    };
    GrpcRow::new(facts, DUTIES)
}
