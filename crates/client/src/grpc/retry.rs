//! Which failures are worth another attempt. Pure: what came and how often it was tried, in; a pause or none, out.
use std::time::Duration;

use http::HeaderMap;
use tonic::Code;

use crate::Backoff;

/// How often a call is attempted, the first time included. Consul's agents'.
pub const ATTEMPTS_MAX: u32 = 5;

/// Pauses between attempts: any time up to one second, then two, and so on to five. Consul's agents'.
pub const ATTEMPT_PAUSES: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(5) };

/// With this a server says after how many milliseconds to try again; with what is no such number, not to.
const PUSHBACK_KEY: &str = "grpc-retry-pushback-ms";

/// Methods that do nothing when they are called twice, by path. Consul's agents have the same list.
const REPEATABLE: [&str; 13] = [
    "/hashicorp.consul.connectca.ConnectCAService/WatchRoots",
    "/hashicorp.consul.dataplane.DataplaneService/GetEnvoyBootstrapParams",
    "/hashicorp.consul.dataplane.DataplaneService/GetSupportedDataplaneFeatures",
    "/hashicorp.consul.dns.DNSService/Query",
    "/hashicorp.consul.internal.peering.PeeringService/PeeringList",
    "/hashicorp.consul.internal.peering.PeeringService/PeeringRead",
    "/hashicorp.consul.internal.peering.PeeringService/TrustBundleListByService",
    "/hashicorp.consul.internal.peering.PeeringService/TrustBundleRead",
    "/hashicorp.consul.internal.peerstream.PeerStreamService/StreamResources",
    "/hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers",
    "/partition.PartitionService/List",
    "/partition.PartitionService/Read",
    "/subscribe.StateChangeSubscription/Subscribe",
];

/// Whether a method that ended so may be attempted again. A server that is short of something says so before it does anything,
/// so that this is right for every method.
pub(super) fn is_worth_it(path: &str, code: Code) -> bool {
    match code {
        Code::ResourceExhausted => true,
        Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable => REPEATABLE.contains(&path),
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

/// What a server says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushback {
    /// Nothing.
    Silent,
    /// After this time.
    After(Duration),
    /// Not.
    Never,
}

impl Pushback {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(PUSHBACK_KEY) else { return Self::Silent };
        let pause = value.to_str().ok().and_then(|text| text.parse::<u32>().ok());
        pause.map_or(Self::Never, |millis| Self::After(Duration::from_millis(millis.into())))
    }
}

/// How long to pause before the next attempt after so many; `None`: it was the last. `random` is any number.
pub(super) fn next(path: &str, code: Code, made: u32, pushback: Pushback, random: u64) -> Option<Duration> {
    if made >= ATTEMPTS_MAX || !is_worth_it(path, code) {
        return None;
    }
    match pushback {
        Pushback::Never => None,
        Pushback::After(pause) => Some(pause),
        Pushback::Silent => {
            let whole = ATTEMPT_PAUSES.pause(made, 0);
            let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
            Some(Duration::from_nanos(random % nanos.max(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proconsul_proto::methods;

    use super::*;

    const WATCH: &str = "/hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers";
    const LOGIN: &str = "/hashicorp.consul.acl.ACLService/Login";

    #[test]
    fn what_may_be_repeated_is_a_method_or_one_of_consul_enterprise() {
        for path in REPEATABLE {
            assert!(path.starts_with("/partition.") || methods::find(path).is_some(), "{path}");
        }
    }

    #[test]
    fn only_what_is_refused_for_want_of_something_is_repeated_for_every_method() {
        for code in 0..=16 {
            let code = Code::from_i32(code);
            assert_eq!(is_worth_it(LOGIN, code), code == Code::ResourceExhausted, "{code:?}");
        }
        assert!(is_worth_it(WATCH, Code::Unavailable) && is_worth_it(WATCH, Code::Unknown));
        assert!(!is_worth_it(WATCH, Code::PermissionDenied) && !is_worth_it(WATCH, Code::Unimplemented));
    }

    #[test]
    fn pauses_are_any_up_to_one_that_doubles_and_end_after_five_attempts() {
        let longest: Vec<u64> = (1..5)
            .map(|made| {
                let pauses = (0..2000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let pauses = pauses.filter_map(|random| next(WATCH, Code::Unavailable, made, Pushback::Silent, random));
                pauses.max().expect("a pause").as_millis().div_ceil(1000) as u64
            })
            .collect();
        assert_eq!(longest, [1, 2, 4, 5]);
        assert_eq!(next(WATCH, Code::Unavailable, ATTEMPTS_MAX, Pushback::Silent, 0), None);
    }

    #[test]
    fn a_server_says_when_to_come_again_or_not_to() {
        let said = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(PUSHBACK_KEY, http::HeaderValue::from_static(text));
            next(LOGIN, Code::ResourceExhausted, 1, Pushback::of(&headers), 7)
        };
        assert_eq!(said("250"), Some(Duration::from_millis(250)));
        assert_eq!(said("-1"), None);
        assert_eq!(said("soon"), None);
        assert_eq!(Pushback::of(&HeaderMap::new()), Pushback::Silent);
    }
}
