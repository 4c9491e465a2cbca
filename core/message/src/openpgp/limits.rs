/// Limits on what a stranger can make us compute or keep.
///
/// Each is tested at the limit and one past it. [`PgpLimits::default`] is made of the constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgpLimits {
    /// The most octets of plaintext, after decompression. See [`PgpLimits::PLAINTEXT`].
    pub plaintext: usize,
    /// How deep packets may be nested. See [`PgpLimits::DEPTH`].
    pub depth: usize,
    /// The most packets in one message. See [`PgpLimits::PACKETS`].
    pub packets: usize,
    /// The most recipients of one message, keys and passphrases together. See [`PgpLimits::RECIPIENTS`].
    pub recipients: usize,
    /// The most attempts with secret keys and passphrases at one message. See [`PgpLimits::ATTEMPTS`].
    pub attempts: usize,
    /// The most signatures on one message. See [`PgpLimits::SIGNATURES`].
    pub signatures: usize,
}

impl PgpLimits {
    /// 64 MiB: everything is held back until its integrity is proven, so all of it has to fit into memory.
    pub const PLAINTEXT: usize = 64 * 1024 * 1024;
    /// Encryption, compression, signature, literal data: 4, and some to spare.
    pub const DEPTH: usize = 6;
    /// A message has a handful besides its recipients and signatures.
    pub const PACKETS: usize = 4096;
    /// Large enough for any list of people that one can look through.
    pub const RECIPIENTS: usize = 1024;
    /// Hidden recipients are tried one by one with each secret key: each attempt is an operation with it.
    pub const ATTEMPTS: usize = 64;
    /// Each is a verification with a public key.
    pub const SIGNATURES: usize = 32;
    /// The most octets of certificates or keys that are read at once: 16 MiB.
    pub const KEY_DATA: usize = 16 * 1024 * 1024;
    /// The most memory that deriving a key from a passphrase may take (Argon2): 2 GiB, the first recommendation of RFC 9106.
    pub const ARGON2_MEMORY_EXPONENT: u8 = 21;
    /// The most passes that deriving a key from a passphrase may take (Argon2).
    pub const ARGON2_PASSES: u8 = 10;
}

impl Default for PgpLimits {
    fn default() -> Self {
        Self {
            plaintext: Self::PLAINTEXT,
            depth: Self::DEPTH,
            packets: Self::PACKETS,
            recipients: Self::RECIPIENTS,
            attempts: Self::ATTEMPTS,
            signatures: Self::SIGNATURES,
        }
    }
}
