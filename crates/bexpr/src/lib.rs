//! Filter expressions, as Consul queries carry them in Filter.
