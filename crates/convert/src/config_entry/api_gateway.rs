//! `api-gateway`, `bound-api-gateway`, `http-route`, `tcp-route` and the certificates.

use std::collections::BTreeMap;

use proconsul_msgpack::GoStr;
use proconsul_proto::pbconfigentry;
use proconsul_structs::{
    List, Pairs,
    catalog::ServiceName,
    config_entry::{
        ApiGateway, ApiGatewayJwtRequirement, ApiGatewayListener, ApiGatewayListenerProtocol, ApiGatewayPolicy,
        ApiGatewayTlsConfiguration, BoundApiGateway, BoundApiGatewayListener, Condition, ConditionStatus,
        FileSystemCertificate, HttpFilters, HttpHeaderFilter, HttpHeaderMatch, HttpHeaderMatchType, HttpMatch,
        HttpMatchMethod, HttpPathMatch, HttpPathMatchType, HttpQueryMatch, HttpQueryMatchType, HttpResponseFilters,
        HttpRoute, HttpRouteRule, HttpService, InlineCertificate, JwtFilter, ResourceReference, RetryFilter, Status,
        TcpRoute, TcpService, TimeoutFilter, TlsVersion, UrlRewrite,
    },
};

use crate::{
    ConvertError, Mirror,
    define::{mirror, numbers, words},
};

words!(ConditionStatus, TlsVersion);

numbers! {
    ApiGatewayListenerProtocol { Http = ListenerProtocolHttp, Tcp = ListenerProtocolTcp }
    HttpMatchMethod {
        All = All, Connect = Connect, Delete = Delete, Get = Get, Head = Head, Options = Options, Patch = Patch, Post = Post,
        Put = Put, Trace = Trace,
    }
    HttpHeaderMatchType {
        Exact = HttpHeaderMatchExact, Prefix = HttpHeaderMatchPrefix, Present = HttpHeaderMatchPresent,
        RegularExpression = HttpHeaderMatchRegularExpression, Suffix = HttpHeaderMatchSuffix,
    }
    HttpPathMatchType {
        Exact = HttpPathMatchExact, Prefix = HttpPathMatchPrefix, RegularExpression = HttpPathMatchRegularExpression,
    }
    HttpQueryMatchType {
        Exact = HttpQueryMatchExact, Present = HttpQueryMatchPresent, RegularExpression = HttpQueryMatchRegularExpression,
    }
}

mirror!(ApiGateway => pbconfigentry::ApiGateway { listeners, status, meta, hash } lost { kind, name, raft_index, rest });

mirror!(ApiGatewayListener => pbconfigentry::ApiGatewayListener {
    name, hostname, port, protocol, tls, default,
} renamed { overriding => r#override } lost { rest });

mirror!(ApiGatewayPolicy => pbconfigentry::ApiGatewayPolicy { jwt } lost { rest });

// Only Consul Enterprise has providers here.
mirror!(ApiGatewayJwtRequirement => pbconfigentry::ApiGatewayJwtRequirement {} lost { rest } filled { providers: Vec::new() });

mirror!(ApiGatewayTlsConfiguration => pbconfigentry::ApiGatewayTlsConfiguration {
    certificates, max_version, min_version,
} never_nil { cipher_suites } lost { rest });

mirror!(BoundApiGateway => pbconfigentry::BoundApiGateway {
    listeners, services, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(BoundApiGatewayListener => pbconfigentry::BoundApiGatewayListener { name, routes, certificates } lost { rest });

/// Routes by the service that they lead to. Consul sends each list with as many empty references before it as it has: they
/// are kept, as Consul keeps them; ours has none.
impl Mirror<BTreeMap<String, pbconfigentry::ListOfResourceReference>>
    for Option<Pairs<ServiceName, List<ResourceReference>>>
{
    fn to_proto(&self) -> Result<BTreeMap<String, pbconfigentry::ListOfResourceReference>, ConvertError> {
        let convert = |(service, routes): &(ServiceName, List<ResourceReference>)| {
            Ok((service.name.to_proto()?, pbconfigentry::ListOfResourceReference { r#ref: routes.to_proto()? }))
        };
        self.iter().flat_map(|services| &services.0).map(convert).collect()
    }

    fn from_proto(proto: BTreeMap<String, pbconfigentry::ListOfResourceReference>) -> Result<Self, ConvertError> {
        let convert = |(service, routes): (String, pbconfigentry::ListOfResourceReference)| {
            Ok((ServiceName { name: GoStr::from_proto(service)? }, List::from_proto(routes.r#ref)?))
        };
        proto.into_iter().map(convert).collect::<Result<_, _>>().map(|services| Some(Pairs(services)))
    }
}

mirror!(Status => pbconfigentry::Status { conditions } lost { rest });

mirror!(Condition => pbconfigentry::Condition {
    status, reason, message, resource, last_transition_time,
} renamed { condition => r#type } lost { rest });

mirror!(ResourceReference => pbconfigentry::ResourceReference {
    kind, name, section_name,
} lost { rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(InlineCertificate => pbconfigentry::InlineCertificate {
    certificate, private_key, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(FileSystemCertificate => pbconfigentry::FileSystemCertificate {
    certificate, private_key, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(HttpRoute => pbconfigentry::HttpRoute {
    parents, rules, hostnames, meta, status, hash,
} lost { kind, name, raft_index, rest });

mirror!(HttpRouteRule => pbconfigentry::HttpRouteRule { filters, response_filters, matches, services } lost { rest });

mirror!(HttpMatch => pbconfigentry::HttpMatch { headers, method, path, query } lost { rest });

mirror!(HttpHeaderMatch => pbconfigentry::HttpHeaderMatch {
    name, value,
} renamed { matching => r#match } lost { rest });

mirror!(HttpPathMatch => pbconfigentry::HttpPathMatch { value } renamed { matching => r#match } lost { rest });

mirror!(HttpQueryMatch => pbconfigentry::HttpQueryMatch { name, value } renamed { matching => r#match } lost { rest });

mirror!(HttpFilters => pbconfigentry::HttpFilters {
    headers, url_rewrite, retry_filter, timeout_filter, jwt,
} lost { rest });

mirror!(HttpResponseFilters => pbconfigentry::HttpResponseFilters { headers } lost { rest });

mirror!(HttpHeaderFilter => pbconfigentry::HttpHeaderFilter { add, remove, set } lost { rest });

mirror!(UrlRewrite => pbconfigentry::UrlRewrite { path } lost { rest });

mirror!(RetryFilter => pbconfigentry::RetryFilter {
    num_retries, retry_on, retry_on_status_codes, retry_on_connect_failure,
} lost { rest });

mirror!(TimeoutFilter => pbconfigentry::TimeoutFilter { request_timeout, idle_timeout } lost { rest });

// Only Consul Enterprise has providers here.
mirror!(JwtFilter => pbconfigentry::JwtFilter {} lost { rest } filled { providers: Vec::new() });

mirror!(HttpService => pbconfigentry::HttpService {
    name, weight, filters, response_filters,
} lost { rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(TcpRoute => pbconfigentry::TcpRoute {
    parents, services, meta, status, hash,
} lost { kind, name, raft_index, rest });

mirror!(TcpService => pbconfigentry::TcpService {
    name,
} lost { rest } filled { enterprise_meta: Some(Default::default()) });
