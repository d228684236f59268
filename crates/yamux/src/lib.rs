//! HashiCorp yamux, spec 0: one connection, many streams.
