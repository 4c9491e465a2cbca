//! Mail as bytes: MIME, OpenPGP and PGP/MIME. Bytes in, bytes out: no I/O, no clock, no runtime.

pub mod mime;
pub mod openpgp;
pub mod pgpmime;
