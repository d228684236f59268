//! The server port in clear and in TLS, and what its admin listener tells of it: by our own clients.
mod admin; // who is on the port, as the admin listener tells it
mod end; // how the server stops
mod routes; // which way leads where
mod support; // servers, certificates, clients
