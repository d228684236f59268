//! A listener over real sockets, asked by peers that write what they like.
mod answers; // what is answered, and to whom
mod bounds; // what one peer can take, in time and in room
mod support; // a listener in front of a made-up server
