import PostsealFFI

/// What a client logs in with. It never shows a secret.
public struct Credentials: Sendable {
    let raw: PostsealFFI.Credentials

    /// A user name and a password.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an empty user name, or where either holds CR, LF or NUL.
    public static func password(_ password: String, user: String) throws(PostsealError) -> Credentials {
        try call { Credentials(raw: try .password(user: user, password: password)) }
    }

    /// A user name and an OAuth 2 access token.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an empty user name, or where either holds a control character.
    public static func token(_ token: String, user: String) throws(PostsealError) -> Credentials {
        try call { Credentials(raw: try .token(user: user, token: token)) }
    }

    /// A user name, and a provider that is asked for an access token at each login.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an empty user name, or one that holds a control character.
    public static func tokens(from provider: some TokenProvider, user: String) throws(PostsealError) -> Credentials {
        try call { Credentials(raw: try .tokenProvider(user: user, provider: ForeignTokenProvider(provider))) }
    }

    /// A user name alone: the client certificate of the ``Connector`` has shown who it is (SASL EXTERNAL).
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an empty user name, or one that holds a control character.
    public static func certificate(user: String) throws(PostsealError) -> Credentials {
        try call { Credentials(raw: try .certificate(user: user)) }
    }

    /// The user name.
    public var user: String { raw.user() }
}

extension Credentials: CustomStringConvertible {
    public var description: String { "Credentials(user: \(user))" }
}

/// Supplies OAuth 2 access tokens.
public protocol TokenProvider: Sendable {
    /// An access token for a login that is about to begin.
    ///
    /// It is asked at most twice for one login. What it throws ends the login as ``ErrorCode/invalidInput`` with the field `token`; so that people can read it, its
    /// `localizedDescription` is the reason.
    ///
    /// - Parameter refused: The token that the server has just refused: it has expired or was withdrawn, so a fresh one is wanted.
    func token(refused: String?) async throws -> String
}

/// The app's provider, as the library asks it: it returns at once, and the answer is given by a task.
final class ForeignTokenProvider: PostsealFFI.TokenProvider {
    private let provider: any TokenProvider

    init(_ provider: some TokenProvider) {
        self.provider = provider
    }

    func token(refused: String?, answer: TokenAnswer) throws {
        Task { [provider] in
            do {
                answer.give(token: try await provider.token(refused: refused))
            } catch {
                answer.fail(reason: text(of: error))
            }
        }
    }
}
