import Foundation
import Postseal

/// One walk from the command line to the mail.
struct Reader {
    let arguments: Arguments
    let session: ImapSession
    let keyring: Keyring

    /// Connects, and reads the keys.
    init(_ arguments: Arguments) async throws {
        self.arguments = arguments
        keyring = try await Self.keyring(arguments)
        let roots = try arguments.roots.map { try String(contentsOf: $0, encoding: .utf8) }
        let password = try secret("Password", file: arguments.passwordFile, variable: "POSTSEAL_PASSWORD")
        session = try await .connect(
            to: arguments.endpoint, as: .password(password, user: arguments.user),
            connector: Connector(tls: TlsOptions(roots: roots)))
    }

    func run() async throws {
        switch arguments.command {
        case .help: break
        case .mailboxes: try await listMailboxes()
        case .list(let mailbox): try await list(mailbox)
        case .read(let uid, let mailbox): try await read(uid, in: mailbox)
        case .watch(let mailbox): try await watch(mailbox)
        }
        try await session.close()
    }

    private func listMailboxes() async throws {
        for mailbox in try await session.mailboxes() {
            show("\(mailbox.name)\t\(mailbox.role.map { "\($0)" } ?? "")")
        }
    }

    private func list(_ mailbox: String) async throws {
        let validity = try await session.examine(mailbox).uidValidity
        try await list(.all(validity: validity), in: mailbox)
    }

    private func list(_ uids: UidSet, in mailbox: String) async throws {
        for try await message in try session.fetch(uids, in: mailbox, items: FetchItems(flags: true, header: true)) {
            show(message)
        }
    }

    private func read(_ number: Int64, in mailbox: String) async throws {
        let uid = Uid(validity: try await session.examine(mailbox).uidValidity, number: number)
        let opened = try await keyring.open(try await session.message(uid, in: mailbox))
        show(opened)
        guard let folder = arguments.saveTo else { return }
        for attachment in opened.message.attachments {
            guard let name = attachment.fileName else { continue }
            let file = folder.appendingPathComponent(name)
            try await attachment.save(to: file)
            show("saved: \(file.path)")
        }
    }

    /// Lists what arrives, until the program is ended.
    private func watch(_ mailbox: String) async throws {
        let changes = try await session.watch(mailbox)
        let selected = try await session.examine(mailbox)
        var next = Uid(validity: selected.uidValidity, number: selected.uidNext ?? 1)
        show("watching \(mailbox): \(selected.exists) messages")
        for try await change in changes {
            guard case .exists = change else { continue }
            for try await message in try session.fetch(
                .startingAt(first: next), in: mailbox, items: FetchItems(flags: true, header: true))
            // `N:*` names the last message even where it is older than N (RFC 9051, section 9).
            where message.uid.number >= next.number {
                show(message)
                next = Uid(validity: next.validity, number: message.uid.number + 1)
            }
        }
    }

    /// The keys of all files; the passphrase is asked for once, where one is locked.
    private static func keyring(_ arguments: Arguments) async throws -> Keyring {
        let keyring = Keyring()
        for file in arguments.keys {
            let data = try Data(contentsOf: file)
            try Certificate.importAll(data).forEach(keyring.add)
            try secretKeys(in: data).forEach(keyring.add)
        }
        let locked = keyring.lockedKeys
        if !locked.isEmpty {
            let passphrase = try secret(
                "Passphrase", file: arguments.passphraseFile, variable: "POSTSEAL_PASSPHRASE")
            for key in locked {
                try await keyring.unlock(key.fingerprint, passphrase: passphrase)
            }
        }
        return keyring
    }
}

/// The secret keys in a file; none in a file of certificates alone.
private func secretKeys(in data: Data) throws -> [SecretKey] {
    do {
        return try SecretKey.importAll(data)
    } catch {
        guard error.code == .keyMissing else { throw error }
        return []
    }
}

extension Arguments {
    /// The server, as it was named.
    var endpoint: Server {
        let parts = server.split(separator: ":", maxSplits: 1)
        let port = parts.count == 2 ? Int32(parts[1]) : nil
        return Server(
            host: String(parts.first ?? ""), port: port ?? (starttls ? 143 : 993), security: starttls ? .startTls : .tls)
    }
}
