//! What the keys of `dns_config` do.
use std::time::Duration;

use super::{
    duration,
    settings::{Settings, domain_name, int, text},
    tree::{Entry, Value},
};

pub(super) fn alt_domain(to: &mut Settings, value: &Value) -> Result<(), String> {
    let domain = domain_name(text(value))?;
    let first = domain.split_once('.').map(|(first, _)| first);
    if first.is_some_and(|first| ["service", "connect", "node", "query", "addr"].contains(&first)) {
        return Err("cannot start with {service,connect,node,query,addr}: names would have two meanings".to_owned());
    }
    to.server.alt_domain = domain.to_owned();
    Ok(())
}

pub(super) fn a_record_limit(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.a_record_limit = limit(value)?;
    Ok(())
}

pub(super) fn udp_answer_limit(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.udp_answer_limit = limit(value)?;
    Ok(())
}

fn limit(value: &Value) -> Result<usize, String> {
    let limit = int(value)?;
    usize::try_from(limit).map_err(|_| format!("cannot be {limit}. Must be greater than or equal to zero"))
}

pub(super) fn node_ttl(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.node_ttl = ttl(text(value))?;
    Ok(())
}

pub(super) fn service_ttl(to: &mut Settings, value: &Value) -> Result<(), String> {
    for Entry { name, node } in entries(value) {
        let ttl = ttl(text(&node.value)).map_err(|error| format!("has {name:?}, which {error}"))?;
        to.server.dns.service_ttl.insert(name.clone(), ttl);
    }
    Ok(())
}

fn entries(value: &Value) -> &[Entry] {
    match value {
        Value::Map(entries) => entries,
        Value::Blocks(blocks) => blocks.first().map_or(&[], |block| entries(&block.value)),
        _ => &[],
    }
}

fn ttl(written: &str) -> Result<Duration, String> {
    duration::parse(written).map_err(|error| format!("is {written:?}, which {error}"))
}

pub(super) fn only_passing(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.only_passing = is_on(value);
    Ok(())
}

pub(super) fn enable_truncate(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.enable_truncate = is_on(value);
    Ok(())
}

pub(super) fn disable_compression(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.disable_compression = is_on(value);
    Ok(())
}

pub(super) fn node_meta_txt(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.node_meta_txt = is_on(value);
    Ok(())
}

fn is_on(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

pub(super) fn soa_refresh(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.soa.refresh = seconds(value)?;
    Ok(())
}

pub(super) fn soa_retry(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.soa.retry = seconds(value)?;
    Ok(())
}

pub(super) fn soa_expire(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.soa.expire = seconds(value)?;
    Ok(())
}

pub(super) fn soa_min_ttl(to: &mut Settings, value: &Value) -> Result<(), String> {
    to.server.dns.soa.min_ttl = seconds(value)?;
    Ok(())
}

fn seconds(value: &Value) -> Result<u32, String> {
    let seconds = int(value)?;
    u32::try_from(seconds).map_err(|_| format!("is {seconds}: it must be a number of seconds below 2^32"))
}
