import Foundation

/// The command line.
struct Arguments {
    var server = ""
    var user = ""
    var starttls = false
    var roots: [URL] = []
    var keys: [URL] = []
    var passwordFile: URL?
    var passphraseFile: URL?
    var saveTo: URL?
    var command = Command.help

    enum Command: Equatable {
        case help
        case mailboxes
        case list(mailbox: String)
        case read(uid: Int64, mailbox: String)
        case watch(mailbox: String)
    }

    static let help = """
        Reads mail over IMAP and TLS: decrypts it, verifies it, and says what can be believed about it.

        Usage: mailreader [OPTIONS] --server HOST[:PORT] --user NAME COMMAND

        Commands:
          mailboxes            The mailboxes of the account
          list [MAILBOX]       The messages in a mailbox; the inbox, where none is named
          read UID [MAILBOX]   One message, opened
          watch [MAILBOX]      Waits, and lists what arrives

        Options:
          --server HOST[:PORT]    The server; port 993, or 143 with --starttls, where none is given
          --user NAME             Who logs in
          --starttls              Begin in the clear and switch to TLS at once, instead of beginning with TLS
          --root FILE             Trust this certificate authority too (PEM); repeat for more
          --keys FILE             Certificates and secret keys, armored or binary; repeat for more
          --password-file FILE    The password; else POSTSEAL_PASSWORD, else a prompt
          --passphrase-file FILE  The passphrase of the secret keys; else POSTSEAL_PASSPHRASE, else a prompt where it is needed
          --save FOLDER           With read: save the attachments there; a file that exists is never touched
          -h, --help              Print this text

        Exit status: 0, 1 where something went wrong, 2 for a wrong command line.

        """

    /// What is wrong with a command line.
    struct Wrong: Error {
        let text: String
    }

    init(_ given: [String]) throws {
        var words: [String] = []
        var rest = given.makeIterator()
        while let word = rest.next() {
            func value() throws -> String {
                guard let value = rest.next() else { throw Wrong(text: "\(word) needs a value") }
                return value
            }
            func file() throws -> URL { URL(fileURLWithPath: try value()) }
            switch word {
            case "-h", "--help": return
            case "--server": server = try value()
            case "--user": user = try value()
            case "--starttls": starttls = true
            case "--root": roots.append(try file())
            case "--keys": keys.append(try file())
            case "--password-file": passwordFile = try file()
            case "--passphrase-file": passphraseFile = try file()
            case "--save": saveTo = try file()
            case _ where word.hasPrefix("-"): throw Wrong(text: "there is no option \(word)")
            default: words.append(word)
            }
        }
        command = try Self.command(words)
        if server.isEmpty || user.isEmpty {
            throw Wrong(text: "--server and --user are needed")
        }
    }

    private static func command(_ words: [String]) throws -> Command {
        let mailbox = { (index: Int) in words.count > index ? words[index] : "INBOX" }
        switch (words.first, words.count) {
        case ("mailboxes", 1): return .mailboxes
        case ("list", 1...2): return .list(mailbox: mailbox(1))
        case ("watch", 1...2): return .watch(mailbox: mailbox(1))
        case ("read", 2...3):
            guard let uid = Int64(words[1]) else { throw Wrong(text: "\(words[1]) is no UID") }
            return .read(uid: uid, mailbox: mailbox(2))
        case (nil, _): throw Wrong(text: "a command is needed")
        default: throw Wrong(text: "\(words.joined(separator: " ")) is no command")
        }
    }
}
