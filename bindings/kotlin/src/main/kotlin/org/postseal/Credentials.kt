package org.postseal

import kotlinx.coroutines.launch
import org.postseal.ffi.Credentials as NativeCredentials
import org.postseal.ffi.TokenAnswer
import org.postseal.ffi.TokenProvider as NativeTokenProvider

/** What a client logs in with. It never shows a secret. */
public class Credentials private constructor(internal val native: NativeCredentials) {
    /** The user name. */
    public val user: String get() = native.user()

    override fun toString(): String = "Credentials($user)"

    public companion object {
        /**
         * A user name and a password.
         *
         * @throws PostsealException.InvalidInput for an empty user name, or where either holds CR, LF or NUL.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun password(user: String, password: String): Credentials =
            Credentials(native { NativeCredentials.password(user, password) })

        /**
         * A user name and an OAuth 2 access token.
         *
         * @throws PostsealException.InvalidInput for an empty user name, or where either holds a control character.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun token(user: String, token: String): Credentials =
            Credentials(native { NativeCredentials.token(user, token) })

        /**
         * A user name, and a [provider] that is asked for an OAuth 2 access token at each login.
         *
         * @throws PostsealException.InvalidInput for an empty user name, or one that holds a control character.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun tokenProvider(user: String, provider: TokenProvider): Credentials =
            Credentials(native { NativeCredentials.tokenProvider(user, Asking(provider)) })

        /**
         * A user name alone: the client certificate of the connector has shown who it is (SASL EXTERNAL).
         *
         * @throws PostsealException.InvalidInput for an empty user name, or one that holds a control character.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun certificate(user: String): Credentials = Credentials(native { NativeCredentials.certificate(user) })
    }
}

/** Supplies OAuth 2 access tokens. */
public fun interface TokenProvider {
    /**
     * The access token for a login that is about to begin.
     *
     * [refused] is the token that the server has just refused: it has expired or was withdrawn, so a fresh one is wanted. It is asked at
     * most twice for one login. Whatever it throws ends the login as [PostsealException.InvalidInput] with the field `token`.
     */
    public suspend fun token(refused: String?): String
}

/** The library asks and goes on; the answer comes from a coroutine. */
private class Asking(private val provider: TokenProvider) : NativeTokenProvider {
    override fun token(refused: String?, answer: TokenAnswer) {
        background.launch {
            answer.use {
                try {
                    it.give(provider.token(refused))
                } catch (failure: Throwable) {
                    // An error as well: it has nowhere else to go, and would end an app on Android.
                    it.fail(failure.toString())
                }
            }
        }
    }
}
