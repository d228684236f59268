//! The admin listener. Start at [`Admin::bind`]; what it tells comes from a [`Source`], and [`client`] asks it. Not here: what a
//! connection is, what a method does, where numbers are kept.
//!
#![doc = include_str!("../README.md")]

mod answer; // from a request to a response
mod bind; // sockets that only those get who may
mod events; // one snapshot a second, for all who watch
mod guard; // who may ask, and who may change something
mod page; // the page, without anything from elsewhere
mod request; // a request's body, and what a path names
mod serve; // connections, from accept to stop
mod source; // where the answers come from
mod stall; // peers that do not read
mod token; // what changes take over TCP

pub mod client; // asks such a listener
pub mod view; // what is answered

pub use {
    bind::{Address, Admin, BindError, Listen},
    events::{CONNS_SHOWN_MAX, EVERY, LATEST_SHOWN_MAX, NAME_CHARS_MAX, NAMES_SHOWN_MAX, SUBSCRIBERS_MAX},
    guard::TOKEN_HEADER,
    page::Page,
    request::{BODY_BYTES_MAX, BODY_TIME_MAX},
    serve::{ANSWER_TIME_MAX, CONNECTIONS_MAX, DRAIN_TIME_MAX, HEADER_BYTES_MAX, HEADER_TIME_MAX, HEADERS_MAX},
    source::{Recorded, Source},
    stall::WRITE_TIME_MAX,
    token::Token,
};
