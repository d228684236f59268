//! `hashicorp.consul.acl.ACLService`: logging in and out. Access rules are off here, and it says so.
use proconsul_proto_public::pbacl::{
    LoginRequest, LoginResponse, LogoutRequest, LogoutResponse, acl_service_server::AclService,
};
use proconsul_types::WireText;
use tonic::{Request, Response, Status, async_trait};

/// The service of a server without access rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acl;

fn disabled() -> Status {
    Status::failed_precondition(WireText::ACL_DISABLED.as_str())
}

#[async_trait]
impl AclService for Acl {
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginResponse>, Status> {
        Err(disabled())
    }

    async fn logout(&self, _: Request<LogoutRequest>) -> Result<Response<LogoutResponse>, Status> {
        Err(disabled())
    }
}
