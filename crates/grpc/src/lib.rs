#![doc = include_str!("../README.md")]
mod acl; // logging in and out
#[cfg(test)]
mod alone; // a server of tests
mod also; // methods that are not Consul's: health, reflection
mod answer; // an answer as the layers see it, and its end
mod append; // writes to the log
mod authority; // calls without an authority
mod blocking; // reads that wait
mod call; // a call as the layers see it
mod config_entry; // exported services
mod connect_ca; // roots and signatures of the mesh's authority
mod connection; // one accepted connection
mod cork; // bytes that go out together
mod dataplane; // what a data plane asks before it runs Envoy
mod details; // a status that says more
mod dns; // DNS for data planes
mod frames; // where HTTP/2's frames begin
mod gather; // large messages, whole
mod go_status; // what Go's library says, in its words
mod heading; // what the headers of a request say
mod health; // how the server is
mod inline; // calls that are answered in the turn of their connection
mod news; // who waits for a change in the store
mod operator; // what an operator does to the servers
mod options; // what a caller says in metadata
mod peer_stream; // other clusters, as far as their first message
mod peering; // what is stored of peerings
mod pings; // how often a peer may ask for a sign of life
mod policed; // a connection's bytes, looked at as they pass
mod reach; // which services a connection reaches
mod reflection; // which services there are
mod registered; // what is registered where
mod resource; // resources of the second generation
mod server_discovery; // which servers may be asked
mod subscribe; // subscriptions to events
mod surface; // the services behind one kind of connection
mod timeout; // how long a client waits
mod turn; // one turn of a connection

pub use also::ALSO;
pub use answer::{Answer, Refusal};
pub use call::{GrpcCall, Handler, Peer};
pub use connection::{
    CallDescription, Connection, EXTERNAL_KEEPALIVE_TIMEOUT, End, HEADER_LIST_BYTES_MAX, KEEPALIVE_INTERVAL,
    KEEPALIVE_TIMEOUT, PENDING_RESETS_MAX,
};
pub use gather::PASSED_ON_BYTES_MAX;
pub use health::{Health, LEADER, READY};
pub use news::WAITING_MAX;
pub use pings::{CLIENT_PING_MIN, CLIENT_PING_MIN_AT_REST, CLIENT_PING_STRIKES_MAX};
pub use reach::Reach;
pub use registered::{Deps, Surfaces};
pub use resource::{Reaper, SECOND_PASS_DELAY, WATCH_BYTES_MAX, WATCH_EVENTS_MAX, WATCHES_BYTES_MAX, WATCHES_MAX};
pub use server_discovery::READY_SERVERS_EVERY;
pub use surface::{
    EXTERNAL_MESSAGE_BYTES_MAX, EXTERNAL_STREAMS_MAX, INTERNAL_MESSAGE_BYTES_MAX, INTERNAL_STREAMS_MAX, Surface,
};
pub use tonic_reflection::server::Error as ReflectionError;
