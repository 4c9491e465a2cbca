import PostsealFFI

extension Server {
    /// A server that speaks TLS from the first byte: ports 465, 993 and 995. To be preferred.
    public static func tls(_ host: String, port: Int) -> Server {
        Server(host: host, port: Int32(clamping: port), security: .tls)
    }

    /// A server that switches to TLS after a short exchange in the clear, and never falls back: ports 587, 143 and 110.
    public static func startTLS(_ host: String, port: Int) -> Server {
        Server(host: host, port: Int32(clamping: port), security: .startTls)
    }
}

/// The version of the library, such as `0.1.0`.
public let postsealVersion = version()
