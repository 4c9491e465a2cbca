/// Limits on what a stranger can make us compute or keep.
///
/// Each is tested at the limit and one past it. [`PgpLimits::default`] is made of the constants. What is inside of SEIPDv1 is read before it
/// is proven: past a limit of packets, levels or signatures it is [`PgpError::Tampered`](super::PgpError::Tampered), since which of them it
/// was would tell whoever changes such messages something of what is in them. For the same reason all of it is read, and thrown away, before it is
/// said to have too many octets of plaintext; with more than eight times as many, and eight times as many as the message has, it is taken for
/// one that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgpLimits {
    /// The most octets of plaintext, after decompression; and of packets beside it, such as padding. See [`PgpLimits::PLAINTEXT`].
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
    /// The most octets of memory that it may take to derive a key from the passphrase of a message or a secret key (Argon2). See
    /// [`PgpLimits::PASSPHRASE_MEMORY`].
    pub passphrase_memory: usize,
    /// The most passes over that memory. See [`PgpLimits::PASSPHRASE_PASSES`].
    pub passphrase_passes: u8,
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
    /// The most signatures that a certificate has of its own key: each is a verification. Those of others are not verified.
    pub const KEY_SIGNATURES: usize = 2048;
    /// The most user IDs and subkeys of a certificate.
    pub const KEY_COMPONENTS: usize = 512;
    /// The most signatures of a certificate, times its user IDs and subkeys: one in a wrong place is tried in all others.
    pub const KEY_PLACES: usize = 1_000_000;
    /// 64 MiB: the recommendation of RFC 9106, section 4, for where memory is short, and what programs write by default. Its other
    /// one, 2 GiB, is more than a phone has to spare, for a message or a key: who has a key like that raises the limit
    /// ([`SecretKey::unlock_within`](super::SecretKey::unlock_within)).
    pub const PASSPHRASE_MEMORY: usize = 64 * 1024 * 1024;
    /// RFC 9106 recommends 3.
    pub const PASSPHRASE_PASSES: u8 = 10;
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
            passphrase_memory: Self::PASSPHRASE_MEMORY,
            passphrase_passes: Self::PASSPHRASE_PASSES,
        }
    }
}
