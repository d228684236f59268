//! Tower layers in front of every RPC handler: panic, metrics, deadline.
