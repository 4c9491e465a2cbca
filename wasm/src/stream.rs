//! Decrypting what is too large for memory: pulled from a source, into a spool that is handed over once all of it is proven.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use js_sys::Uint8Array;
use postseal_message::openpgp;
use send_wrapper::SendWrapper;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::time::time;
use crate::value::given;
use crate::verdict::Encryption;
use crate::{Failure, Keyring, ReadOptions, SignatureResult};

#[wasm_bindgen(typescript_custom_section)]
const DUCKS: &str = "
/** What a message is read from. */
export interface Source {
    /** The next bytes, `most` at most; none at the end. */
    read(most: number): Uint8Array;
}
/** Where what is not proven yet is written to. */
export interface Spool {
    /** Takes all of the data. */
    write(data: Uint8Array): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// What a message is read from.
    #[wasm_bindgen(typescript_type = "Source")]
    pub type Source;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Source, most: usize) -> Result<Uint8Array, JsValue>;

    /// Where what is not proven yet is written to.
    #[wasm_bindgen(typescript_type = "Spool")]
    pub type Spool;

    #[wasm_bindgen(method, catch)]
    fn write(this: &Spool, data: &[u8]) -> Result<(), JsValue>;
}

/// What was decrypted into a spool, and whose integrity is proven.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Spooled {
    /// How many bytes of plaintext there are.
    pub length: f64,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption; empty where it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// Decrypts from `source` into `spool`. Nothing in the spool is proven, and none of it may be used, unless this returns. 4 GiB are the most
/// where no limit is given.
///
/// # Errors
///
/// As for [`begin_bulk_decryption`](crate::begin_bulk_decryption), and whatever source and spool throw.
#[wasm_bindgen(js_name = decryptTo)]
pub fn decrypt_to(
    source: Source,
    spool: Spool,
    keyring: &Keyring,
    options: &ReadOptions,
    now: f64,
) -> Result<Ts<Spooled>, JsValue> {
    let thrown = Thrown::default();
    let mut within = options.core();
    within.limits.plaintext = options.max_bytes.unwrap_or(usize::MAX);
    let source = Pulled(SendWrapper::new((source, thrown.clone())));
    let spool = Pushed { spool, thrown: thrown.clone() };
    let spooled = openpgp::decrypt_to(source, spool, &keyring.0, &within, time(now)?).map_err(|error| {
        let thrown = thrown.0.borrow_mut().take();
        thrown.unwrap_or_else(|| match error {
            openpgp::StreamError::Pgp(error) => Failure::from(error).into(),
            other => Failure::new(other.code(), other).into(),
        })
    })?;
    let spooled = Spooled {
        length: spooled.length as f64,
        encryption: (&spooled.encryption).into(),
        signatures: spooled.signatures.iter().map(Into::into).collect(),
    };
    Ok(given(spooled)?)
}

/// What a source or a spool threw, to be thrown on.
#[derive(Default, Clone)]
struct Thrown(Rc<RefCell<Option<JsValue>>>);

impl Thrown {
    fn keep(&self, error: JsValue) -> io::Error {
        *self.0.borrow_mut() = Some(error);
        io::ErrorKind::Other.into()
    }
}

/// The core takes sources that could go to another thread; one of JavaScript's never does.
struct Pulled(SendWrapper<(Source, Thrown)>);

impl Read for Pulled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (source, thrown) = &*self.0;
        let piece = source.read(buffer.len()).map_err(|error| thrown.keep(error))?;
        let length = piece.length() as usize;
        let target = buffer.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
        piece.copy_to(target);
        Ok(length)
    }
}

struct Pushed {
    spool: Spool,
    thrown: Thrown,
}

impl Write for Pushed {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.spool.write(data).map_err(|error| self.thrown.keep(error))?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
