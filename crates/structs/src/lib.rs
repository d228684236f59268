//! Consul's request and reply structures by service, and the method table.
