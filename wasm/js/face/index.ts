/** Sealed mail: OpenPGP and PGP/MIME. */

export { PostsealError, type ErrorCode } from "../lib/errors.js";
export type { DecryptedBlob, Spooled } from "../lib/engine.js";
export type { ModuleSource } from "../lib/source.js";
export type { Progress } from "../lib/pieces.js";
export { Certificate } from "./certificate.js";
export {
    type ArmorOptions,
    type DecryptOptions,
    type EncryptOptions,
    decrypt,
    encrypt,
    signCleartext,
    signDetached,
    signInline,
    verifyDetached,
    verifyInline,
} from "./data.js";
export { init, initSync } from "./init.js";
export type { Bytes, Options, Passphrase } from "./input.js";
export { Keyring } from "./keyring.js";
export { KeyStore, type PutOptions, type StoredKey } from "./key-store.js";
export type { Draft } from "./draft.js";
export { type OpenOptions, type SealOptions, open, parseMessage, seal } from "./mail.js";
export { type GeneratedKey, type GenerateOptions, SecretKey, UnlockedKey } from "./secret-key.js";
export {
    type ProgressOptions,
    decryptBlob,
    decryptStream,
    encryptBlob,
    encryptStream,
} from "./streams.js";
export type {
    AddressList,
    Attachment,
    CertificateInfo,
    Coverage,
    Decrypted,
    DifferingHeader,
    Encryption,
    EncryptionVerdict,
    Envelope,
    HeaderField,
    HeaderVerdict,
    KeyProfile,
    Mailbox,
    MailboxLike,
    Message,
    MissingCertificate,
    Note,
    Opened,
    Protection,
    Sealed,
    SealedCopy,
    SenderVerdict,
    SignatureResult,
    SignatureStatus,
    SignatureVerdict,
    Text,
    UserId,
    Verdict,
    VerdictLevel,
    Verified,
} from "../pkg/postseal.js";
