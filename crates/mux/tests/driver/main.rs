//! A port on 127.0.0.1 and clients of every kind: what each gets, and what the port says of it.
mod halves; // cut off, silent, half-closed
mod kinds; // who is let in where, in clear and in TLS
mod lab; // certificates, a port, clients
mod strays; // what was meant for another port
mod who; // the registry: who is there, and who was
